//! Whole logs in a few records, and the rows they give.

use super::*;

fn record(kind: &str, second: u32, body: &str) -> String {
    format!("type={kind} msg=audit({:010}.000:{second}): {body}", second * 60)
}

fn login(second: u32, ses: u32) -> String {
    let old = "old-auid=4294967295";
    record("LOGIN", second, &format!("pid=9 uid=0 {old} auid=7 old-ses=4294967295 ses={ses} res=1"))
}

fn user_login(second: u32, ses: u32, rest: &str) -> String {
    record("USER_LOGIN", second, &format!("pid=9 uid=0 auid=7 ses={ses} msg='op=login id=7 exe=\"/bin/x\" {rest}'"))
}

fn confirm(second: u32, ses: u32) -> String {
    user_login(second, ses, "hostname=h addr=10.0.0.1 terminal=/dev/pts/1 res=success")
}

fn user_end(second: u32, ses: u32) -> String {
    record("USER_END", second, &format!("pid=9 uid=0 auid=7 ses={ses} msg='op=PAM res=success'"))
}

fn boot(second: u32) -> String {
    record("SYSTEM_BOOT", second, "pid=1 uid=0 auid=4294967295 ses=4294967295 msg='res=success'")
}

fn shutdown(second: u32) -> String {
    record("SYSTEM_SHUTDOWN", second, "pid=1 uid=0 auid=4294967295 ses=4294967295 msg='res=success'")
}

/// Minutes since 1970 as a date.
fn date(second: i64) -> Date {
    let minute = second / 60;
    Date { year: 1970, month: 1, day: 1, hour: (minute / 60) as u8, minute: (minute % 60) as u8, ..Date::default() }
}

fn sessions(filter: Filter, lines: &[String]) -> (Vec<Session>, Vec<PassedOver>) {
    let mut sessions = Sessions::new(filter, Interpreter::new((), None, Escape::Tty));
    let (mut rows, mut passed) = (Vec::new(), Vec::new());
    for line in lines {
        passed.extend(sessions.record(&Record::parse(line.as_bytes()).unwrap(), &mut rows).err());
    }
    sessions.finish(&mut rows);
    (rows, passed)
}

fn rows(filter: Filter, lines: &[String]) -> Vec<String> {
    let row = |session: &Session| {
        let mut out = Vec::new();
        session.push_row(date, &mut out);
        String::from_utf8(out).unwrap()
    };
    sessions(filter, lines).0.iter().map(row).collect()
}

/// The endings alone, each with the first byte of its name.
fn endings(lines: &[String]) -> Vec<(char, Ending)> {
    sessions(Filter::default(), lines).0.iter().map(|s| (char::from(s.name[0]), s.ending)).collect()
}

#[test]
fn a_session_is_opened_confirmed_and_closed_by_its_pid_account_and_number() {
    assert_eq!(
        rows(Filter::default(), &[login(1, 3), confirm(1, 3), user_end(90, 3)]),
        ["unknown( pts/1        h                Sun Jan  1 00:01 - 01:30  (01:29)\n"]
    );
    assert_eq!(endings(&[login(1, 3), confirm(1, 3), user_end(9, 4)]), [('u', Ending::Open)]);
    assert_eq!(
        rows(Filter::default(), &[login(1, 3), confirm(1, 3), user_end(1501, 3)])[0].get(56..),
        Some("- 25:01  (1+01:00)\n")
    );
}

#[test]
fn what_no_user_login_confirms_is_no_session() {
    assert_eq!(endings(&[login(1, 3), user_end(2, 3), login(3, 4)]), []);
}

#[test]
fn the_ids_of_old_kernels_are_the_second_ones() {
    let old = record("LOGIN", 1, "login pid=9 uid=0 old auid=4294967295 new auid=7 old ses=4294967295 new ses=3");
    assert_eq!(endings(&[old, confirm(2, 3)]), [('u', Ending::Open)]);
}

#[test]
fn a_crash_is_a_start_without_a_shutdown() {
    let all = [boot(1), login(2, 3), confirm(2, 3), boot(5)];
    assert_eq!(endings(&all), [('r', Ending::Crash), ('u', Ending::Crash), ('r', Ending::Open)]);
    let all = [boot(1), login(2, 3), confirm(2, 3), shutdown(4), boot(5)];
    assert_eq!(endings(&all), [('r', Ending::LoggedOut), ('u', Ending::Down), ('r', Ending::Open)]);
}

#[test]
fn the_shutdown_is_proof_of_what_it_ended_and_the_next_start_of_a_crash() {
    let proofs = |lines: &[String]| {
        let ended = sessions(Filter::default(), lines).0;
        ended.iter().filter(|session| session.name != b"reboot").map(|s| (s.proof, s.end)).collect::<Vec<_>>()
    };
    let of_session = [boot(1), login(2, 3), confirm(2, 3)];
    assert_eq!(proofs(&[&of_session[..], &[shutdown(4), boot(5)]].concat()), [([2, 2, 4], Some(240))]);
    assert_eq!(proofs(&[&of_session[..], &[boot(5)]].concat()), [([2, 2, 5], Some(300))]);
    assert_eq!(proofs(&[shutdown(1), login(2, 3), confirm(2, 3), boot(5)]), [([2, 2, 5], Some(300))]);
}

#[test]
fn a_shutdown_whose_start_is_not_in_the_log_ends_no_session() {
    assert_eq!(endings(&[login(2, 3), confirm(2, 3), shutdown(4)]), [('u', Ending::Open)]);
}

#[test]
fn a_session_number_that_is_used_again_ends_its_session_and_never_the_run() {
    let all = [boot(1), login(2, 0), confirm(2, 0), login(5, 0)];
    assert_eq!(endings(&all), [('u', Ending::Gone), ('r', Ending::Open)]);
}

#[test]
fn the_run_names_the_kernel_that_the_daemon_saw() {
    let daemon = record(
        "DAEMON_START",
        1,
        "op=start ver=4.2.2 format=enriched kernel=6.12.9-a\u{1b}[m auid=0 pid=1 res=success",
    );
    assert_eq!(
        rows(Filter::default(), &[daemon, boot(1)]),
        ["reboot   system boot  6.12.9-a\\033[m   Sun Jan  1 00:01 \n"]
    );
}

#[test]
fn filters_keep_one_account_or_terminal_and_say_what_they_passed_over() {
    let all = [login(1, 3), confirm(1, 3)];
    let of = |user: Option<&str>, terminal: Option<&str>| Filter {
        user: user.map(|text| text.as_bytes().to_vec()),
        terminal: terminal.map(|text| text.as_bytes().to_vec()),
        ..Filter::default()
    };
    assert_eq!(rows(of(Some("unknown(7)"), Some("pts/")), &all).len(), 1);
    let (rows, passed) = sessions(of(Some("alice"), None), &all);
    assert!(rows.is_empty());
    assert_eq!(passed, [PassedOver::OtherUser(b"alice".to_vec()), PassedOver::NoSession]);
    let (rows, passed) = sessions(of(None, Some("tty")), &all);
    assert!(rows.is_empty());
    assert_eq!(passed, [PassedOver::OtherTerminal(b"tty".to_vec())]);
}

#[test]
fn failed_logins_are_rows_of_their_own_and_are_filtered_too() {
    let failed =
        |rest: &str| record("USER_LOGIN", 2, &format!("pid=9 uid=0 auid=4294967295 ses=4294967295 msg='{rest}'"));
    let all = [
        boot(1),
        failed("op=login acct=\"eve\" hostname=? addr=10.0.0.9 terminal=ssh res=failed"),
        failed("op=login id=12 hostname=b terminal=tty1 res=failed"),
        login(3, 3),
        confirm(3, 3),
    ];
    let filter = Filter { failed: true, ..Filter::default() };
    assert_eq!(
        rows(filter.clone(), &all),
        [
            "eve      ssh          10.0.0.9         Sun Jan  1 00:02 - 00:02  (00:00)\n",
            "12       tty1         b                Sun Jan  1 00:02 - 00:02  (00:00)\n"
        ]
    );
    assert_eq!(rows(Filter { user: Some(b"eve".to_vec()), ..filter.clone() }, &all).len(), 1);
    assert_eq!(rows(Filter { terminal: Some(b"tty".to_vec()), ..filter }, &all).len(), 1);
}

#[test]
fn ids_that_are_unset_or_no_numbers_open_and_close_nothing() {
    let (_, passed) = sessions(
        Filter::default(),
        &[
            record("LOGIN", 1, "pid=9 uid=0 old-auid=4294967295 auid=4294967295 old-ses=4294967295 ses=3"),
            record("LOGIN", 1, "pid=x old-auid=4294967295 auid=7 old-ses=4294967295 ses=3"),
            record("USER_LOGIN", 1, "pid=9 uid=0 auid=7 ses=3 msg='op=login res=success'"),
            record("USER_END", 1, "pid=9 uid=0 auid=7 ses=4294967296 msg='res=success'"),
        ],
    );
    assert_eq!(passed, [PassedOver::Login, PassedOver::Login, PassedOver::UserLogin, PassedOver::UserEnd]);
}

#[test]
fn proof_names_the_events_and_a_search_without_an_end_while_it_is_open() {
    let proof = |lines: &[String]| {
        let mut out = Vec::new();
        sessions(Filter::default(), lines).0[0].push_proof(date, &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(
        proof(&[login(1, 3), confirm(2, 3)]),
        "    audit event proof serial numbers: 1, 2, 0\n    Session data can be found with this search:\n    \
         ausearch --start 01/01/70 00:01:00\n\n"
    );
    assert!(proof(&[login(1, 3), confirm(2, 3), user_end(9, 3)]).ends_with(" --end 01/01/70 00:09:00\n\n"));
}

#[test]
fn memory_stays_bounded_whatever_a_log_opens() {
    let long = "h".repeat(100_000);
    let mut sessions = Sessions::new(Filter::default(), Interpreter::new((), None, Escape::Tty));
    let mut ended = Vec::new();
    for number in 0..(MOST as u32 + 100) {
        let text = user_login(1, number, &format!("hostname={long} terminal={long} res=success"));
        for line in
            [login(1, number), if number < 10 { text } else { confirm(1, number) }, login(1, number + 1_000_000)]
        {
            assert_eq!(sessions.record(&Record::parse(line.as_bytes()).unwrap(), &mut ended), Ok(()));
        }
    }
    assert_eq!(ended.len(), 100);
    assert!(ended.iter().all(|session| session.ending == Ending::Gone && session.host.len() <= LONGEST));
    assert_eq!((sessions.pending.0.len(), sessions.confirmed.0.len()), (MOST, MOST));
}

//! Scripts of the dispatcher: records and answers in, effects out, without a process and without sleeping.

use super::subscriber::ROOM_FOR_LOSSES;
use super::*;
use crate::config::auditd::Config;
use crate::config::plugin::{Format, Plugin, Unit};
use crate::daemon::enrich::Enricher;
use crate::daemon::record::Records;
use crate::sys::clock::Moment;
use crate::sys::users::Users;
use std::path::Path;

struct Script {
    ctx: Context,
    dispatcher: Dispatcher,
}

fn plugin() -> Plugin {
    Plugin { active: true, path: "/sbin/p".to_string(), ..Plugin::default() }
}

fn set(plugins: &[(&str, Plugin)]) -> PluginSet {
    let plugins = plugins.iter().map(|(name, plugin)| (name.to_string(), plugin.clone())).collect();
    PluginSet { plugins, skipped: Vec::new() }
}

const A: PluginId = PluginId(1);
const B: PluginId = PluginId(2);

impl Script {
    /// A dispatcher whose plugins run.
    fn new(config: Config, plugins: &[(&str, Plugin)]) -> Script {
        let enricher = Enricher::new(Users::open(Path::new("/nonexistent")), "x86_64");
        let records = Records::new(enricher, Moment::default());
        let ctx = Context::new(config, Default::default(), records, Moment::default(), 10_000);
        let mut script = Script { ctx, dispatcher: Dispatcher::default() };
        script.dispatcher.start(&mut script.ctx, set(plugins));
        script.effects();
        for n in 1..=plugins.len() {
            script.dispatcher.started(&mut script.ctx, PluginId(n as u32), Ok(()));
        }
        script.effects();
        script
    }

    fn effects(&mut self) -> Vec<Effect> {
        std::iter::from_fn(|| self.ctx.next_effect()).collect()
    }

    /// What is asked for but lines of the system log.
    fn asked(&mut self) -> Vec<Effect> {
        self.effects().into_iter().filter(|effect| !matches!(effect, Effect::Log(..))).collect()
    }

    fn logged(&mut self) -> Vec<String> {
        let text = |effect| if let Effect::Log(_, text) = effect { Some(text) } else { None };
        self.effects().into_iter().filter_map(text).collect()
    }

    /// Records of the kernel, one batch.
    fn records(&mut self, records: &[(u16, &str)]) {
        for (record_type, text) in records {
            self.ctx.saw(text.as_bytes());
            self.ctx.records.push(self.ctx.config.log_format, *record_type, text.as_bytes());
        }
        self.dispatcher.take(&mut self.ctx);
        self.dispatcher.write(&mut self.ctx);
        self.ctx.records.clear();
    }

    fn record(&mut self, serial: u64) {
        self.records(&[(1300, &format!("audit(1.000:{serial}): a=b"))]);
    }

    /// Has a plugin read everything, and returns it.
    fn read(&mut self, id: PluginId) -> String {
        String::from_utf8(self.read_bytes(id)).unwrap()
    }

    fn read_bytes(&mut self, id: PluginId) -> Vec<u8> {
        let bytes = self.dispatcher.pending(id).to_vec();
        self.dispatcher.wrote(id, bytes.len(), false);
        bytes
    }

    fn pass(&mut self, seconds: i64) {
        self.ctx.monotonic += seconds;
        self.dispatcher.tick(&mut self.ctx);
    }

    fn die(&mut self, id: PluginId) {
        self.dispatcher.gone(&mut self.ctx, id, false);
        self.dispatcher.ended(&mut self.ctx, id, false);
    }

    fn gap(&mut self) -> String {
        let mut out = Vec::new();
        if let Some((loss, gap)) = self.ctx.ledger.take(None) {
            crate::daemon::ledger::push(&mut out, loss, &gap);
        }
        String::from_utf8(out).unwrap()
    }
}

fn depth(q_depth: u64) -> Config {
    Config { q_depth, ..Config::default() }
}

#[test]
fn every_plugin_gets_every_record_the_end_of_an_event_too() {
    let mut script = Script::new(Config::default(), &[("a", plugin()), ("b", plugin())]);
    script.records(&[(1300, "audit(1.000:2): a=b"), (1320, "audit(1.000:2): ")]);
    assert_eq!(script.asked(), [Effect::WritePlugin(A), Effect::WritePlugin(B)]);
    for id in [A, B] {
        let read = script.read(id);
        assert!(read.starts_with("type=SYSCALL msg=audit(1.000:2): a=b"), "{read}");
        assert!(read.ends_with("\ntype=EOE msg=audit(1.000:2):\n"), "{read}");
    }
}

#[test]
fn a_binary_frame_carries_the_kernels_text_when_the_log_does_and_the_line_else() {
    let binary = Plugin { format: Format::Binary, ..plugin() };
    let raw = Config { log_format: LogFormat::Raw, ..Config::default() };
    let mut script = Script::new(raw, &[("a", binary.clone())]);
    script.record(7);
    let frame = script.read(A);
    assert_eq!(&frame.as_bytes()[..4], 0_u32.to_ne_bytes());
    assert!(frame.ends_with("audit(1.000:7): a=b") && !frame.contains("type="));
    script.ctx.records.set_node("host");
    script.record(8);
    let frame = script.read(A);
    assert_eq!(&frame.as_bytes()[..4], 1_u32.to_ne_bytes());
    assert!(frame.ends_with("node=host type=SYSCALL msg=audit(1.000:8): a=b"));
}

#[test]
#[cfg(feature = "listener")]
fn records_of_other_machines_are_handed_on_where_that_is_wanted_and_say_where_they_are_from() {
    let lines = [
        (1307, "node=there type=CWD msg=audit(1.000:2): a"),
        (1320, "node=there type=EOE msg=audit(1.000:2): "),
        (u16::MAX, "node=there type=NEW msg=audit(1.000:3): a"),
    ];
    for distribute_network in [false, true] {
        let config = Config { distribute_network, log_format: LogFormat::Raw, ..Config::default() };
        let binary = Plugin { format: Format::Binary, ..plugin() };
        let mut script = Script::new(config, &[("a", plugin()), ("b", binary)]);
        for (record_type, line) in lines {
            script.ctx.records.push_peer(record_type, |out, _| {
                out.extend_from_slice(line.as_bytes());
                (0, line.len())
            });
        }
        script.record(4);
        let text = script.read(A);
        let own = "type=SYSCALL msg=audit(1.000:4): a=b\n";
        let expected = lines.map(|(_, line)| [line, "\n"].concat()).concat();
        assert_eq!(text, [if distribute_network { &expected } else { "" }, own].concat());
        let (bytes, mut frames) = (script.read_bytes(B), crate::plugin::frame::Frames::default());
        frames.feed(&bytes);
        let mut types = Vec::new();
        while let Some(Ok(frame)) = frames.next_frame() {
            types.push((frame.version, frame.record_type));
        }
        let of_peers = [(1, 1307), (1, 1320), (1, u32::MAX)];
        assert_eq!(types, [if distribute_network { &of_peers[..] } else { &[] }, &[(0, 1300)]].concat());
    }
}

#[test]
fn a_slow_plugin_loses_its_own_records_alone_and_the_ledger_says_which() {
    let mut script = Script::new(depth(3), &[("slow/one", plugin()), ("b", plugin())]);
    for serial in 1..=10 {
        script.record(serial);
        script.read(B);
    }
    assert_eq!(script.gap(), "", "not yet: it may keep up in a moment");
    let read = script.read(A);
    assert_eq!(read.matches("type=SYSCALL").count(), 3);
    script.record(11);
    assert!(script.gap().starts_with("op=lost-events cause=plugin-queue count=7 first=4 last=10 "));
    assert!(script.read(B).contains(":11)") && script.read(A).contains(":11)"));
    assert_eq!(script.gap(), "");
}

#[test]
fn losses_of_a_stuck_plugin_are_written_down_after_a_while_and_that_record_is_no_loss() {
    let mut script = Script::new(depth(1), &[("a", plugin())]);
    script.record(1);
    script.record(2);
    assert_eq!(script.dispatcher.due(), Some(10_010));
    script.pass(10);
    assert!(script.gap().contains("count=1 first=2 last=2") && script.dispatcher.due().is_none());
    script.ctx.own_record(kind::DAEMON_ERR, b"op=lost-events cause=plugin-queue");
    script.records(&[]);
    assert_eq!(script.dispatcher.due(), None, "else it would report itself for ever");
    script.record(3);
    assert_eq!(script.dispatcher.due(), Some(10_030), "twice as late");
    script.read(A);
    script.records(&[]);
    (4..=5).for_each(|serial| script.record(serial));
    assert_eq!(script.dispatcher.due(), Some(10_020), "it has kept up meanwhile");
}

#[test]
fn a_plugin_with_a_full_queue_reads_next_what_it_has_lost_but_not_without_bound() {
    let binary = Plugin { format: Format::Binary, ..plugin() };
    let whole = Plugin { events: Unit::Whole, ..plugin() };
    for own in [plugin(), binary, whole] {
        for overflow_action in [Overflow::Ignore, Overflow::Suspend] {
            let config = Config { overflow_action, ..depth(2) };
            let mut script = Script::new(config, &[("a", own.clone())]);
            for serial in 1..=3 {
                let text = format!("audit(1.000:{serial}): a");
                script.records(&[(1300, &text), (1320, &text)]);
            }
            for _ in 0..100 {
                script.ctx.own_record(kind::DAEMON_ERR, b"op=lost-events cause=plugin-queue sink=plugin:other");
                script.ctx.own_record(kind::DAEMON_ERR, b"op=lost-events cause=plugin-queue sink=plugin:a pid=1");
                script.records(&[]);
            }
            let read = script.read_bytes(A);
            assert_eq!(memchr::memmem::find_iter(&read, b"sink=plugin:a").count(), ROOM_FOR_LOSSES);
            assert_eq!(memchr::memmem::find(&read, b"sink=plugin:other"), None);
            let is_there = |serial| memchr::memmem::find(&read, format!(":{serial}): a").as_bytes()).is_some();
            assert_eq!([1, 2, 3].map(is_there), [true, false, false]);
        }
    }
}

#[test]
fn at_the_end_each_plugin_is_told_of_all_losses_before_its_input_ends() {
    let mut script = Script::new(depth(4), &[("a", plugin()), ("b", plugin())]);
    for serial in 1..=9 {
        script.record(serial);
        script.read(B);
    }
    script.dispatcher.flush(&mut script.ctx);
    assert!(script.gap().contains("count=5 first=5 last=9 "));
    script.dispatcher.stop(&mut script.ctx);
    assert!(script.gap().contains("cause=plugin-ended count=4 "), "and nothing of it twice");
}

#[test]
fn a_stuck_plugin_of_whole_events_loses_no_record_that_says_so() {
    for suspends in [false, true] {
        let whole = Plugin { events: Unit::Whole, ..plugin() };
        let overflow_action = if suspends { Overflow::Suspend } else { Overflow::Ignore };
        let mut script = Script::new(Config { overflow_action, ..depth(2) }, &[("a", whole)]);
        let texts = [1, 2].map(|serial| format!("audit(1.000:{serial}): a"));
        script.records(&texts.each_ref().map(|text| [(1300, text.as_str()), (1320, text.as_str())]).concat());
        script.pass(10);
        assert!(script.gap().contains("count=2 first=2 last=2"));
        script.ctx.own_record(kind::DAEMON_ERR, b"op=lost-events cause=plugin-queue");
        script.records(&[]);
        assert_eq!(script.dispatcher.due(), None, "else it would report itself for ever");
    }
}

#[test]
fn each_overflow_action_does_what_it_says() {
    let overflow = |overflow_action| {
        let mut script = Script::new(Config { overflow_action, ..depth(1) }, &[("a", plugin())]);
        (1..=9).for_each(|serial| script.record(serial));
        script
    };
    assert_eq!(overflow(Overflow::Ignore).logged(), [""; 0]);
    let told = overflow(Overflow::Syslog).logged();
    assert_eq!(told.len(), 6);
    assert!(told[0].starts_with("queue to plugins is full - dropping event"));
    assert!(told[5].starts_with("auditd queue full reporting limit reached"));
    for (action, level) in [(Overflow::Single, '1'), (Overflow::Halt, '0')] {
        let asked = overflow(action).asked();
        assert_eq!(asked.iter().filter(|effect| **effect == Effect::Runlevel(level)).count(), 1);
    }
    let mut script = overflow(Overflow::Suspend);
    assert_eq!(script.logged().len(), 1);
    script.read(A);
    script.record(10);
    assert_eq!(script.read(A), "", "suspended until told otherwise");
    script.dispatcher.resume();
    script.record(11);
    assert!(script.read(A).contains(":11)"));
}

#[test]
fn a_dead_plugin_gets_the_record_again_that_it_read_in_part() {
    let mut script = Script::new(Config::default(), &[("a", plugin())]);
    script.record(1);
    script.record(2);
    script.dispatcher.wrote(A, 60, true);
    script.asked();
    script.die(A);
    assert_eq!(script.asked(), [Effect::ClosePlugin(A), Effect::StartPlugin(A)]);
    script.dispatcher.started(&mut script.ctx, A, Ok(()));
    assert_eq!(script.logged(), ["plugin /sbin/p was restarted (1x)"]);
    let read = script.read(A);
    assert!(read.starts_with("type=SYSCALL msg=audit(1.000:2)") || read.starts_with("type=SYSCALL msg=audit(1.000:1)"));
}

#[test]
fn a_plugin_that_goes_on_dying_is_started_ever_later_then_given_up_and_a_quiet_hour_forgives() {
    let mut script = Script::new(Config { max_restarts: 3, ..Config::default() }, &[("a", plugin())]);
    for wait in [0, 1, 2] {
        script.die(A);
        assert_eq!(script.dispatcher.due(), (wait > 0).then_some(script.ctx.monotonic + wait));
        script.pass(wait);
        assert!(script.asked().contains(&Effect::StartPlugin(A)));
        script.dispatcher.started(&mut script.ctx, A, Ok(()));
    }
    script.ctx.monotonic += 4000;
    script.die(A);
    assert!(script.asked().contains(&Effect::StartPlugin(A)), "the first death again");
    script.dispatcher.started(&mut script.ctx, A, Ok(()));
    for _ in 0..2 {
        script.die(A);
        script.pass(60);
        script.dispatcher.started(&mut script.ctx, A, Ok(()));
    }
    script.record(5);
    script.effects();
    script.die(A);
    assert_eq!(script.logged(), ["plugin /sbin/p terminated unexpectedly", "plugin /sbin/p has exceeded max_restarts"]);
    assert!(script.gap().starts_with("op=lost-events cause=plugin-ended count=1 first=5 last=5"));
    script.record(6);
    assert_eq!((script.asked(), script.dispatcher.due()), (Vec::new(), None));
}

#[test]
fn a_plugin_that_leaves_a_child_behind_is_alive_as_long_as_that_reads() {
    let mut script = Script::new(Config::default(), &[("a", plugin())]);
    script.dispatcher.ended(&mut script.ctx, A, false);
    script.record(1);
    assert_eq!(script.asked(), [Effect::WritePlugin(A)]);
    script.read(A);
    script.dispatcher.gone(&mut script.ctx, A, false);
    assert_eq!(script.asked(), [Effect::ClosePlugin(A), Effect::StartPlugin(A)]);
}

#[test]
fn one_that_ignores_the_end_of_its_input_is_told_and_then_killed() {
    let mut script = Script::new(Config::default(), &[("a", plugin())]);
    script.dispatcher.reload(&mut script.ctx, set(&[]));
    assert_eq!(script.asked(), [Effect::ClosePlugin(A)]);
    script.pass(1);
    assert_eq!(script.asked(), [Effect::SignalPlugin { id: A, kill: false }]);
    script.pass(5);
    assert_eq!(script.asked(), [Effect::SignalPlugin { id: A, kill: true }]);
    script.dispatcher.ended(&mut script.ctx, A, false);
    assert_eq!(script.dispatcher.subscribers.len(), 0);
}

#[test]
fn a_reload_starts_each_plugin_again_once_it_has_ended_and_keeps_what_waits_for_it() {
    let mut script = Script::new(Config::default(), &[("a", plugin()), ("b", plugin())]);
    script.record(1);
    script.effects();
    script.dispatcher.reload(&mut script.ctx, set(&[("a", plugin()), ("c", plugin())]));
    assert_eq!(script.asked(), [Effect::ClosePlugin(A), Effect::ClosePlugin(B), Effect::StartPlugin(PluginId(3))]);
    script.record(2);
    script.dispatcher.ended(&mut script.ctx, A, false);
    script.dispatcher.ended(&mut script.ctx, B, false);
    assert_eq!(script.asked(), [Effect::StartPlugin(A)]);
    script.dispatcher.started(&mut script.ctx, A, Ok(()));
    assert_eq!(script.read(A).matches("type=SYSCALL").count(), 2);
    script.pass(10);
    assert!(script.gap().contains("count=1 first=1 last=1"), "b took its record with it");
}

#[test]
fn a_bad_file_leaves_everything_as_it_was() {
    let mut script = Script::new(Config::default(), &[("a", plugin())]);
    let bad = PluginSet { skipped: vec![("x.conf".to_string(), "Unable to stat /x".to_string())], ..set(&[]) };
    script.dispatcher.reload(&mut script.ctx, bad);
    assert_eq!(script.logged(), ["Plugin configuration reload failed, keeping old state"]);
    assert!(script.dispatcher.subscribers[0].is_active());
    let mut lines = Vec::new();
    script.dispatcher.report_more(&mut lines);
    let text = String::from_utf8(crate::daemon::report::Report::new(lines).text()).unwrap();
    assert!(text.contains("plugin file x.conf = cannot run: Unable to stat /x"), "{text}");
    script.dispatcher.reload(&mut script.ctx, set(&[("a", plugin())]));
    assert!(script.dispatcher.skipped.is_empty());
}

#[test]
fn whole_events_come_in_one_piece_or_not_at_all() {
    let whole = Plugin { events: Unit::Whole, ..plugin() };
    let mut script = Script::new(depth(8), &[("a", whole)]);
    script.records(&[(1300, "audit(1.000:1): a"), (1300, "audit(1.000:2): b"), (1302, "audit(1.000:1): c")]);
    assert_eq!(script.read(A), "", "neither is complete");
    script.records(&[(1302, "audit(1.000:2): d"), (1320, "audit(1.000:2): ")]);
    script.records(&[(1320, "audit(1.000:1): ")]);
    let read = script.read(A);
    let serials: Vec<_> = read.lines().map(|line| line.split([':', ')']).nth(1).unwrap()).collect();
    assert!(serials == ["1", "1", "1", "2", "2", "2"] || serials == ["2", "2", "2", "1", "1", "1"], "{read}");
    for serial in 3..=5 {
        let text = format!("audit(1.000:{serial}): a");
        script.records(&[(1300, &text), (1302, &text), (1320, &text)]);
    }
    assert!(!script.read(A).contains(":5)"), "its first two records alone would have fitted");
}

#[test]
fn an_event_without_an_end_is_whole_when_time_has_passed() {
    let whole = Plugin { events: Unit::Whole, ..plugin() };
    let mut script = Script::new(Config::default(), &[("a", whole)]);
    script.record(1);
    assert_eq!(script.read(A), "");
    let due = script.dispatcher.due().unwrap();
    script.pass(due - script.ctx.monotonic);
    assert_eq!(script.read(A).lines().count(), 1);
}

#[test]
fn an_event_that_is_whole_by_time_and_does_not_fit_is_an_overflow_like_others() {
    let whole = Plugin { events: Unit::Whole, ..plugin() };
    let config = Config { overflow_action: Overflow::Syslog, ..depth(1) };
    let mut script = Script::new(config, &[("a", whole)]);
    (1..=2).for_each(|serial| script.record(serial));
    script.pass(10);
    assert!(script.logged().concat().contains("queue to plugins is full"));
}

#[test]
fn an_event_that_waits_for_more_of_it_is_read_at_the_end_or_in_the_ledger() {
    let whole = Plugin { events: Unit::Whole, ..plugin() };
    let script = || {
        let mut script = Script::new(Config { max_restarts: 0, ..Config::default() }, &[("a", whole.clone())]);
        script.record(7);
        script
    };
    let mut read = script();
    read.dispatcher.flush(&mut read.ctx);
    read.dispatcher.write(&mut read.ctx);
    assert!(read.asked().contains(&Effect::WritePlugin(A)) && read.read(A).contains(":7)"));
    let unread: [fn(&mut Script); 4] = [
        |script| script.dispatcher.stop(&mut script.ctx),
        |script| script.dispatcher.reload(&mut script.ctx, set(&[])),
        |script| script.dispatcher.reload(&mut script.ctx, set(&[("a", plugin())])),
        |script| script.die(A),
    ];
    for (index, end) in unread.iter().enumerate() {
        let mut script = script();
        end(&mut script);
        script.pass(10);
        script.dispatcher.report(&mut script.ctx, &mut Vec::new());
        let gap = script.gap();
        assert!(gap.contains("count=1 first=7 last=7"), "{index}: {gap}");
    }
}

#[test]
fn the_end_of_the_daemon_accounts_for_what_nobody_read() {
    let mut script = Script::new(Config::default(), &[("a", plugin())]);
    script.record(1);
    script.record(2);
    assert!(script.dispatcher.is_behind());
    script.dispatcher.stop(&mut script.ctx);
    assert!(script.gap().starts_with("op=lost-events cause=plugin-ended count=2 first=1 last=2"));
}

#[test]
fn what_a_plugin_was_sent_and_left_unread_is_in_the_ledger_without_a_count() {
    let mut script = Script::new(Config::default(), &[("a", plugin()), ("b", plugin())]);
    (1..=3).for_each(|serial| script.record(serial));
    script.read(A);
    script.dispatcher.gone(&mut script.ctx, A, true);
    script.dispatcher.ended(&mut script.ctx, A, false);
    assert!(script.gap().starts_with("op=lost-events cause=plugin-unread count=? first=? last=3 "));
    assert_eq!(script.gap(), "");
    script.read(B);
    script.dispatcher.stop(&mut script.ctx);
    script.dispatcher.ended(&mut script.ctx, B, true);
    assert!(
        script.gap().contains("cause=plugin-unread count=? first=? last=3 ")
            && script.dispatcher.subscribers.is_empty()
    );
}

#[test]
fn what_was_lost_before_the_end_has_its_own_cause_and_serials() {
    let mut script = Script::new(depth(2), &[("a", plugin())]);
    script.records(&[(1300, "audit(1.000:1): a"), (1300, "audit(1.000:2): a"), (1300, "audit(1.000:3): a")]);
    script.records(&[(1300, "audit(1.000:4): a"), (1300, "audit(1.000:5): a")]);
    script.dispatcher.stop(&mut script.ctx);
    assert!(script.gap().starts_with("op=lost-events cause=plugin-queue count=3 first=3 last=5 "));
    assert!(script.gap().starts_with("op=lost-events cause=plugin-ended count=2 first=1 last=2 "));
}

#[test]
fn no_whole_event_is_left_out_however_many_come_in_a_batch() {
    let whole = Plugin { events: Unit::Whole, ..plugin() };
    let mut script = Script::new(Config::default(), &[("a", whole)]);
    let mut read = String::new();
    for batch in 0..50 {
        let texts: Vec<_> = (0..7).map(|n| format!("audit(1.{batch:03}:{}): a", batch * 7 + n)).collect();
        let records: Vec<_> = texts.iter().flat_map(|text| [(1300, text.as_str()), (1320, text.as_str())]).collect();
        script.records(&records);
        read.push_str(&script.read(A));
    }
    assert_eq!((read.matches("type=SYSCALL").count(), read.matches("type=EOE").count()), (350, 350));
}

//! The log alone, driven by scripts: records and answers in, lines and effects out.

use super::*;
use crate::config::Response;
use crate::config::auditd::LogFormat;
use crate::daemon::enrich::Enricher;
use crate::daemon::record::Records;
use crate::daemon::{Identity, RotationError, RotationResult};
use crate::sys::clock::Moment;
use crate::sys::users::Users;
use std::path::Path;

fn log(config: Config) -> (LogSink, Context) {
    let now = Moment { seconds: 1000, nanos: 0 };
    let records = Records::new(Enricher::new(Users::open(Path::new("/nonexistent")), "x86_64"), now);
    let ctx = Context::new(Config { log_format: LogFormat::Raw, ..config }, Identity::default(), records, now, 1000);
    (LogSink::new(&ctx), ctx)
}

fn open(config: Config) -> (LogSink, Context) {
    let (mut log, mut ctx) = log(config);
    log.opened(&mut ctx, Found { created: 1000, ..Found::default() });
    effects(&mut ctx);
    (log, ctx)
}

fn record(log: &mut LogSink, ctx: &mut Context, serial: u64) {
    let text = format!("audit(1000.000:{serial}): a=b");
    ctx.saw(text.as_bytes());
    ctx.records.push(LogFormat::Raw, 1300, text.as_bytes());
    log.take(ctx);
}

fn effects(ctx: &mut Context) -> Vec<Effect> {
    std::iter::from_fn(|| ctx.next_effect()).collect()
}

#[test]
fn each_record_is_taken_once_and_the_end_of_an_event_is_not_logged() {
    let (mut log, mut ctx) = open(Config::default());
    record(&mut log, &mut ctx, 1);
    ctx.records.push(LogFormat::Raw, kind::EOE, b"audit(1000.000:1): ");
    log.take(&mut ctx);
    log.take(&mut ctx);
    assert_eq!(log.lines(), b"type=SYSCALL msg=audit(1000.000:1): a=b\n");
    ctx.records.clear();
    record(&mut log, &mut ctx, 2);
    assert_eq!(log.lines().iter().filter(|b| **b == b'\n').count(), 2);
}

#[test]
fn lines_are_written_by_one_effect_until_it_is_answered() {
    let (mut log, mut ctx) = open(Config::default());
    log.write(&mut ctx);
    assert_eq!(effects(&mut ctx), [], "nothing is pending");
    record(&mut log, &mut ctx, 1);
    log.write(&mut ctx);
    log.write(&mut ctx);
    assert_eq!(effects(&mut ctx), [Effect::Write]);
    log.wrote(&mut ctx);
    record(&mut log, &mut ctx, 2);
    log.write(&mut ctx);
    assert!(effects(&mut ctx).contains(&Effect::Write));
}

#[test]
fn a_log_that_is_not_wanted_takes_nothing_and_loses_nothing() {
    let (mut log, mut ctx) = log(Config { write_logs: false, ..Config::default() });
    record(&mut log, &mut ctx, 1);
    assert!(log.lines().is_empty() && !ctx.ledger.is_open() && log.due(&ctx).is_none());
}

#[test]
fn a_closed_log_has_its_losses_in_the_ledger_and_writes_them_down_when_it_is_opened() {
    let (mut log, mut ctx) = log(Config::default());
    record(&mut log, &mut ctx, 7);
    record(&mut log, &mut ctx, 9);
    assert_eq!(log.due(&ctx), Some(1001), "an open gap is tried again every second");
    log.opened(&mut ctx, Found::default());
    let lines = String::from_utf8_lossy(log.lines());
    assert!(lines.contains("cause=logging-suspended count=2 first=7 last=9"), "{lines}");
    assert!(lines.contains(" sink=log "), "{lines}");
}

#[test]
#[cfg(feature = "listener")]
fn what_peers_keep_is_no_loss_wherever_a_write_ends() {
    let (mut log, mut ctx) = open(Config::default());
    let peer = |log: &mut LogSink, ctx: &mut Context| {
        ctx.records.push_peer(1300, |out, _| {
            out.extend_from_slice(b"node=x type=SYSCALL msg=audit(1.000:900): a");
            (27, 43)
        });
        log.take(ctx);
    };
    peer(&mut log, &mut ctx);
    let kept = log.lines().len();
    peer(&mut log, &mut ctx);
    record(&mut log, &mut ctx, 7);
    peer(&mut log, &mut ctx);
    record(&mut log, &mut ctx, 8);
    log.write_failed(&mut ctx, kept, errno::EIO);
    let (_, gap) = ctx.ledger.take(None).unwrap();
    assert_eq!((gap.count, gap.serials, log.written), (Some(2), (7, 8), 1));
}

#[test]
fn a_loss_that_is_written_down_is_not_written_down_again_and_the_next_one_is() {
    let (mut log, mut ctx) = log(Config::default());
    ctx.lose(Cause::Torn, Sink::Log, Some(1));
    ctx.lose(Cause::Killed, Sink::All, Some(1));
    log.opened(&mut ctx, Found::default());
    let first = log.lines().iter().position(|b| *b == b'\n').unwrap() + 1;
    log.write_failed(&mut ctx, first, errno::EIO);
    let mut open = Vec::new();
    while let Some((loss, _)) = ctx.ledger.take(None) {
        open.push(loss);
    }
    assert_eq!(open, [(Cause::Killed, Sink::All)]);
    assert_eq!(log.written, 1);
}

#[test]
fn the_size_is_that_of_what_was_opened_and_written_and_nothing_after_a_rotation() {
    let config =
        Config { max_log_file: 1, max_log_file_action: Response::Rotate.into(), num_logs: 3, ..Config::default() };
    let (mut log, mut ctx) = self::log(config);
    log.opened(&mut ctx, Found { size: (1 << 20) - 10, ..Found::default() });
    record(&mut log, &mut ctx, 1);
    assert_eq!(effects(&mut ctx), [Effect::Write], "the record that reaches the limit is written at once");
    log.wrote(&mut ctx);
    assert!(effects(&mut ctx).contains(&Effect::Rotate { keep_all: false }));
    log.rotated(&mut ctx, RotationResult { was_deleted: false, result: Ok(1) }, false);
    record(&mut log, &mut ctx, 2);
    assert_eq!(effects(&mut ctx), []);
}

#[test]
fn a_failed_rotation_waits_a_second() {
    let config =
        Config { max_log_file: 1, max_log_file_action: Response::Rotate.into(), num_logs: 3, ..Config::default() };
    let (mut log, mut ctx) = self::log(config);
    log.opened(&mut ctx, Found { size: 1 << 20, ..Found::default() });
    log.after_opening(&mut ctx);
    assert!(effects(&mut ctx).contains(&Effect::Rotate { keep_all: false }));
    let failed = || RotationResult {
        was_deleted: false,
        result: Err(RotationError { text: "no".to_string(), errno: errno::EIO }),
    };
    log.rotated(&mut ctx, failed(), false);
    effects(&mut ctx);
    log.check_size(&mut ctx);
    assert_eq!(effects(&mut ctx), []);
    ctx.monotonic += 1;
    log.check_size(&mut ctx);
    assert_eq!(effects(&mut ctx), [Effect::Rotate { keep_all: false }]);
}

#[test]
fn what_was_written_is_followed_by_a_measurement_a_second_later() {
    let (mut log, mut ctx) = open(Config::default());
    record(&mut log, &mut ctx, 1);
    log.wrote(&mut ctx);
    assert_eq!(effects(&mut ctx), []);
    assert_eq!(log.due(&ctx), Some(1001));
    ctx.monotonic = 1001;
    log.tick(&mut ctx);
    assert_eq!(effects(&mut ctx), [Effect::MeasureSpace]);
    assert_eq!(log.due(&ctx), None);
}

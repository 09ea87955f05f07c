//! Records that announce a new user or group wait a moment until the names were read again, so that they name whom they
//! announce. All other records go on meanwhile.

use crate::config::auditd::LogFormat;
use crate::daemon::context::Context;
use crate::record::RecordType;

/// Records that may wait.
const MAX_RECORDS: usize = 8;
/// Seconds after which they are formatted with the names there are.
const MAX_WAIT: i64 = 2;

/// The records that wait.
#[derive(Debug, Default)]
pub(in crate::daemon) struct Deferred {
    records: heapless::Vec<(u16, Vec<u8>), MAX_RECORDS>,
    /// Second of the monotonic clock until which the last one waits.
    until: i64,
}

impl Deferred {
    /// Takes a record that is to wait; false when it is not, or cannot.
    pub(in crate::daemon) fn defer(&mut self, ctx: &Context, record_type: u16, text: &[u8]) -> bool {
        let announces = matches!(RecordType(u32::from(record_type)), RecordType::ADD_USER | RecordType::ADD_GROUP);
        if !announces || ctx.config.log_format != LogFormat::Enriched {
            return false;
        }
        self.until = ctx.monotonic + MAX_WAIT;
        self.records.push((record_type, text.to_vec())).is_ok()
    }

    /// Formats what waits with the names there are now.
    pub(in crate::daemon) fn flush(&mut self, ctx: &mut Context) {
        for (record_type, text) in std::mem::take(&mut self.records) {
            ctx.records.push(ctx.config.log_format, record_type, &text);
        }
    }

    /// Formats what has waited long enough.
    pub(in crate::daemon) fn tick(&mut self, ctx: &mut Context) {
        if self.due().is_some_and(|due| ctx.monotonic >= due) {
            self.flush(ctx);
        }
    }

    /// When [`Deferred::tick`] is to be called, on the monotonic clock.
    pub(in crate::daemon) fn due(&self) -> Option<i64> {
        (!self.records.is_empty()).then_some(self.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::auditd::Config;
    use crate::daemon::Identity;
    use crate::daemon::enrich::Enricher;
    use crate::daemon::record::Records;
    use crate::sys::clock::Moment;
    use crate::sys::users::Users;

    const ADD_USER: u16 = 1114;

    fn context(log_format: LogFormat) -> Context {
        let enricher = Enricher::new(Users::open(std::path::Path::new("/nonexistent")), "x86_64");
        let records = Records::new(enricher, Moment::default());
        Context::new(Config { log_format, ..Config::default() }, Identity::default(), records, Moment::default(), 1000)
    }

    #[test]
    fn a_new_user_waits_for_names_and_not_for_ever() {
        let (mut deferred, mut ctx) = (Deferred::default(), context(LogFormat::Enriched));
        assert!(!deferred.defer(&ctx, 1300, b"audit(1.0:1): uid=5"));
        assert!(deferred.defer(&ctx, ADD_USER, b"audit(1.0:2): id=5"));
        assert_eq!(deferred.due(), Some(1000 + MAX_WAIT));
        deferred.tick(&mut ctx);
        assert!(ctx.records.batch().get(0).is_none());
        ctx.monotonic += MAX_WAIT;
        deferred.tick(&mut ctx);
        assert!(ctx.records.batch().get(0).is_some());
        assert_eq!(deferred.due(), None);
    }

    #[test]
    fn raw_records_and_more_than_there_is_place_for_do_not_wait() {
        assert!(!Deferred::default().defer(&context(LogFormat::Raw), ADD_USER, b"a"));
        let (mut deferred, ctx) = (Deferred::default(), context(LogFormat::Enriched));
        assert_eq!((0..20).filter(|_| deferred.defer(&ctx, ADD_USER, b"a")).count(), MAX_RECORDS);
    }
}

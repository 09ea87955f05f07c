//! The clock, and local time under the TZ variable (localtime_r(3), mktime(3)), with 64 bits for a second on every machine.

/// A moment: seconds and nanoseconds since 1970 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Whole seconds.
    pub seconds: i64,
    /// 0 to 999,999,999.
    pub nanos: u32,
}

/// A moment as people of one place write it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LocalTime {
    /// Year, as 2026.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 60.
    pub second: u8,
    /// 0 is Sunday.
    pub weekday: u8,
    /// 1 is the first of January.
    pub day_of_year: u16,
    /// Seconds east of Greenwich.
    pub offset: i32,
}

/// The wall clock.
pub fn now() -> Moment {
    read(libc::CLOCK_REALTIME)
}

/// The clock that never steps, for intervals.
pub fn monotonic() -> Moment {
    read(libc::CLOCK_MONOTONIC)
}

/// Time since the kernel was booted, suspension included.
pub fn since_boot() -> Moment {
    read(libc::CLOCK_BOOTTIME)
}

fn read(clock: libc::clockid_t) -> Moment {
    let mut time = calendar::Time { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live value of the right type; these clocks are there on every kernel, and else it stays 0.
    unsafe { calendar::clock_gettime(clock, &raw mut time) };
    let seconds: calendar::Seconds = time.tv_sec;
    Moment { seconds: seconds as i64, nanos: time.tv_nsec as u32 }
}

/// The C library's clock and calendar. On 32-bit machines older than 64-bit times musl has them twice: under the plain names with
/// 32 bits for a second, which end in January 2038 and are those of the libc crate, and under the names of musl's time.h with 64.
#[cfg(all(target_env = "musl", target_pointer_width = "32", not(target_arch = "riscv32")))]
mod calendar {
    pub(super) type Seconds = i64;
    /// There the nanoseconds have 32 bits, and as many of padding where the upper half of these is.
    #[repr(C)]
    pub(super) struct Time {
        pub(super) tv_sec: Seconds,
        pub(super) tv_nsec: i64,
    }
    unsafe extern "C" {
        #[link_name = "__clock_gettime64"]
        pub(super) fn clock_gettime(clock: libc::clockid_t, to: *mut Time) -> libc::c_int;
        #[link_name = "__localtime64_r"]
        pub(super) fn localtime_r(seconds: *const Seconds, to: *mut libc::tm) -> *mut libc::tm;
        #[link_name = "__mktime64"]
        pub(super) fn mktime(from: *mut libc::tm) -> Seconds;
    }
}
#[cfg(not(all(target_env = "musl", target_pointer_width = "32", not(target_arch = "riscv32"))))]
mod calendar {
    pub(super) use libc::{clock_gettime, localtime_r, mktime, timespec as Time};
    #[allow(deprecated, reason = "libc warns of musl's everywhere, for the sake of machines of 32 bits")]
    pub(super) type Seconds = libc::time_t;
}

/// Breaks a moment into local time. A second no calendar holds comes out as the first of 1970.
pub fn local(seconds: i64) -> LocalTime {
    let seconds = seconds as calendar::Seconds;
    // SAFETY: all-zero bytes are a valid tm (its zone pointer may be null).
    let mut tm: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to live values of the right types; localtime_r touches nothing else of ours.
    let done = unsafe { calendar::localtime_r(&raw const seconds, &raw mut tm) };
    if done.is_null() {
        return LocalTime { year: 1970, month: 1, day: 1, day_of_year: 1, ..LocalTime::default() };
    }
    LocalTime {
        year: tm.tm_year.saturating_add(1900),
        month: tm.tm_mon as u8 + 1,
        day: tm.tm_mday as u8,
        hour: tm.tm_hour as u8,
        minute: tm.tm_min as u8,
        second: tm.tm_sec as u8,
        weekday: tm.tm_wday as u8,
        day_of_year: tm.tm_yday as u16 + 1,
        offset: tm.tm_gmtoff as i32,
    }
}

/// The moment a local time means. Members beyond their range carry over (the 32nd is the next month's first), daylight
/// saving is found out; `offset`, `weekday` and `day_of_year` are not looked at. `None` when there is no such moment.
pub fn from_local(time: &LocalTime) -> Option<i64> {
    // SAFETY: all-zero bytes are a valid tm (its zone pointer may be null).
    let mut tm: libc::tm = unsafe { std::mem::zeroed() };
    tm.tm_year = time.year.checked_sub(1900)?;
    tm.tm_mon = i32::from(time.month) - 1;
    tm.tm_mday = i32::from(time.day);
    tm.tm_hour = i32::from(time.hour);
    tm.tm_min = i32::from(time.minute);
    tm.tm_sec = i32::from(time.second);
    tm.tm_isdst = -1;
    tm.tm_wday = -1;
    // SAFETY: the pointer is to a live tm, which mktime reads and normalises.
    let seconds = unsafe { calendar::mktime(&raw mut tm) };
    // mktime(3): -1 is also one second before 1970; the day of the week tells them apart.
    (seconds != -1 || tm.tm_wday != -1).then_some(seconds as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_time_goes_there_and_back() {
        for seconds in [0, 86_399, 1_583_020_800, 1_790_000_000, -1, i32::MAX.into(), 2_214_086_523, 4_102_444_800] {
            assert_eq!(from_local(&local(seconds)), Some(seconds));
        }
    }

    #[test]
    fn days_carry_over() {
        let last = LocalTime { year: 2026, month: 1, day: 31, ..LocalTime::default() };
        let next = LocalTime { year: 2026, month: 2, day: 1, ..LocalTime::default() };
        assert_eq!(from_local(&LocalTime { day: 32, ..last }), from_local(&next));
    }

    #[test]
    fn the_steady_clock_does_not_go_back() {
        assert!(monotonic() <= monotonic());
    }
}

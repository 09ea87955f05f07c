use super::*;

/// Writes `text` into a file of that name and gives back the seconds of the lines that a range of it holds.
fn sought(name: &str, text: &[u8], start: Option<u64>, end: Option<u64>) -> Vec<u64> {
    let path = std::env::temp_dir().join(format!("auditbox-seek-{name}-{}", std::process::id()));
    std::fs::write(&path, text).unwrap();
    let range = time_range(&InputFile::open(&path).unwrap(), text.len() as u64, start, end).unwrap();
    std::fs::remove_file(path).unwrap();
    let part = &text[range.start as usize..range.end as usize];
    part.split(|&b| b == b'\n').filter_map(second).collect()
}

/// One line a second from `first` on.
fn one_a_second(first: u64, count: u64) -> Vec<u8> {
    (first..first + count)
        .flat_map(|sec| format!("type=CWD msg=audit({sec}.000:{sec}): cwd=\"/\"\n").into_bytes())
        .collect()
}

#[test]
fn a_range_leaves_out_what_is_older_and_newer() {
    let text = one_a_second(10_000, 9000);
    let all = sought("range", &text, Some(12_000), Some(12_010));
    assert!((12_000..=12_010).all(|wanted| all.contains(&wanted)));
    assert!(all.len() < 1500, "{}", all.len());
    assert_eq!(sought("all", &text, None, None).len(), 9000);
}

#[test]
fn a_range_in_a_log_out_of_order_is_not_sought() {
    let line = |sec: u64| format!("type=USER msg=audit({sec}.000:1): {}\n", "x".repeat(200));
    let text: String = (0..2000u64).map(|n| line(10_000 + n * 7919 % 2000)).collect();
    assert_eq!(sought("disorder", text.as_bytes(), Some(11_900), None).len(), 2000);
}

#[test]
fn a_range_that_ends_in_a_silent_hour_holds_all_before_it() {
    let text = [one_a_second(10_000, 1000), one_a_second(20_000, 1000)].concat();
    for end in [10_999, 11_500, 19_000] {
        let all = sought("silence", &text, None, Some(end));
        assert!((10_000..11_000).all(|wanted| all.contains(&wanted)), "{end}");
    }
    let all = sought("silence", &text, Some(11_500), None);
    assert!((20_000..21_000).all(|wanted| all.contains(&wanted)));
}

#[test]
fn a_range_reaches_over_the_nul_bytes_of_a_crash() {
    let text = [one_a_second(10_000, 1000), vec![0; 1 << 20], b"\n".to_vec(), one_a_second(11_000, 1000)].concat();
    for (start, end) in [(None, Some(12_000)), (Some(10_500), None), (Some(11_500), Some(12_000))] {
        let all = sought("hole", &text, start, end);
        assert!((11_500..12_000).all(|wanted| all.contains(&wanted)), "{start:?} {end:?}");
    }
}

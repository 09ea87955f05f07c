//! A search that looks at 64 bytes at a time, where the processor can.
//!
//! A byte that comes every hundred bytes or so costs most for the calls of its search. This one passes over most of them itself.

use memchr::memchr_iter;

/// The first place of the byte that `usual` begins with where not `usual` stands but another number.
#[inline(always)]
pub fn find_unusual(text: &[u8], usual: &[u8; 12]) -> Option<usize> {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { by_blocks(text, usual) };
    }
    by_calls(text, usual)
}

fn by_calls(text: &[u8], usual: &[u8; 12]) -> Option<usize> {
    memchr_iter(usual[0], text).find(|at| is_unusual(text, *at, usual))
}

/// Whether a digit follows this place, but not `usual` stands there.
#[inline(always)]
fn is_unusual(text: &[u8], at: usize, usual: &[u8; 12]) -> bool {
    let there = text.get(at..).unwrap_or_default();
    there.first_chunk().is_none_or(|bytes| bytes != usual) && there.get(1).is_some_and(u8::is_ascii_digit)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn by_blocks(text: &[u8], usual: &[u8; 12]) -> Option<usize> {
    use std::arch::x86_64::{_mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8};
    let wanted = _mm256_set1_epi8(usual[0] as i8);
    let (blocks, rest) = text.as_chunks::<64>();
    let mut start = 0;
    for block in blocks {
        let half = block.as_ptr().cast();
        // SAFETY: a block is two halves of 32 bytes, and an unaligned load takes any address.
        let (low, high) = unsafe { (_mm256_loadu_si256(half), _mm256_loadu_si256(half.add(1))) };
        let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)) as u32;
        let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)) as u32;
        let mut places = u64::from(high) << 32 | u64::from(low);
        while places != 0 {
            let at = start + places.trailing_zeros() as usize;
            if is_unusual(text, at, usual) {
                return Some(at);
            }
            places &= places - 1;
        }
        start += 64;
    }
    by_calls(rest, usual).map(|at| start + at)
}

#[cfg(test)]
mod tests {
    use super::{by_calls, find_unusual};

    #[test]
    fn the_first_place_that_the_usual_bytes_do_not_follow_is_found() {
        let usual = b"(1700000000.";
        for len in [0, 1, 11, 12, 31, 32, 63, 64, 65, 76, 128, 150, 200] {
            for step in 12..80 {
                let mut text = vec![b'(' | 0x80; len];
                let places: Vec<usize> = (step / 2..len).step_by(step).collect();
                for at in &places {
                    text.iter_mut().skip(*at).zip(usual).for_each(|(to, from)| *to = *from);
                }
                let find = |text: &[u8]| {
                    let found = find_unusual(text, usual);
                    assert_eq!(by_calls(text, usual), found);
                    found
                };
                let cut = places.iter().copied().find(|at| at + 12 > len && at + 1 < len);
                assert_eq!(find(&text), cut, "{len} {step}");
                for (at, wrong) in places.iter().zip([1, 7, 8, 9, 11, 10, 2].into_iter().cycle()) {
                    let mut text = text.clone();
                    let Some(byte) = text.get_mut(at + wrong) else { continue };
                    *byte ^= 1;
                    assert_eq!(find(&text), Some(*at), "{len} {step} {wrong}");
                    text[at + 1] = b'n';
                    assert_eq!(find(&text), cut.filter(|cut| cut != at), "{len} {step}");
                }
            }
        }
    }
}

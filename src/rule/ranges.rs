//! Sets of numbers as ranges: what tests of one field let through, and how such sets are to each other.

use super::model::Operator;

/// Numbers as ranges, both ends included, rising and apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Numbers(Vec<(u32, u32)>);

impl Numbers {
    pub(super) fn all() -> Numbers {
        Numbers(vec![(0, u32::MAX)])
    }

    pub(super) fn none() -> Numbers {
        Numbers(Vec::new())
    }

    pub(super) fn between(ends: (u32, u32)) -> Numbers {
        Numbers(vec![ends])
    }

    pub(super) fn one(number: u32) -> Numbers {
        Numbers(vec![(number, number)])
    }

    /// What `operator` lets through; `None` for the two that look at bits.
    pub(super) fn of(operator: Operator, value: u32) -> Option<Numbers> {
        let below = value.checked_sub(1).map(|last| (0, last));
        let above = value.checked_add(1).map(|first| (first, u32::MAX));
        Some(Numbers(match operator {
            Operator::EQUAL => vec![(value, value)],
            Operator::NOT_EQUAL => below.into_iter().chain(above).collect(),
            Operator::LESS => below.into_iter().collect(),
            Operator::LESS_OR_EQUAL => vec![(0, value)],
            Operator::GREATER => above.into_iter().collect(),
            Operator::GREATER_OR_EQUAL => vec![(value, u32::MAX)],
            _ => return None,
        }))
    }

    pub(super) fn contains(&self, number: u32) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&number))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn lowest(&self) -> Option<u32> {
        self.0.first().map(|range| range.0)
    }

    pub(super) fn intersection(&self, other: &Numbers) -> Numbers {
        let pairs = self.0.iter().flat_map(|a| other.0.iter().map(move |b| (a.0.max(b.0), a.1.min(b.1))));
        Numbers(pairs.filter(|(first, last)| first <= last).collect())
    }

    pub(super) fn meet(&self, other: &Numbers) -> bool {
        self.0.iter().any(|a| other.0.iter().any(|b| a.0.max(b.0) <= a.1.min(b.1)))
    }

    pub(super) fn union(&self, other: &Numbers) -> Numbers {
        let mut ranges: Vec<_> = self.0.iter().chain(&other.0).copied().collect();
        ranges.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::new();
        for (first, last) in ranges {
            match joined.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => joined.push((first, last)),
            }
        }
        Numbers(joined)
    }

    pub(super) fn is_within(&self, other: &Numbers) -> bool {
        self.0.iter().all(|(first, last)| other.0.iter().any(|range| range.0 <= *first && *last <= range.1))
    }

    /// All of them, when they are few.
    pub(super) fn few(&self) -> Option<impl Iterator<Item = u32> + '_> {
        const FEW: u64 = 64;
        let count: u64 = self.0.iter().map(|(first, last)| u64::from(last - first) + 1).sum();
        (count <= FEW).then(|| self.0.iter().flat_map(|(first, last)| *first..=*last))
    }
}

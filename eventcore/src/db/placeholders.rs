//! Placeholders of a list of values.

/// `count` placeholders from `$first` on: `$first, $first+1, …`.
pub(crate) fn placeholders(count: usize, first: usize) -> String {
    (first..first + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

//! Statements over several rows: placeholders and batch sizes.

/// `$first, $first+1, …`: `count` placeholders.
pub(crate) fn placeholders(count: usize, first: usize) -> String {
    (first..first + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

/// `($first, …), (…), …`: the placeholders of so many rows.
pub(crate) fn values(rows: usize, width: usize, first: usize) -> String {
    let rows: Vec<_> =
        (0..rows).map(|row| format!("({})", placeholders(width, first + row * width))).collect();
    rows.join(", ")
}

/// Cuts rows into as many as one statement takes: of few sizes, so that each statement is prepared once.
pub(crate) fn batches<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = [64, 8, 1].into_iter().find(|size| *size <= rows.len())?;
        let (batch, rest) = rows.split_at(size);
        rows = rest;
        Some(batch)
    })
}

//! Statements over several rows: placeholders and batch sizes.

/// The largest number of rows of one statement that [`batches`] gives.
pub(crate) const LARGEST_BATCH: usize = 64;
/// Few sizes, so that few statements are prepared.
const BATCH_SIZES: [usize; 3] = [LARGEST_BATCH, 8, 1];

/// `count` placeholders from `$first` on: `$first, $first+1, …`.
pub(crate) fn placeholders(count: usize, first: usize) -> String {
    (first..first + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

/// The placeholders of a VALUES list with `rows` rows of `width` columns: `($first, …), (…), …`.
pub(crate) fn values(rows: usize, width: usize, first: usize) -> String {
    let rows: Vec<_> =
        (0..rows).map(|row| format!("({})", placeholders(width, first + row * width))).collect();
    rows.join(", ")
}

/// Cuts `rows` into batches of 64, then 8, then 1, as far as they reach.
pub(crate) fn batches<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = BATCH_SIZES.into_iter().find(|size| *size <= rows.len())?;
        let (batch, rest) = rows.split_at(size);
        rows = rest;
        Some(batch)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_into_few_sizes() {
        let sizes: Vec<usize> = batches(&[0; 146]).map(<[i32]>::len).collect();
        assert_eq!(sizes, [64, 64, 8, 8, 1, 1]);
        assert_eq!(values(2, 3, 2), "($2, $3, $4), ($5, $6, $7)");
    }
}

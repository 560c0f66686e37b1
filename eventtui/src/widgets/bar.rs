//! Bars for proportions.

/// Columns of a bar.
const BAR: usize = 20;

/// The bar for `part` of `whole`, full if the part is larger.
pub(crate) fn bar(part: i64, whole: i64) -> String {
    let columns = i64::try_from(BAR).unwrap_or(0);
    let full = if whole > 0 { (part.clamp(0, whole) * columns + whole / 2) / whole } else { 0 };
    let full = usize::try_from(full).unwrap_or(0).min(BAR);
    format!("{}{}", "█".repeat(full), "░".repeat(BAR - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_proportional() {
        assert_eq!((bar(0, 0).matches('█').count(), bar(1, 2).matches('█').count()), (0, 10));
        assert_eq!(bar(7, 5).matches('█').count(), 20, "more than all is all");
    }
}

//! Lists: aligned columns on a terminal, tab-separated values in a pipe.

use std::io::IsTerminal;

use crate::failure::Failure;
use crate::output::print;

/// Prints rows of as many cells as the header has: with the header and aligned on a terminal, otherwise as
/// one line of tab-separated values each, without the header.
pub(super) fn print_table(header: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
    if std::io::stdout().is_terminal() { print(&aligned(header, rows)) } else { print(&tab_separated(rows)) }
}

/// A cell without characters that would end it or direct the terminal.
fn clean(cell: &str) -> String {
    let directs = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    cell.chars().map(|c| if directs(c) { '\u{fffd}' } else { c }).collect()
}

fn tab_separated(rows: &[Vec<String>]) -> String {
    let line = |row: &Vec<String>| row.iter().map(|cell| clean(cell)).collect::<Vec<_>>().join("\t") + "\n";
    rows.iter().map(line).collect()
}

fn aligned(header: &[&str], rows: &[Vec<String>]) -> String {
    let header: Vec<String> = header.iter().map(|title| (*title).to_owned()).collect();
    let lines: Vec<Vec<String>> = std::iter::once(&header)
        .chain(rows)
        .map(|row| row.iter().map(|cell| clean(cell)).collect())
        .collect();
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        let padded = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        text.push_str(padded.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<String>> {
        [["ada", "admin"], ["bob\tx\n", "\u{1b}[31muser"]].map(|row| row.map(str::to_owned).to_vec()).to_vec()
    }

    #[test]
    fn columns_are_aligned_below_their_titles() {
        let text = aligned(&["USERNAME", "ROLE"], &rows());
        assert_eq!(text, "USERNAME  ROLE\nada       admin\nbob\u{fffd}x\u{fffd}    \u{fffd}[31muser\n");
    }

    #[test]
    fn no_cell_ends_a_line_or_a_column() {
        assert_eq!(tab_separated(&rows()), "ada\tadmin\nbob\u{fffd}x\u{fffd}\t\u{fffd}[31muser\n");
    }
}

//! Rows of text: aligned on a terminal, separated by tabs in a pipe.

use std::io::IsTerminal;

use super::output::print_line;
use crate::failure::Failure;
use crate::widgets::text::{clean, columns, fit};

/// Columns of a terminal whose size is not known.
const DEFAULT_WIDTH: usize = 80;
/// The narrowest that a text column becomes.
const NARROWEST: usize = 8;

/// Rows below headings. Only the columns of `flexible` are shortened to fit the terminal.
pub(super) struct Table {
    headings: &'static [&'static str],
    flexible: &'static [usize],
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) const fn new(headings: &'static [&'static str], flexible: &'static [usize]) -> Self {
        Self { headings, flexible, rows: Vec::new() }
    }

    /// Adds a row. Control characters of the cells are replaced.
    pub(super) fn add(&mut self, cells: &[&str]) {
        self.rows.push(cells.iter().map(|cell| clean(cell)).collect());
    }

    pub(super) fn print(&self) -> Result<(), Failure> {
        let width = std::io::stdout().is_terminal().then(|| {
            crossterm::terminal::size().map_or(DEFAULT_WIDTH, |(width, _)| usize::from(width).max(1))
        });
        for line in self.lines(width) {
            print_line(&line)?;
        }
        Ok(())
    }

    /// The lines for a terminal of this width, or for a pipe.
    fn lines(&self, width: Option<usize>) -> Vec<String> {
        let Some(width) = width else {
            return self.rows.iter().map(|cells| cells.join("\t")).collect();
        };
        let widths = self.widths(width);
        let headings: Vec<String> = self.headings.iter().map(|heading| (*heading).to_owned()).collect();
        let all = std::iter::once(&headings).filter(|_| !self.rows.is_empty()).chain(&self.rows);
        let line = |cells: &Vec<String>| {
            let fitted: Vec<String> =
                cells.iter().zip(&widths).map(|(cell, width)| fit(cell, *width)).collect();
            fitted.join("  ").trim_end().to_owned()
        };
        all.map(line).collect()
    }

    fn widths(&self, width: usize) -> Vec<usize> {
        let widest = |place: usize| {
            let cells = self.rows.iter().filter_map(|cells| cells.get(place)).map(|cell| columns(cell));
            cells.chain(self.headings.get(place).map(|heading| columns(heading))).max().unwrap_or_default()
        };
        let mut widths: Vec<usize> = (0..self.headings.len()).map(widest).collect();
        let total = |widths: &[usize]| widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
        // The widest of the flexible columns gives way first.
        while total(&widths) > width {
            let widest = self.flexible.iter().copied().filter(|place| widths[*place] > NARROWEST);
            let Some(place) = widest.max_by_key(|place| widths[*place]) else { break };
            widths[place] -= 1;
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["START", "TITLE", "ID"], &[1]);
        table.add(&["2027-03-04 18:30", "Rust evening with a\tlong title", "01a2"]);
        table.add(&["2027-03-05", "茶", "01a3"]);
        table
    }

    #[test]
    fn rows_are_aligned_on_a_terminal_and_separated_by_tabs_in_a_pipe() {
        assert_eq!(
            table().lines(Some(42)),
            [
                "START             TITLE               ID",
                "2027-03-04 18:30  Rust evening with…  01a2",
                "2027-03-05        茶                  01a3",
            ]
        );
        assert_eq!(
            table().lines(None),
            ["2027-03-04 18:30\tRust evening with a␛long title\t01a2", "2027-03-05\t茶\t01a3"]
        );
        let ids_are_whole =
            |line: &String| line.ends_with("01a2") || line.ends_with("01a3") || line.ends_with("ID");
        assert!(table().lines(Some(10)).iter().all(ids_are_whole));
    }
}

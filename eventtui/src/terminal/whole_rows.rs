//! A backend that rewrites a row as a whole if terminals may disagree about the width of something in it.
//!
//! Terminals differ in the columns that they give to flags, joined emoji and the marks of Indic scripts.
//! Where a terminal counts otherwise, the rest of the row is shifted, and cells that are not written again
//! stay on the screen. So a row with such text, or that had some, is cleared and written anew, and the
//! cursor is set after each such text.

use std::collections::BTreeSet;
use std::io::{Result, Write};

use crossterm::cursor::MoveTo;
use crossterm::queue;
use crossterm::terminal::{Clear, ClearType as Extent};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::text::Span;

/// Writes the cells of a terminal.
pub(super) struct WholeRows<W: Write> {
    inner: CrosstermBackend<W>,
    /// The cells as they were written last.
    rows: Vec<Vec<Cell>>,
}

impl<W: Write> WholeRows<W> {
    pub(super) const fn new(writer: W) -> Self {
        Self { inner: CrosstermBackend::new(writer), rows: Vec::new() }
    }

    fn cell_mut(&mut self, x: u16, y: u16) -> Option<&mut Cell> {
        let (x, y) = (usize::from(x), usize::from(y));
        if self.rows.len() <= y {
            self.rows.resize_with(y + 1, Vec::new);
        }
        let row = self.rows.get_mut(y)?;
        if row.len() <= x {
            row.resize(x + 1, Cell::EMPTY);
        }
        row.get_mut(x)
    }

    fn is_uncertain(&self, y: u16) -> bool {
        self.rows.get(usize::from(y)).is_some_and(|row| row.iter().any(has_uncertain_width))
    }

    /// Clears a row and writes all its cells.
    fn write_row(&mut self, y: u16) -> Result<()> {
        queue!(self.inner, MoveTo(0, y), Clear(Extent::CurrentLine))?;
        let row = self.rows.get(usize::from(y)).cloned().unwrap_or_default();
        let (mut run, mut x) = (Vec::new(), 0);
        while let Some(cell) = row.get(x) {
            run.push((u16::try_from(x).unwrap_or(u16::MAX), y, cell));
            if has_uncertain_width(cell) {
                // The next run begins with setting the cursor.
                self.inner.draw(std::mem::take(&mut run).into_iter())?;
            }
            x += Span::raw(cell.symbol()).width().max(1);
        }
        self.inner.draw(run.into_iter())
    }
}

/// Whether the text of a cell consists of several characters, which terminals may count apart or together.
fn has_uncertain_width(cell: &Cell) -> bool {
    cell.symbol().chars().nth(1).is_some()
}

impl<W: Write> Backend for WholeRows<W> {
    type Error = std::io::Error;

    fn draw<'a, I>(&mut self, content: I) -> Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let content: Vec<_> = content.collect();
        let changed: BTreeSet<u16> = content.iter().map(|(_, y, _)| *y).collect();
        let mut whole: BTreeSet<u16> = changed.iter().copied().filter(|y| self.is_uncertain(*y)).collect();
        for (x, y, cell) in &content {
            let width = u16::try_from(Span::raw(cell.symbol()).width().max(1)).unwrap_or(1);
            if let Some(known) = self.cell_mut(*x, *y) {
                known.clone_from(cell);
            }
            // What a wide character covers is gone.
            for covered in 1..width {
                if let Some(known) = self.cell_mut(x.saturating_add(covered), *y) {
                    known.reset();
                }
            }
        }
        whole.extend(changed.iter().copied().filter(|y| self.is_uncertain(*y)));
        self.inner.draw(content.into_iter().filter(|(_, y, _)| !whole.contains(y)))?;
        whole.into_iter().try_for_each(|y| self.write_row(y))
    }

    fn append_lines(&mut self, lines: u16) -> Result<()> {
        self.inner.append_lines(lines)
    }

    fn hide_cursor(&mut self) -> Result<()> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> Result<()> {
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> Result<Position> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> Result<()> {
        self.rows.clear();
        self.inner.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> Result<()> {
        self.rows.clear();
        self.inner.clear_region(region)
    }

    fn size(&self) -> Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> Result<()> {
        Backend::flush(&mut self.inner)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    use super::*;

    /// What was written, shared with the backend.
    #[derive(Clone, Default)]
    struct Bytes(Rc<RefCell<Vec<u8>>>);

    impl Write for Bytes {
        fn write(&mut self, bytes: &[u8]) -> Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> Result<()> {
            Ok(())
        }
    }

    /// What is written to change the first text to the second in a row of 12 columns.
    fn written(first: &str, second: &str) -> String {
        let area = Rect::new(0, 0, 12, 2);
        let empty = Buffer::empty(area);
        let [one, other] = [first, second].map(|text| {
            let mut buffer = Buffer::empty(area);
            buffer.set_string(0, 1, text, ratatui::style::Style::new());
            buffer
        });
        let bytes = Bytes::default();
        let mut backend = WholeRows::new(bytes.clone());
        backend.draw(empty.diff(&one).into_iter()).unwrap();
        bytes.0.borrow_mut().clear();
        backend.draw(one.diff(&other).into_iter()).unwrap();
        String::from_utf8(bytes.0.take()).unwrap()
    }

    #[test]
    fn rows_with_flags_and_indic_marks_are_cleared_and_written_whole() {
        let clears = "\u{1b}[2;1H\u{1b}[2K";
        for text in ["🇩🇪🇫🇷 flags", "नमस्ते"] {
            let gone = written(text, "tea");
            assert!(gone.contains(clears) && gone.contains("tea"), "{gone:?}");
            let come = written("tea", text);
            assert!(come.contains(clears), "{come:?}");
        }
        // The cursor is set after each of the flags.
        let come = written("tea", "🇩🇪🇫🇷 flags");
        assert!(
            come.contains("🇩🇪") && come.contains("\u{1b}[2;3H") && come.contains("\u{1b}[2;5H"),
            "{come:?}"
        );
        assert!(
            !written("東京 tea", "東京 ale").contains("\u{1b}[2K"),
            "other rows are changed where they differ"
        );
    }
}

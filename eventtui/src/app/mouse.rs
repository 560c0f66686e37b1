//! What is where on the screen: for the mouse, whose click selects and whose second one opens, and for keeping the selection in sight.

use chrono::NaiveDate;
use eventcore::events::Occurrence;

use super::{App, Layer};
use crate::keys::{Action, Tab};
use crate::message::Effect;
use crate::screens::agenda::Dates;
use crate::screens::row::{self, Shown};
use crate::view::{self, WIDE};
use crate::widgets::list::Position;
use crate::widgets::text::columns;

/// Rows of the screen above what it shows.
const HEAD: u16 = 2;
/// Rows below it.
const FOOT: u16 = 2;
/// Rows of the search above what it found.
const WORDS: u16 = 2;

impl App {
    /// The wheel scrolls a text, and moves in a list.
    pub(super) fn turn_wheel(&mut self, down: bool) -> Vec<Effect> {
        if let Some(Layer::Event(looked)) = self.layers.last_mut() {
            looked.scroll(down, 3, &self.look, self.size);
            return Vec::new();
        }
        self.go(if down { Action::Down } else { Action::Up })
    }

    /// A click selects a row of a list, and opens what was selected before; or it opens a tab of the head.
    pub(super) fn click(&mut self, column: u16, row: u16) -> Vec<Effect> {
        if row == 0 {
            return self.click_tab(column);
        }
        let Some(line) = row.checked_sub(HEAD).filter(|_| self.layers.is_empty()) else { return Vec::new() };
        if self.tab == Tab::Week {
            let size = (self.size.0, self.size.1.saturating_sub(HEAD + FOOT));
            return if self.week.click((column, line), size, &self.look) { self.open() } else { Vec::new() };
        }
        if self.tab == Tab::Month {
            let size = (self.size.0, self.size.1.saturating_sub(HEAD + FOOT));
            return match self.month.click((column, line), size) {
                Some(true) => self.open(),
                Some(false) => self.load_month(),
                None => Vec::new(),
            };
        }
        let Some(item) = self.item_at(column, usize::from(line)) else { return Vec::new() };
        let Some(position) = self.position() else { return Vec::new() };
        if position.selected == item {
            return self.open();
        }
        position.selected = item;
        Vec::new()
    }

    fn click_tab(&mut self, column: u16) -> Vec<Effect> {
        let (name, tabs) = view::tabs(self.tab, self.size.0);
        let mut at = u16::try_from(columns(name)).unwrap_or(0);
        for (tab, text) in tabs {
            let width = u16::try_from(columns(&text)).unwrap_or(0);
            if (at..at + width).contains(&column) {
                return self.open_tab(tab);
            }
            at += width;
        }
        Vec::new()
    }

    fn position(&mut self) -> Option<&mut Position> {
        match self.tab {
            Tab::Agenda => Some(&mut self.agenda.list.position),
            Tab::Search => Some(&mut self.search.list.position),
            Tab::Mine => Some(&mut self.mine.position),
            Tab::Organize => match &mut self.over {
                Some(over) => Some(&mut over.list.position),
                None => Some(&mut self.organize.position),
            },
            Tab::Month | Tab::Week => None,
        }
    }

    /// Rows that the list of this tab has on the screen.
    fn rows(&self) -> usize {
        let above = if self.tab == Tab::Search { HEAD + WORDS } else { HEAD };
        usize::from(self.size.1.saturating_sub(above + FOOT))
    }

    /// The days of the list that is shown, from its top on.
    fn days(&self) -> Vec<Option<NaiveDate>> {
        let day = |date: &Occurrence| Some(self.look.local(&date.starts_at, &date.timezone).0);
        let rows = self.rows();
        let of = |dates: &Dates| {
            dates.list.items.iter().skip(dates.list.position.top).take(rows).map(day).collect()
        };
        match self.tab {
            Tab::Agenda => of(&self.agenda),
            Tab::Search => of(&self.search),
            Tab::Mine => {
                let mine = self.mine.items.iter().skip(self.mine.position.top).take(rows);
                mine.map(|mine| mine.occurrence.as_ref().and_then(day)).collect()
            }
            Tab::Organize => self.over.as_ref().map(of).unwrap_or_default(),
            Tab::Month | Tab::Week => Vec::new(),
        }
    }

    /// Keeps what is selected on the screen.
    pub(super) fn settle(&mut self) {
        let (days, rows) = (self.days(), self.rows());
        if let Some(position) = self.position() {
            row::settle(&days, position, rows);
        }
    }

    /// The thing on a line of the list that is shown.
    fn item_at(&mut self, column: u16, line: usize) -> Option<usize> {
        let width = self.size.0;
        // On a wide screen the detail stands beside the list.
        let dates = matches!(self.tab, Tab::Agenda | Tab::Search) || self.over.is_some();
        let beside = dates && width >= WIDE;
        if beside && column >= width / 5 * 3 {
            return None;
        }
        if self.tab == Tab::Organize && self.over.is_none() {
            let item = self.organize.position.top + line;
            return Some(item).filter(|item| *item < self.organize.items.len());
        }
        let line = if self.tab == Tab::Search { line.checked_sub(usize::from(WORDS))? } else { line };
        let (days, rows) = (self.days(), self.rows());
        match row::shown(&days, *self.position()?, rows).get(line)? {
            Shown::Item(item) => Some(*item),
            Shown::Day(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Driven;

    use crate::keys::Place;
    use crate::message::Message;

    fn line_of(driven: &Driven, text: &str) -> u16 {
        let picture = driven.picture(80, 24);
        u16::try_from(picture.lines().position(|line| line.contains(text)).unwrap()).unwrap()
    }

    #[test]
    fn a_click_selects_and_another_one_opens() {
        let mut driven = Driven::new().with_agenda(60).signed_in();
        for text in ["Evening 4 ", "Evening 0 ", "Evening 9 "] {
            let row = line_of(&driven, text);
            driven.send(Message::Click { column: 20, row });
            assert_eq!(line_of(&driven, "▌"), row, "{text}");
        }
        // The same rows, further down.
        driven.press(crossterm::event::KeyCode::PageDown).press(crossterm::event::KeyCode::PageDown);
        let row = line_of(&driven, "▌") - 2;
        driven.send(Message::Click { column: 20, row });
        assert_eq!(line_of(&driven, "▌"), row);
        driven.send(Message::Click { column: 20, row });
        assert_eq!(driven.app.at(), Place::Event);
        driven.send(Message::Click { column: 22, row: 0 });
        assert_eq!(driven.app.at(), Place::Month);
    }

    #[test]
    fn the_wheel_moves_in_lists() {
        let mut driven = Driven::new().with_agenda(60);
        for down in [true, true, false] {
            driven.send(Message::Wheel { down });
        }
        assert_eq!(driven.app.agenda.list.position.selected, 1);
    }
}

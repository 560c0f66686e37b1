//! Clicks: on a tab in the head, or on the tab that is shown.

use super::App;
use crate::screens::owner::Owner;
use crate::widgets::tab_bar;
use crate::widgets::text::columns;

/// Rows above a screen: the tab bar and a rule.
const HEAD: u16 = 2;

impl App {
    /// A click on the tab bar opens a tab. On a tab it selects an item, and opens the one that was selected
    /// before.
    pub(super) fn click(&mut self, column: u16, row: u16) {
        if row == 0 {
            self.click_tab_bar(column);
        } else if let Some(row) = row.checked_sub(HEAD)
            && self.stack.layers.is_empty()
        {
            self.call(Owner::Tab(self.stack.tab), |screen, cx| screen.click((column, row), cx));
        }
    }

    fn click_tab_bar(&mut self, column: u16) {
        let (name, tabs) = tab_bar::tabs(self.stack.tab, self.cx.size.0);
        let mut at = u16::try_from(columns(name)).unwrap_or(0);
        for (tab, text) in tabs {
            let width = u16::try_from(columns(&text)).unwrap_or(0);
            if (at..at + width).contains(&column) {
                return self.open_tab(tab);
            }
            at += width;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::driven::Driven;

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
            driven.send(Message::Scroll { down });
        }
        assert_eq!(driven.app.stack.tabs.agenda.list.position.selected, 1);
    }
}

//! Lists of unknown length, loaded page by page, and the position in them.

use std::collections::VecDeque;

use eventcore::{Cursor, Page};

use crate::backend::ApiError;
use crate::keys::Action;
use crate::status::Status;

/// Loads another page when fewer items than this lie between the selection and an end of the loaded ones.
const AHEAD: usize = 50;
/// Maximum number of items in memory. Beyond that, pages far from the selection are dropped.
const LOADED_MOST: usize = 1_000;

/// A list that loads pages near the selection and drops pages far from it.
#[derive(Debug)]
pub(crate) struct PagedList<T> {
    pub(crate) items: Vec<T>,
    pub(crate) position: Position,
    pub(crate) status: Status,
    pages: VecDeque<LoadedPage>,
}

/// A page in memory: its length and the cursors to its neighbours.
#[derive(Debug)]
struct LoadedPage {
    len: usize,
    previous: Option<Cursor>,
    next: Option<Cursor>,
}

impl LoadedPage {
    fn of<T>(page: &Page<T>) -> Self {
        Self { len: page.items.len(), previous: page.previous.clone(), next: page.next.clone() }
    }
}

impl<T> Default for PagedList<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            position: Position::default(),
            status: Status::default(),
            pages: VecDeque::new(),
        }
    }
}

impl<T> PagedList<T> {
    pub(crate) fn selected(&self) -> Option<&T> {
        self.items.get(self.position.selected)
    }

    /// The items on a screen of this height, and `around` more above and below.
    pub(crate) fn around(&self, height: usize, around: usize) -> &[T] {
        self.position.around(&self.items, height, around)
    }

    /// Whether the last page is loaded.
    pub(crate) fn is_complete(&self) -> bool {
        self.next().is_none()
    }

    /// The cursor of the next page, if there is one and no load is running. Begins the loading.
    pub(crate) fn wanted_next(&mut self, now: u64) -> Option<Cursor> {
        let cursor = self.next().filter(|_| self.status.is_ready(now))?.clone();
        self.status.begin(now);
        Some(cursor)
    }

    fn next(&self) -> Option<&Cursor> {
        self.pages.back()?.next.as_ref()
    }

    fn previous(&self) -> Option<&Cursor> {
        self.pages.front()?.previous.as_ref()
    }

    /// Adds the page that was requested at `cursor`.
    ///
    /// A first page (no cursor) replaces the list; a page that is loaded already is replaced; a page that
    /// borders on neither end is ignored. The selection stays on its item, which `key` identifies. After a
    /// error the page can be requested again.
    pub(crate) fn take<K: PartialEq>(
        &mut self,
        cursor: Option<&Cursor>,
        outcome: Result<Page<T>, ApiError>,
        (now, height): (u64, usize),
        key: impl Fn(&T) -> K,
    ) {
        self.status.end(now, outcome.as_ref().err());
        let page = match outcome {
            Ok(page) => page,
            Err(error) => {
                // The cursor belongs to another list: the filter has changed since.
                if error.fields.iter().any(|wrong| wrong.pointer == "/cursor") {
                    self.pages.clear();
                }
                return;
            }
        };
        let known = self.selected().map(&key);
        if cursor.is_none() {
            self.pages.clear();
            self.items.clear();
            self.append(page);
            let place = known.and_then(|known| self.items.iter().position(|item| key(item) == known));
            self.position.selected = place.unwrap_or(0);
        } else if cursor == self.next() {
            self.append(page);
            self.drop_above();
        } else if cursor == self.previous() {
            self.position.shift_down(page.items.len());
            self.pages.push_front(LoadedPage::of(&page));
            self.items.splice(..0, page.items);
            self.drop_below(height);
        } else if let Some(place) = self.index_of(cursor) {
            let start = self.replace_page(place, page);
            let found = known.and_then(|known| {
                self.items.iter().skip(start).position(|item| key(item) == known).map(|at| start + at)
            });
            self.position.selected = found.unwrap_or(self.position.selected);
        }
        self.position.settle(self.items.len(), height);
    }

    fn append(&mut self, page: Page<T>) {
        self.pages.push_back(LoadedPage::of(&page));
        self.items.extend(page.items);
    }

    /// The index of the loaded page to which a cursor leads.
    fn index_of(&self, cursor: Option<&Cursor>) -> Option<usize> {
        let from_above =
            self.pages.iter().position(|page| page.next.as_ref() == cursor).map(|above| above + 1);
        from_above
            .or_else(|| self.pages.iter().position(|page| page.previous.as_ref() == cursor)?.checked_sub(1))
    }

    /// Replaces a loaded page; returns the index of its first item. If the page now ends elsewhere, the pages
    /// beyond that end are dropped, because there may be a gap.
    fn replace_page(&mut self, place: usize, page: Page<T>) -> usize {
        let piece = LoadedPage::of(&page);
        let Some(known) = self.pages.get_mut(place) else { return 0 };
        let old = std::mem::replace(known, piece);
        let mut start: usize = self.pages.iter().take(place).map(|page| page.len).sum();
        self.items.splice(start..(start + old.len).min(self.items.len()), page.items);
        let new = &self.pages[place];
        let (other_start, other_end) = (new.previous != old.previous, new.next != old.next);
        if other_end {
            self.items.truncate(start + new.len);
            self.pages.truncate(place + 1);
        }
        if other_start {
            self.items.drain(..start);
            self.pages.drain(..place);
            self.position.shift_up(start);
            start = 0;
        }
        start
    }

    fn drop_above(&mut self) {
        while let Some(first) = self.pages.front()
            && self.items.len() > LOADED_MOST
            && first.len + AHEAD < self.position.top.min(self.position.selected)
        {
            let len = first.len;
            self.items.drain(..len);
            self.position.shift_up(len);
            self.pages.pop_front();
        }
    }

    fn drop_below(&mut self, height: usize) {
        while let Some(last) = self.pages.back()
            && self.items.len() > LOADED_MOST
            && self.position.selected + height + AHEAD + last.len < self.items.len()
        {
            self.items.truncate(self.items.len() - last.len);
            self.pages.pop_back();
        }
    }
}

/// A list, independent of the type of its items.
pub(crate) trait Pages {
    fn status(&mut self) -> &mut Status;

    /// Moves; returns whether the list must be loaded from its start for that.
    fn go(&mut self, motion: Motion, height: usize) -> bool;

    /// The cursor of the next or previous page, if it is time to load it. Begins the loading.
    fn wanted(&mut self, now: u64) -> Option<Cursor>;

    /// The cursor of the page with the selection. None for the first page.
    fn here(&self) -> Option<Cursor>;

    /// Forgets the cursors. The items stay until the first page arrives.
    fn start_over(&mut self);
}

impl<T> Pages for PagedList<T> {
    fn status(&mut self) -> &mut Status {
        &mut self.status
    }

    fn go(&mut self, motion: Motion, height: usize) -> bool {
        self.position.go(motion, self.items.len(), height);
        motion == Motion::First && self.previous().is_some()
    }

    fn wanted(&mut self, now: u64) -> Option<Cursor> {
        if !self.status.is_ready(now) {
            return None;
        }
        let after = self.next().filter(|_| self.position.selected + AHEAD >= self.items.len());
        let before = || self.previous().filter(|_| self.position.selected < AHEAD);
        let cursor = after.or_else(before)?.clone();
        self.status.begin(now);
        Some(cursor)
    }

    fn here(&self) -> Option<Cursor> {
        let mut end = 0;
        let page = self.pages.iter().position(|page| {
            end += page.len;
            self.position.selected < end
        })?;
        let from_above = || self.pages.get(page.checked_sub(1)?)?.next.clone();
        let from_below = || self.previous().and(self.pages.get(page + 1)?.previous.clone());
        from_above().or_else(from_below)
    }

    fn start_over(&mut self) {
        self.pages.clear();
    }
}

/// The index of the selected item, and of the first one on the screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) selected: usize,
    pub(crate) top: usize,
}

/// A step in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Motion {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
}

impl Motion {
    /// The step of an action. None for actions that do not move in a list.
    pub(crate) const fn of(action: Action) -> Option<Self> {
        Some(match action {
            Action::Up => Self::Up,
            Action::Down => Self::Down,
            Action::PageUp => Self::PageUp,
            Action::PageDown => Self::PageDown,
            Action::First => Self::First,
            Action::Last => Self::Last,
            _ => return None,
        })
    }
}

impl Position {
    /// Moves in a list of `len` items, of which `height` fit on the screen.
    pub(crate) fn go(&mut self, motion: Motion, len: usize, height: usize) {
        let height = height.max(1);
        self.selected = match motion {
            Motion::Down => self.selected + 1,
            Motion::Up => self.selected.saturating_sub(1),
            Motion::PageDown => self.selected + height,
            Motion::PageUp => self.selected.saturating_sub(height),
            Motion::First => 0,
            Motion::Last => len,
        };
        self.settle(len, height);
    }

    /// The items on a screen of this height, and `around` more above and below.
    pub(crate) fn around<T>(self, items: &[T], height: usize, around: usize) -> &[T] {
        let end = (self.top + height + around).min(items.len());
        items.get(self.top.saturating_sub(around)..end).unwrap_or_default()
    }

    const fn shift_down(&mut self, by: usize) {
        self.selected += by;
        self.top += by;
    }

    const fn shift_up(&mut self, by: usize) {
        self.selected = self.selected.saturating_sub(by);
        self.top = self.top.saturating_sub(by);
    }

    /// Keeps the selection within the list and on the screen.
    pub(crate) fn settle(&mut self, len: usize, height: usize) {
        self.selected = self.selected.min(len.saturating_sub(1));
        let height = height.max(1);
        if self.selected < self.top {
            self.top = self.selected;
        } else if self.selected >= self.top + height {
            self.top = self.selected + 1 - height;
        }
    }
}

#[cfg(test)]
mod tests {
    use eventcore::Violation;

    use super::*;
    use crate::backend::ErrorKind;

    /// A list of numbers in pages of 100, as a backend returns them.
    struct Numbers(usize);

    impl Numbers {
        fn page(&self, cursor: Option<&Cursor>) -> Page<usize> {
            let (from, to) = match cursor.map(|cursor| cursor.as_str().split_at(1)) {
                None => (0, 100),
                Some((">", at)) => (at.parse().unwrap(), at.parse::<usize>().unwrap() + 100),
                Some((_, at)) => (at.parse::<usize>().unwrap().saturating_sub(100), at.parse().unwrap()),
            };
            let to = to.min(self.0);
            Page {
                previous: (from > 0).then(|| Cursor::from(format!("<{from}"))),
                next: (to < self.0).then(|| Cursor::from(format!(">{to}"))),
                ..Page::whole((from..to).collect())
            }
        }

        /// Moves, then loads the pages that the list wants.
        fn go(&self, list: &mut PagedList<usize>, motion: Motion) {
            list.go(motion, HEIGHT);
            while let Some(cursor) = list.wanted(0) {
                list.take(Some(&cursor), Ok(self.page(Some(&cursor))), (0, HEIGHT), |number| *number);
            }
            let held = &list.items;
            assert!(held.len() <= LOADED_MOST + 100, "{} are held", held.len());
            assert!(held.windows(2).all(|two| two[0] + 1 == two[1]), "there is a gap");
        }
    }

    const HEIGHT: usize = 30;

    #[test]
    fn only_pages_near_the_selection_stay_loaded() {
        let numbers = Numbers(5_123);
        let mut list = PagedList::default();
        list.take(None, Ok(numbers.page(None)), (0, HEIGHT), |number| *number);
        for n in 1..=5_122 {
            numbers.go(&mut list, Motion::Down);
            assert_eq!(list.selected(), Some(&n));
        }
        assert!(list.go(Motion::First, HEIGHT), "the start is not held");
        numbers.go(&mut list, Motion::Last);
        numbers.go(&mut list, Motion::Down);
        assert_eq!(list.selected(), Some(&5_122), "the last");
        for n in (0..5_122).rev() {
            let above = list.position.selected - list.position.top;
            numbers.go(&mut list, Motion::Up);
            assert_eq!(list.selected(), Some(&n));
            let now_above = list.position.selected - list.position.top;
            assert!(now_above + 1 == above || now_above == 0, "what is being read stays where it is");
        }
        assert!(!list.go(Motion::First, HEIGHT), "the start is held");
    }

    #[test]
    fn reloading_keeps_the_position() {
        let numbers = Numbers(5_123);
        let mut list = PagedList::default();
        list.take(None, Ok(numbers.page(None)), (0, HEIGHT), |number| *number);
        assert_eq!(list.here(), None);
        for n in 1..3_000 {
            numbers.go(&mut list, Motion::Down);
            let Some(here) = list.here() else {
                assert!(n < 100);
                continue;
            };
            let before = (list.items.clone(), list.position);
            list.take(Some(&here), Ok(numbers.page(Some(&here))), (0, HEIGHT), |number| *number);
            assert_eq!((list.items.clone(), list.position), before);
        }
        // The first loaded page has no page above it.
        for _ in 0..940 {
            list.go(Motion::Up, HEIGHT);
        }
        let selected = list.selected().copied();
        let here = list.here().unwrap();
        assert!(here.as_str().starts_with('<'));
        list.take(Some(&here), Ok(numbers.page(Some(&here))), (0, HEIGHT), |number| *number);
        assert_eq!(list.selected().copied(), selected);
    }

    #[test]
    fn moved_items_are_found_again_and_no_gap_is_left() {
        let numbers = Numbers(500);
        let mut list = PagedList::default();
        list.take(None, Ok(numbers.page(None)), (0, HEIGHT), |number| *number);
        for _ in 0..150 {
            numbers.go(&mut list, Motion::Down);
        }
        // Two items were inserted before, so the page ends earlier.
        let mut page = numbers.page(list.here().as_ref());
        page.items.splice(..0, [1_000, 1_001]);
        page.items.truncate(100);
        page.next = Some(Cursor::from(">198".to_owned()));
        list.take(list.here().as_ref(), Ok(page), (0, HEIGHT), |number| *number);
        assert_eq!((list.selected(), list.position.selected), (Some(&150), 152));
        assert_eq!(list.items.last(), Some(&197), "what was beyond the end is loaded from there on");
        let next = list.wanted(0).unwrap();
        assert_eq!(next.as_str(), ">198");
    }

    #[test]
    fn dead_cursors_are_not_requested_again() {
        let far = || {
            let numbers = Numbers(500);
            let mut list = PagedList::default();
            list.take(None, Ok(numbers.page(None)), (0, HEIGHT), |number| *number);
            for _ in 0..150 {
                numbers.go(&mut list, Motion::Down);
            }
            list
        };
        let mut list = far();
        list.start_over();
        assert_eq!((list.here(), list.wanted(0), list.selected()), (None, None, Some(&150)));
        for (pointer, known) in [("/cursor", false), ("/limit", true)] {
            let mut list = far();
            let here = list.here();
            let wrong = Violation { pointer: pointer.into(), code: "invalid".into(), message: "no".into() };
            let error = ApiError { message: "no".to_owned(), fields: vec![wrong], kind: ErrorKind::Other };
            list.take(here.as_ref(), Err(error), (0, HEIGHT), |number| *number);
            assert_eq!((list.here().is_some(), list.items.len()), (known, 300), "{pointer}");
        }
    }

    #[test]
    fn a_page_that_comes_twice_or_too_late_is_ignored() {
        let numbers = Numbers(500);
        let mut list = PagedList::default();
        list.take(None, Ok(numbers.page(None)), (0, HEIGHT), |number| *number);
        let next = Cursor::from(">100".to_owned());
        for _ in 0..2 {
            list.take(Some(&next), Ok(numbers.page(Some(&next))), (0, HEIGHT), |number| *number);
            assert_eq!(list.items.len(), 200);
        }
        let elsewhere = Cursor::from(">400".to_owned());
        list.take(Some(&elsewhere), Ok(numbers.page(Some(&elsewhere))), (0, HEIGHT), |number| *number);
        assert_eq!(list.items.len(), 200);
    }

    #[test]
    fn the_selection_stays_on_the_screen() {
        let mut position = Position::default();
        for (motion, selected, top) in [
            (Motion::Up, 0, 0),
            (Motion::Down, 1, 0),
            (Motion::PageDown, 6, 2),
            (Motion::Last, 9, 5),
            (Motion::Down, 9, 5),
            (Motion::PageUp, 4, 4),
            (Motion::First, 0, 0),
        ] {
            position.go(motion, 10, 5);
            assert_eq!((position.selected, position.top), (selected, top), "{motion:?}");
        }
        assert_eq!(Motion::of(Action::Quit), None);
        position.settle(0, 5);
        assert_eq!(position.selected, 0);
    }
}

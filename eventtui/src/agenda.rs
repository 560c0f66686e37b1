//! The agenda's state, and how messages change it: no terminal, no clock, no database.

use chrono_tz::Tz;
use crossterm::event::{KeyCode, KeyModifiers};
use eventcore::events::Occurrence;
use eventcore::{Cursor, Page};

/// What happened.
#[derive(Debug)]
pub(crate) enum Message {
    Key(KeyCode, KeyModifiers),
    /// The page at a cursor, or why there is none.
    Loaded(Option<Cursor>, Result<Page<Occurrence>, String>),
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Quit,
    Load(Option<Cursor>),
}

/// All that the screen shows.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) place: String,
    /// In which zone times are shown; each event's own, if none.
    pub(crate) zone: Option<Tz>,
    pub(crate) dates: Vec<Occurrence>,
    pub(crate) selected: usize,
    pub(crate) loading: bool,
    pub(crate) failure: Option<String>,
    next: Option<Cursor>,
    /// Rows of the list, as it was last drawn.
    pub(crate) height: usize,
}

/// What a key does here, and what the bottom line says of it.
pub(crate) const KEYS: &[(&str, &str)] =
    &[("↑↓ j k", "move"), ("PgUp PgDn", "page"), ("g G", "first, last"), ("R", "reload"), ("q", "quit")];

/// Dates that remain below the selection before more are loaded.
const AHEAD: usize = 50;

impl State {
    pub(crate) fn new(place: &str, zone: Option<Tz>) -> Self {
        Self {
            place: place.to_owned(),
            zone,
            dates: Vec::new(),
            selected: 0,
            loading: false,
            failure: None,
            next: None,
            height: 20,
        }
    }

    /// What to do first.
    pub(crate) fn begin(&mut self) -> Vec<Effect> {
        self.loading = true;
        vec![Effect::Load(None)]
    }

    /// Takes a message in; answers what is to be done.
    pub(crate) fn update(&mut self, message: Message) -> Vec<Effect> {
        match message {
            Message::Key(KeyCode::Char('q') | KeyCode::Esc, _) => return vec![Effect::Quit],
            Message::Key(KeyCode::Char('c'), modifiers) if modifiers.contains(KeyModifiers::CONTROL) => {
                return vec![Effect::Quit];
            }
            Message::Key(KeyCode::Char('R'), _) if !self.loading => return self.begin(),
            Message::Key(key, _) => self.go(key),
            Message::Loaded(cursor, Ok(page)) => self.take(cursor.is_none(), page),
            Message::Loaded(_, Err(why)) => {
                self.loading = false;
                self.failure = Some(why);
            }
        }
        self.load_ahead()
    }

    fn go(&mut self, key: KeyCode) {
        let last = self.dates.len().saturating_sub(1);
        self.selected = match key {
            KeyCode::Down | KeyCode::Char('j') => self.selected + 1,
            KeyCode::Up | KeyCode::Char('k') => self.selected.saturating_sub(1),
            KeyCode::PageDown => self.selected + self.height,
            KeyCode::PageUp => self.selected.saturating_sub(self.height),
            KeyCode::Home | KeyCode::Char('g') => 0,
            KeyCode::End | KeyCode::Char('G') => last,
            _ => self.selected,
        }
        .min(last);
    }

    fn take(&mut self, from_the_start: bool, page: Page<Occurrence>) {
        self.loading = false;
        self.failure = None;
        if from_the_start {
            self.dates.clear();
        }
        self.dates.extend(page.items);
        self.next = page.next;
        self.go(KeyCode::Null);
    }

    fn load_ahead(&mut self) -> Vec<Effect> {
        if self.loading || self.selected + AHEAD < self.dates.len() {
            return Vec::new();
        }
        let Some(next) = self.next.take() else { return Vec::new() };
        self.loading = true;
        vec![Effect::Load(Some(next))]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn date(n: usize) -> Occurrence {
        let text = format!(
            r#"{{"id":"01890000-0000-7000-8000-{n:012}","event_id":"01890000-0000-7000-8000-000000000000","title":"Evening {n}","description":"Talks",
            "location":"Hall {n}","url":null,"original_start":"2027-03-04T18:30:00+01:00","starts_at":"2027-03-{:02}T18:30:00+01:00",
            "ends_at":"2027-03-{:02}T20:30:00+01:00","timezone":"Europe/Berlin","all_day":false,"status":"scheduled","overridden":[],"capacity":40,
            "seats_taken":8,"seats_left":32,"waitlist_length":0,"waitlist_enabled":true,"registration_open":true,
            "organizer":{{"id":"01890000-0000-7000-8000-000000000001","username":"ada","display_name":"Ada"}},"recurring":false,
            "links":{{"google":"","outlook":"","ics":""}},"version":1}}"#,
            n / 2 + 1,
            n / 2 + 1
        );
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) fn page(from: usize, to: usize, more: bool) -> Page<Occurrence> {
        let next = more.then(|| Cursor::from("next".to_owned()));
        Page { items: (from..to).map(date).collect(), next, previous: None, total: None }
    }

    fn press(state: &mut State, key: char) -> Vec<Effect> {
        state.update(Message::Key(KeyCode::Char(key), KeyModifiers::NONE))
    }

    #[test]
    fn moves_within_what_is_there_and_loads_ahead() {
        let mut state = State::new("events.db", None);
        assert_eq!(state.begin(), [Effect::Load(None)]);
        assert_eq!(state.update(Message::Loaded(None, Ok(page(0, 60, true)))), []);
        press(&mut state, 'k');
        assert_eq!(state.selected, 0);
        for _ in 0..9 {
            assert_eq!(press(&mut state, 'j'), []);
        }
        let next = Some(Cursor::from("next".to_owned()));
        assert_eq!(press(&mut state, 'j'), [Effect::Load(next.clone())]);
        assert_eq!(press(&mut state, 'j'), [], "one load at a time");
        assert_eq!(state.update(Message::Loaded(next, Ok(page(0, 5, false)))), []);
        press(&mut state, 'G');
        assert_eq!(state.selected, 64);
        assert_eq!(press(&mut state, 'q'), [Effect::Quit]);
    }

    #[test]
    fn a_failure_is_kept_beside_what_was_loaded() {
        let mut state = State::new("events.db", None);
        state.begin();
        state.update(Message::Loaded(None, Ok(page(0, 3, false))));
        assert_eq!(press(&mut state, 'R'), [Effect::Load(None)]);
        state.update(Message::Loaded(None, Err("the server is away".to_owned())));
        assert_eq!((state.dates.len(), state.failure.as_deref()), (3, Some("the server is away")));
    }
}

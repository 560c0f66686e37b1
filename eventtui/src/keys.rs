//! Every key: what it does and where. The help, the palette and the bottom line are made from this table.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

pub(crate) use crate::places::{Place, Tab};

/// What someone wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Quit,
    Back,
    Help,
    Palette,
    Tab(Tab),
    NextTab,
    PreviousTab,
    Search,
    Account,
    Zone,
    Theme,
    Reload,
    Undo,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    First,
    Last,
    Open,
    Today,
    PreviousMonth,
    NextMonth,
    PreviousWeek,
    NextWeek,
    Register,
    Rate,
    Unregister,
    PassOver,
    CopyLink,
    Ticket,
    OpenLink,
    SaveCalendar,
    GoToDay,
    New,
    Edit,
    EditFollowing,
    EditAll,
    Publish,
    CancelDate,
    CancelEvent,
    Attendees,
    Insights,
    Comments,
    Say,
    Reply,
    SayAgain,
    DeleteComment,
    HideComment,
    Feedback,
    Answer,
    Over,
    TakeAnswerBack,
    CheckIn,
    CheckInCode,
    Mark,
    Enlist,
    Remove,
    Save,
    SaveDraft,
    Write,
    StartOver,
    NextField,
    PreviousField,
    SignUp,
    SignOut,
    EditProfile,
    NewPassword,
    EndSession,
    Preferences,
}

/// A key, with what is held down beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key(pub(crate) KeyCode, pub(crate) KeyModifiers);

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        // A capital letter says by itself that shift was held.
        let shift =
            if matches!(event.code, KeyCode::Char(_)) { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
        Self(event.code, event.modifiers - shift)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1.contains(KeyModifiers::CONTROL) {
            f.write_str("^")?;
        }
        match self.0 {
            KeyCode::Char(' ') => f.write_str("space"),
            KeyCode::Char(c) if self.1.contains(KeyModifiers::CONTROL) => {
                write!(f, "{}", c.to_ascii_uppercase())
            }
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::Enter => f.write_str("⏎"),
            KeyCode::Esc => f.write_str("Esc"),
            KeyCode::Up => f.write_str("↑"),
            KeyCode::Down => f.write_str("↓"),
            KeyCode::Left => f.write_str("←"),
            KeyCode::Right => f.write_str("→"),
            KeyCode::PageUp => f.write_str("PgUp"),
            KeyCode::PageDown => f.write_str("PgDn"),
            KeyCode::Home => f.write_str("Home"),
            KeyCode::End => f.write_str("End"),
            KeyCode::Tab => f.write_str("Tab"),
            KeyCode::BackTab => f.write_str("⇧Tab"),
            KeyCode::F(n) => write!(f, "F{n}"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// What some keys do in some places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Binding {
    pub(crate) keys: &'static [Key],
    pub(crate) action: Action,
    pub(crate) places: &'static [Place],
    /// In the words of the help and the palette.
    pub(crate) what: &'static str,
    /// In the words of the bottom line; empty where it isn't shown there.
    pub(crate) short: &'static str,
}

const fn c(letter: char) -> Key {
    Key(KeyCode::Char(letter), KeyModifiers::NONE)
}

const fn ctrl(letter: char) -> Key {
    Key(KeyCode::Char(letter), KeyModifiers::CONTROL)
}

const fn k(code: KeyCode) -> Key {
    Key(code, KeyModifiers::NONE)
}

const LISTS: &[Place] = &[
    Place::Agenda,
    Place::Search,
    Place::Mine,
    Place::Organize,
    Place::Event,
    Place::Attendees,
    Place::Insights,
    Place::Comments,
    Place::Feedback,
    Place::Me,
    Place::Help,
    Place::Palette,
];
/// Lists that fill the screen.
const PAGES: &[Place] = &[
    Place::Agenda,
    Place::Search,
    Place::Mine,
    Place::Organize,
    Place::Attendees,
    Place::Insights,
    Place::Comments,
    Place::Feedback,
    Place::Me,
    Place::Help,
    Place::Palette,
];
const DATES: &[Place] = &[Place::Agenda, Place::Week, Place::Search, Place::Mine, Place::Event];
/// What shows days, and goes to any of them.
const DAYS: &[Place] = &[Place::Month, Place::Week, Place::Agenda];

const fn bind(
    keys: &'static [Key],
    action: Action,
    places: &'static [Place],
    short: &'static str,
    what: &'static str,
) -> Binding {
    Binding { keys, action, places, what, short }
}

/// The table. Of two rows for one key, the one for the narrower place comes first.
pub(crate) const BINDINGS: &[Binding] = &[
    bind(&[k(KeyCode::Up), c('k')], Action::Up, LISTS, "", "one up"),
    bind(&[k(KeyCode::Down), c('j')], Action::Down, LISTS, "move", "one down"),
    bind(&[k(KeyCode::PageUp), ctrl('b')], Action::PageUp, &[Place::Event], "", "one page up in the text"),
    bind(
        &[k(KeyCode::PageDown), ctrl('f')],
        Action::PageDown,
        &[Place::Event],
        "",
        "one page down in the text",
    ),
    bind(&[k(KeyCode::PageUp), ctrl('b')], Action::PageUp, PAGES, "", "one page up"),
    bind(&[k(KeyCode::PageDown), ctrl('f')], Action::PageDown, PAGES, "", "one page down"),
    bind(&[k(KeyCode::Home), c('g')], Action::First, LISTS, "", "to the first"),
    bind(&[k(KeyCode::End), c('G')], Action::Last, LISTS, "", "to the last"),
    bind(&[k(KeyCode::Left), c('h')], Action::Left, &[Place::Month, Place::Week], "", "a day back"),
    bind(&[k(KeyCode::Right), c('l')], Action::Right, &[Place::Month, Place::Week], "", "a day on"),
    bind(&[k(KeyCode::Up), c('k')], Action::Up, &[Place::Month], "", "a week back"),
    bind(&[k(KeyCode::Down), c('j')], Action::Down, &[Place::Month], "move", "a week on"),
    bind(&[c('['), k(KeyCode::PageUp)], Action::PreviousMonth, &[Place::Month], "", "a month back"),
    bind(&[c(']'), k(KeyCode::PageDown)], Action::NextMonth, &[Place::Month], "month", "a month on"),
    bind(&[k(KeyCode::Up), c('k')], Action::Up, &[Place::Week], "", "to the date before, or the day"),
    bind(&[k(KeyCode::Down), c('j')], Action::Down, &[Place::Week], "move", "to the next date, or day"),
    bind(&[k(KeyCode::Home), c('g')], Action::First, &[Place::Week], "", "to the first of the day"),
    bind(&[k(KeyCode::End), c('G')], Action::Last, &[Place::Week], "", "to the last of the day"),
    bind(&[c('['), k(KeyCode::PageUp)], Action::PreviousWeek, &[Place::Week], "", "a week back"),
    bind(&[c(']'), k(KeyCode::PageDown)], Action::NextWeek, &[Place::Week], "week", "a week on"),
    bind(&[c('w')], Action::Tab(Tab::Month), &[Place::Week], "month", "the month around the day"),
    bind(&[c('w')], Action::Tab(Tab::Week), &[Place::Month], "week", "the week around the day"),
    bind(&[c('d')], Action::GoToDay, DAYS, "", "to a day, as one says it"),
    bind(&[c('t')], Action::Today, DAYS, "today", "to today"),
    bind(
        &[k(KeyCode::Enter), c('l')],
        Action::Open,
        &[Place::Agenda, Place::Search, Place::Mine, Place::Organize, Place::Month, Place::Week],
        "open",
        "open what is selected",
    ),
    bind(&[k(KeyCode::Enter)], Action::Open, &[Place::Palette], "run", "run the command"),
    bind(&[c('r')], Action::Register, DATES, "register", "register for this date, or change the party"),
    bind(&[c('*')], Action::Rate, DATES, "", "say how it was: 1 to 5 stars, once it is over"),
    bind(&[c('x')], Action::Unregister, DATES, "", "give up the place (u brings it back for 5 s)"),
    bind(&[c('u')], Action::Undo, DATES, "", "undo giving up the place"),
    bind(
        &[c('s')],
        Action::PassOver,
        DATES,
        "",
        "pause while I wait: keep my place in line, and let others pass; or go on",
    ),
    bind(&[c('v')], Action::Ticket, &[Place::Event], "", "show my ticket, for the door"),
    bind(&[c('y')], Action::CopyLink, DATES, "", "copy the link to the clipboard"),
    bind(&[c('o')], Action::OpenLink, DATES, "", "open the link in the browser"),
    bind(&[c('i')], Action::SaveCalendar, DATES, "", "save the date for my calendar, as an .ics file"),
    bind(
        &[c('i')],
        Action::SaveCalendar,
        &[Place::Organize],
        "",
        "save the event for my calendar, as an .ics file",
    ),
    bind(
        &[c('n')],
        Action::New,
        &[Place::Organize, Place::Agenda, Place::Month, Place::Week],
        "new",
        "publish a new event",
    ),
    bind(
        &[c('e')],
        Action::Edit,
        &[Place::Organize, Place::Event],
        "edit",
        "edit: the whole event, or this date of a series",
    ),
    bind(&[c('f')], Action::EditFollowing, &[Place::Event], "", "edit this date and all that follow"),
    bind(&[c('E')], Action::EditAll, &[Place::Event], "", "edit all dates of the event"),
    bind(&[c('p')], Action::Publish, &[Place::Organize, Place::Event], "", "publish a draft"),
    bind(&[c('X')], Action::CancelDate, &[Place::Event], "", "cancel this date, or bring it back"),
    bind(&[c('D')], Action::CancelEvent, &[Place::Organize, Place::Event], "", "cancel the whole event"),
    bind(
        &[c('a')],
        Action::Attendees,
        &[Place::Event, Place::Organize],
        "attendees",
        "who comes and who waits",
    ),
    bind(
        &[c('I')],
        Action::Insights,
        &[Place::Event, Place::Organize],
        "insights",
        "what its dates say: registrations, attendance, ratings",
    ),
    bind(&[c('c')], Action::Comments, DATES, "comments", "what people say about it"),
    bind(&[c('c')], Action::Say, &[Place::Comments], "say", "say something"),
    bind(&[c('r')], Action::Reply, &[Place::Comments], "reply", "reply to the comment"),
    bind(&[c('e')], Action::SayAgain, &[Place::Comments], "edit", "say it anew: what I said"),
    bind(&[c('x')], Action::DeleteComment, &[Place::Comments], "delete", "delete what I said"),
    bind(&[c('H')], Action::HideComment, &[Place::Comments], "", "hide it, or show it again: for organizers"),
    bind(&[c('b')], Action::Over, &[Place::Organize], "past", "my dates until today, or what is ahead"),
    bind(
        &[c('F')],
        Action::Feedback,
        &[Place::Agenda, Place::Week, Place::Search, Place::Mine, Place::Event, Place::Organize],
        "",
        "what people gave it and wrote, and what organizers answered",
    ),
    bind(
        &[c('r'), k(KeyCode::Enter)],
        Action::Answer,
        &[Place::Feedback],
        "answer",
        "answer it in public, or change the answer: for organizers",
    ),
    bind(
        &[c('x')],
        Action::TakeAnswerBack,
        &[Place::Feedback],
        "take back",
        "take the answer back: for organizers",
    ),
    bind(
        &[k(KeyCode::Enter)],
        Action::CheckIn,
        &[Place::Attendees],
        "check in",
        "check in who is selected, or all that are marked; or undo it",
    ),
    bind(&[c(' ')], Action::Mark, &[Place::Attendees], "mark", "mark, to do something for several at once"),
    bind(
        &[c('n')],
        Action::Enlist,
        &[Place::Attendees],
        "add",
        "register someone by their name, or change their party",
    ),
    bind(
        &[c('x')],
        Action::Remove,
        &[Place::Attendees],
        "remove",
        "take off who is selected, or all that are marked",
    ),
    bind(&[c('c')], Action::CheckInCode, &[Place::Attendees], "code", "check in by a ticket code"),
    bind(&[ctrl('s')], Action::Save, &[Place::Form], "save", "save, and publish what is new"),
    bind(
        &[ctrl('d')],
        Action::SaveDraft,
        &[Place::Form],
        "draft",
        "save a new event as a draft, which only its organizers see",
    ),
    bind(&[ctrl('o')], Action::Write, &[Place::Form], "write", "write the description in $VISUAL or $EDITOR"),
    bind(&[ctrl('r')], Action::StartOver, &[Place::Form], "", "throw away what I typed, or bring it back"),
    bind(&[k(KeyCode::Enter), ctrl('s')], Action::Save, &[Place::Settings], "save", "save"),
    bind(&[k(KeyCode::Enter)], Action::Save, &[Place::Account], "go on", "sign in, or sign up"),
    bind(
        &[k(KeyCode::Tab), k(KeyCode::Down)],
        Action::NextField,
        &[Place::Form, Place::Account, Place::Settings],
        "next field",
        "to the next field",
    ),
    bind(
        &[k(KeyCode::BackTab), k(KeyCode::Up)],
        Action::PreviousField,
        &[Place::Form, Place::Account, Place::Settings],
        "",
        "to the field before",
    ),
    bind(&[k(KeyCode::Enter)], Action::NextField, &[Place::Form], "", "to the next field"),
    bind(
        &[ctrl('n')],
        Action::SignUp,
        &[Place::Account],
        "new account",
        "make an account instead of signing in",
    ),
    bind(&[c('e')], Action::EditProfile, &[Place::Me], "edit", "edit my name, address and time zone"),
    bind(&[c('p')], Action::NewPassword, &[Place::Me], "password", "set another password"),
    bind(&[c('x')], Action::EndSession, &[Place::Me], "end session", "end the session that is selected"),
    bind(&[ctrl('o')], Action::SignOut, &[Place::Me], "sign out", "sign out"),
    bind(&[k(KeyCode::Esc)], Action::Back, &[Place::Everywhere], "", "back; leave what is open"),
    bind(
        &[c('h')],
        Action::Back,
        &[
            Place::Event,
            Place::Attendees,
            Place::Insights,
            Place::Comments,
            Place::Feedback,
            Place::Me,
            Place::Ticket,
        ],
        "",
        "back",
    ),
    bind(&[c('f')], Action::Search, DAYS, "", "narrow it: by words, place, category, tag, days, free seats"),
    bind(&[c('/')], Action::Search, &[Place::Everywhere], "search", "search"),
    bind(&[c('1')], Action::Tab(Tab::Agenda), &[Place::Everywhere], "", "the agenda"),
    bind(&[c('2')], Action::Tab(Tab::Month), &[Place::Everywhere], "", "the month"),
    bind(&[c('w')], Action::Tab(Tab::Week), &[Place::Everywhere], "", "the week"),
    bind(&[c('3')], Action::Tab(Tab::Search), &[Place::Everywhere], "", "the search"),
    bind(&[c('4')], Action::Tab(Tab::Mine), &[Place::Everywhere], "", "what I attend"),
    bind(&[c('5')], Action::Tab(Tab::Organize), &[Place::Everywhere], "", "what I organize"),
    bind(&[k(KeyCode::Tab)], Action::NextTab, &[Place::Everywhere], "", "the next screen"),
    bind(&[k(KeyCode::BackTab)], Action::PreviousTab, &[Place::Everywhere], "", "the screen before"),
    bind(&[c('A')], Action::Account, &[Place::Everywhere], "", "my account: sign in, sign up, sign out"),
    bind(
        &[c(',')],
        Action::Preferences,
        &[Place::Everywhere],
        "",
        "my preferences: theme, time zone, what to open",
    ),
    bind(&[c('z')], Action::Zone, &[Place::Everywhere], "", "times in my zone, or in each event's own"),
    bind(&[c('T')], Action::Theme, &[Place::Everywhere], "", "the next theme"),
    bind(&[c('R'), k(KeyCode::F(5))], Action::Reload, &[Place::Everywhere], "", "load anew"),
    bind(&[c('?'), k(KeyCode::F(1))], Action::Help, &[Place::Everywhere], "help", "all keys of this screen"),
    bind(
        &[c(':'), ctrl('p')],
        Action::Palette,
        &[Place::Everywhere],
        "commands",
        "find a command by its name",
    ),
    bind(&[c('q')], Action::Quit, &[Place::Everywhere], "quit", "quit"),
    bind(&[ctrl('c')], Action::Quit, &[Place::Everywhere], "", "quit, whatever is open"),
];

fn is_letter(key: Key) -> bool {
    matches!(key.0, KeyCode::Char(_)) && key.1.is_empty()
}

impl Binding {
    /// Whether the binding means something in a place.
    pub(crate) fn holds_in(&self, place: Place) -> bool {
        self.places.contains(&place) || self.places.contains(&Place::Everywhere)
    }

    fn has(&self, key: Key, place: Place) -> bool {
        self.keys.contains(&key) && !(place.is_typed_in() && is_letter(key))
    }

    /// The keys that reach it in a place: those that mean nothing narrower there.
    pub(crate) fn keys_in(&self, place: Place) -> impl Iterator<Item = Key> {
        self.keys.iter().copied().filter(move |key| action(place, *key) == Some(self.action))
    }
}

/// What a key means in a place.
pub(crate) fn action(place: Place, key: Key) -> Option<Action> {
    let meant = |narrow: bool| {
        BINDINGS.iter().find(|binding| {
            let here = if narrow { binding.places.contains(&place) } else { binding.holds_in(place) };
            here && binding.has(key, place)
        })
    };
    meant(true).or_else(|| meant(false)).map(|binding| binding.action)
}

/// The bindings that hold in a place, the narrower ones first.
pub(crate) fn bindings(place: Place) -> impl Iterator<Item = &'static Binding> {
    let narrow = BINDINGS.iter().filter(move |binding| binding.places.contains(&place));
    let wide = BINDINGS.iter().filter(|binding| binding.places.contains(&Place::Everywhere));
    narrow.chain(wide).filter(move |binding| binding.keys_in(place).next().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_binding_is_reached_by_its_first_key_somewhere() {
        for binding in BINDINGS {
            let reached = Place::ALL
                .iter()
                .filter(|place| binding.holds_in(**place))
                .any(|place| binding.keys_in(*place).any(|key| action(*place, key) == Some(binding.action)));
            assert!(reached, "{binding:?}");
        }
    }

    #[test]
    fn letters_are_text_where_one_types() {
        assert_eq!(action(Place::Form, c('q')), None);
        assert_eq!(action(Place::Form, ctrl('c')), Some(Action::Quit));
        assert_eq!(action(Place::Search, c('j')), None);
        assert_eq!(action(Place::Search, k(KeyCode::Down)), Some(Action::Down));
        assert_eq!(action(Place::Form, k(KeyCode::Tab)), Some(Action::NextField));
        assert_eq!(action(Place::Agenda, k(KeyCode::Tab)), Some(Action::NextTab));
    }

    #[test]
    fn keys_are_written_as_people_know_them() {
        let written: Vec<_> = [c('q'), ctrl('p'), k(KeyCode::Enter), k(KeyCode::BackTab), c(' ')]
            .iter()
            .map(Key::to_string)
            .collect();
        assert_eq!(written, ["q", "^P", "⏎", "⇧Tab", "space"]);
    }
}

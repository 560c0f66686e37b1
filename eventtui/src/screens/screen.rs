//! The trait that every tab and every layer implements, and the state that all screens share.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;

use chrono::NaiveDate;
use eventcore::accounts::User;
use eventcore::events::{Event, Occurrence};
use eventcore::feedback::Feedback;
use eventcore::live::{EventNow, Followed};
use eventcore::registrations::Registration;
use eventcore::{Cursor, EventId, NotificationId};
use ratatui::Frame;
use ratatui::layout::Rect;

use super::compose::{ComposeMode, Composition};
use super::entries::Entries;
use super::form_drafts::FormDrafts;
use super::owner::Owner;
use super::prompt::{Confirmation, Prompt};
use crate::backend::{ApiError, ErrorKind, Request, Response, unexpected_response};
use crate::channels::ChannelChanges;
use crate::config::Config;
use crate::drafts::Draft;
use crate::inbox::Inbox;
use crate::keys::{Action, Key, Place};
use crate::message::{Effect, Purpose};
use crate::reference::Reference;
use crate::status::Status;
use crate::view_context::ViewContext;
use crate::widgets::list::{Motion, Pages};

/// A tab, or a layer that covers the tab until Esc closes it.
///
/// Methods that change something receive the shared [`Context`]. Through it a screen sends requests, shows
/// notices, prompts on the bottom line, and opens other screens. A screen has no access to the app or to
/// other screens.
pub(crate) trait Screen: fmt::Debug + Any {
    /// Selects the key bindings and the heading of the help.
    fn place(&self) -> Place;

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context);

    /// Runs an action of the keymap: moves the selection, else [`Self::perform`].
    fn run_action(&mut self, action: Action, cx: &mut Context) -> Handled {
        let moved = match (Motion::of(action), self.entries()) {
            (Some(motion), _) => self.move_selection(motion, cx),
            (None, Some(entries)) if matches!(action, Action::NextField | Action::PreviousField) => {
                entries.next(action == Action::PreviousField);
                Handled::Yes
            }
            (None, _) => Handled::No,
        };
        if moved == Handled::Yes { moved } else { self.perform(action, cx) }
    }

    /// Runs an action that does not move the selection.
    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled;

    /// Moves the selection in the list, or scrolls.
    fn move_selection(&mut self, motion: Motion, cx: &mut Context) -> Handled {
        let rows = self.list_rows(cx);
        let Some(list) = self.list() else { return Handled::No };
        if list.go(motion, rows) {
            self.load(LoadFrom::Start, cx);
        }
        Handled::Yes
    }

    /// The fields of a screen that consists of them. They receive keys and pasted text.
    fn entries(&mut self) -> Option<&mut Entries> {
        None
    }

    /// The state of loading or saving, shown on the note line. None for a screen that does neither.
    fn status(&self) -> Option<&Status> {
        None
    }

    /// Receives a key before the keymap does; returns whether it consumed the key.
    fn capture(&mut self, _key: Key, _cx: &mut Context) -> bool {
        false
    }

    /// Receives a key that has no binding here.
    fn press(&mut self, key: Key, _cx: &mut Context) {
        if let Some(entries) = self.entries() {
            entries.press(key);
        }
    }

    fn paste(&mut self, text: &str, _cx: &mut Context) {
        if let Some(entries) = self.entries() {
            entries.paste(text);
        }
    }

    /// Scrolls by one notch of the mouse wheel.
    fn wheel(&mut self, down: bool, cx: &mut Context) -> Handled {
        self.run_action(if down { Action::Down } else { Action::Up }, cx)
    }

    /// Receives a click at a column and row of the area of the screen. Called for tabs only.
    fn click(&mut self, _at: (u16, u16), _cx: &mut Context) {}

    /// Esc was pressed on a layer; returns whether the layer is to be closed.
    fn close(&mut self, _cx: &mut Context) -> bool {
        true
    }

    /// The list of a screen that loads its items page by page.
    fn list(&mut self) -> Option<&mut dyn Pages> {
        None
    }

    /// Rows of [`Self::list`] on the screen.
    fn list_rows(&self, cx: &Context) -> usize {
        cx.height()
    }

    /// The request for the page of [`Self::list`] at a cursor.
    fn page(&self, _cursor: Option<Cursor>, _cx: &Context) -> Option<(Purpose, Request)> {
        None
    }

    /// Loads what the screen shows. Called on opening, periodically while the screen is shown, and after
    /// changes.
    fn load(&mut self, from: LoadFrom, cx: &mut Context) {
        load_list(self, from, cx);
    }

    /// Loads the next or the previous page when the selection approaches the end of the loaded ones.
    fn load_more(&mut self, cx: &mut Context) {
        let now = cx.now;
        let wanted = self.list().and_then(|list| list.wanted(now));
        if let Some(cursor) = wanted
            && let Some((purpose, request)) = self.page(Some(cursor), cx)
        {
            cx.send(purpose, request);
        }
    }

    /// Receives the response to a request that this screen sent.
    fn responded(&mut self, _purpose: Purpose, _outcome: Result<Response, ApiError>, _cx: &mut Context) {}

    /// The occurrence that is shown or selected: what registering, links, comments and the like refer to.
    fn occurrence(&self, _view: &ViewContext) -> Option<&Occurrence> {
        None
    }

    /// The event that is selected, where the screen lists whole events.
    fn event(&self) -> Option<&Event> {
        None
    }

    /// The user's rating of [`Self::occurrence`], as far as it is loaded.
    fn my_rating(&self) -> Option<&Feedback> {
        None
    }

    /// The selected day of a calendar. The other calendar starts there.
    fn day(&self) -> Option<NaiveDate> {
        None
    }

    /// Continues on the day that was selected in the other calendar.
    fn start_on(&mut self, _day: NaiveDate) {}

    /// Shows a day that was typed; returns whether the screen shows days.
    fn go_to_day(&mut self, _day: NaiveDate, _cx: &mut Context) -> Handled {
        Handled::No
    }

    /// Text that was typed and is not saved: the key of the draft, and the draft unless nothing differs.
    fn draft(&self) -> Option<(String, Option<Draft>)> {
        None
    }

    /// Receives the text from the editor.
    fn edited(&mut self, _text: &str, _cx: &mut Context) {}

    /// Preferences were saved or refused; returns whether this screen had requested that.
    fn preferences_saved(&mut self, _error: Option<&ApiError>, _cx: &mut Context) -> bool {
        false
    }

    /// Keeps the selection on the screen after the list, its days or the size changed.
    fn settle(&mut self, _cx: &Context) {}

    /// Calls a function with each occurrence that the screen holds.
    fn each_occurrence(&mut self, _call: &mut dyn FnMut(&mut Occurrence)) {}

    /// An occurrence was loaded: replaces older copies.
    fn occurrence_loaded(&mut self, occurrence: &Occurrence) {
        self.each_occurrence(&mut |known| {
            if known.id == occurrence.id {
                known.clone_from(occurrence);
            }
        });
    }

    /// The occurrences and events on the screen, with `around` items above and below, whose changes the
    /// screen is told.
    fn followed(&self, _around: usize, _cx: &Context) -> Followed {
        Followed::default()
    }

    /// Whether the screen shows another version of an event than the present one.
    fn is_outdated(&self, _event: &EventNow) -> bool {
        false
    }

    /// A registration was changed or loaded; `mine`: whether it belongs to the signed-in user.
    fn registration_changed(&mut self, _registration: &Registration, _mine: bool) {}

    /// The zone that is shown changes from that of `before` to that of `after`.
    fn zone_changed(&mut self, _before: &ViewContext, _after: &ViewContext) {}

    /// Nobody is signed in any more: forgets what belongs to the user.
    fn signed_out(&mut self, _cx: &mut Context) {}
}

/// Loads the list of a screen, from its start or again around the selection.
pub(crate) fn load_list<S: Screen + ?Sized>(screen: &mut S, from: LoadFrom, cx: &mut Context) {
    let now = cx.now;
    let Some(list) = screen.list() else { return };
    list.status().begin(now);
    let cursor = match from {
        LoadFrom::Start => None,
        LoadFrom::Selection => list.here(),
    };
    if cursor.is_none() {
        list.start_over();
    }
    if let Some((purpose, request)) = screen.page(cursor, cx) {
        cx.send(purpose, request);
    }
}

/// Whether a screen handles an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handled {
    Yes,
    /// The app shows a notice that the key does nothing here.
    No,
}

/// Which page of a list is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoadFrom {
    /// The first.
    Start,
    /// The page of the selected item.
    Selection,
}

/// A request of a screen to the app.
#[derive(Debug)]
pub(crate) enum AppCommand {
    /// Puts a layer on top, and loads it.
    Open(Box<dyn Screen>),
    /// Opens the sign-in screen.
    SignIn,
    /// Closes a layer, wherever it is in the stack.
    Close(Owner),
    /// Runs an action on the screen that is on top by then.
    RunAction(Action),
    /// Opens the occurrence that an id or a link names.
    Find(Reference),
    /// Opens the agenda at a day.
    ShowAgenda(NaiveDate),
    /// Loads the screen on top again.
    Refresh,
    /// The outcome of signing in or out.
    UserLoaded(Result<Option<Box<User>>, ApiError>),
    RegistrationChanged(Box<Registration>),
    /// Marks all notifications up to this one as read, unless that is undone.
    ReadAllNotifications(NotificationId),
}

/// A message on the note line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// `✓` done, `!` needs attention, `✗` failed.
    pub(crate) sign: char,
    pub(crate) text: String,
    /// Milliseconds since the program began.
    pub(crate) until: u64,
}

/// How long a notice is shown, in milliseconds.
const NOTICE: u64 = 4_000;

/// The state that all screens share.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) view: ViewContext,
    /// The preferences, with the changes of this session.
    pub(crate) config: Config,
    pub(crate) me: Option<Box<User>>,
    pub(crate) inbox: Inbox,
    pub(crate) channels: ChannelChanges,
    /// Milliseconds since the program began.
    pub(crate) now: u64,
    /// Columns and rows of the terminal.
    pub(crate) size: (u16, u16),
    pub(crate) notice: Option<Notice>,
    pub(crate) prompt: Option<Prompt>,
    /// Text that was not sent, or whose response is awaited: composing the same again continues it.
    pub(crate) unsent: Option<Composition>,
    pub(crate) form_drafts: FormDrafts,
    /// The screen that is called.
    pub(crate) owner: Owner,
    pub(crate) commands: Vec<AppCommand>,
    pub(crate) effects: Vec<Effect>,
    /// Requests without a response so far, by ticket.
    pub(crate) waiting: HashMap<u64, (Owner, Purpose)>,
    /// The last request that may need the password, to send it again with it.
    pub(crate) may_need_password: Option<(u64, Request)>,
    next_ticket: u64,
    /// The number of keys that were pressed, and of those before the last prompt was sent.
    pub(crate) keys: u64,
    pub(crate) asked_after: u64,
}

impl Context {
    pub(crate) fn new(view: ViewContext) -> Self {
        Self {
            view,
            config: Config::default(),
            me: None,
            inbox: Inbox::default(),
            channels: ChannelChanges::default(),
            now: 0,
            size: (80, 24),
            notice: None,
            prompt: None,
            unsent: None,
            form_drafts: FormDrafts::default(),
            owner: Owner::App,
            commands: Vec::new(),
            effects: Vec::new(),
            waiting: HashMap::new(),
            may_need_password: None,
            next_ticket: 0,
            keys: 0,
            asked_after: 0,
        }
    }

    /// Rows of a list that fills the screen.
    pub(crate) fn height(&self) -> usize {
        usize::from(self.size.1.saturating_sub(5)).max(1)
    }

    pub(crate) fn notify(&mut self, sign: char, text: impl Into<String>) {
        self.notice = Some(Notice { sign, text: text.into(), until: self.now + NOTICE });
    }

    /// Shows why a request was refused, and what the user can do about it.
    pub(crate) fn notify_error(&mut self, error: &ApiError) {
        self.notify('✗', explain(error));
    }

    /// Whether a prompt whose request was refused may be shown again: the user has done nothing else since.
    pub(crate) const fn may_ask_again(&self) -> bool {
        self.prompt.is_none() && self.keys == self.asked_after
    }

    /// Shows that a response does not belong to its request.
    pub(crate) fn notify_unexpected(&mut self) {
        self.notify_error(&unexpected_response());
    }

    /// Sends a request. Of several requests for one purpose only the newest is awaited, except for changes.
    pub(crate) fn send(&mut self, purpose: Purpose, request: Request) {
        let kind = std::mem::discriminant(&purpose);
        self.waiting
            .retain(|_, (_, asked)| is_awaited_always(asked) || std::mem::discriminant(asked) != kind);
        self.next_ticket += 1;
        self.waiting.insert(self.next_ticket, (self.owner, purpose));
        if request.changes_credentials() {
            self.may_need_password = Some((self.next_ticket, request.clone()));
        }
        self.effects.push(Effect::SendRequest { ticket: self.next_ticket, request });
    }

    /// The number of requests that were sent so far.
    pub(crate) const fn requests_sent(&self) -> u64 {
        self.next_ticket
    }

    pub(crate) fn open(&mut self, screen: impl Screen) {
        self.commands.push(AppCommand::Open(Box::new(screen)));
    }

    /// Closes the screen that calls this.
    pub(crate) fn close(&mut self) {
        self.commands.push(AppCommand::Close(self.owner));
    }

    pub(crate) fn refresh(&mut self) {
        self.commands.push(AppCommand::Refresh);
    }

    /// Whether someone is signed in. Opens the sign-in screen if not.
    pub(crate) fn signed_in(&mut self) -> bool {
        if self.me.is_none() {
            self.commands.push(AppCommand::SignIn);
        }
        self.me.is_some()
    }

    /// Prompts for confirmation before a change that cannot be undone.
    pub(crate) fn confirm(&mut self, text: String, request: Request, then: Purpose) {
        let request = Box::new(request);
        self.prompt = Some(Prompt::Confirm(Confirmation { text, request, then, owner: self.owner }));
    }

    /// Prompts for a text, starting with `original` or with the unsent text for the same thing.
    pub(crate) fn compose(&mut self, event: EventId, mode: ComposeMode, label: String, original: String) {
        let unsent = self.unsent.take_if(|unsent| unsent.event == event && unsent.mode.is_like(mode));
        let composition = Composition::new(event, mode, label, original, unsent);
        self.prompt = Some(Prompt::Compose(composition));
    }
}

/// Whether every request for a purpose is awaited. That holds for changes; of requests for data to show, only
/// the newest is awaited.
const fn is_awaited_always(purpose: &Purpose) -> bool {
    match purpose {
        Purpose::Command(_)
        | Purpose::CheckInByCode(_)
        | Purpose::DeleteEvent
        | Purpose::RemoveCoOrganizer(_)
        | Purpose::AttendeeBatch(..)
        | Purpose::Register { .. }
        | Purpose::SetAutoPromote
        | Purpose::ReadNotification(_)
        | Purpose::ReadAllNotifications
        | Purpose::Mute(_)
        | Purpose::SaveChannels
        | Purpose::RotateSecret
        | Purpose::StoreImport
        | Purpose::SendText
        | Purpose::Download(_) => true,
        Purpose::CurrentUser
        | Purpose::Categories
        | Purpose::MyStatuses
        | Purpose::Agenda(_)
        | Purpose::Search(_)
        | Purpose::Month
        | Purpose::MonthTitles(_)
        | Purpose::Day(_)
        | Purpose::Week
        | Purpose::MyRegistrations(_)
        | Purpose::Unrated
        | Purpose::OrganizedEvents(_)
        | Purpose::PastOccurrences(_)
        | Purpose::OccurrenceDetail(_)
        | Purpose::Find(_)
        | Purpose::CoOrganizers(_)
        | Purpose::CategoryList
        | Purpose::Attendees(..)
        | Purpose::Insights(_)
        | Purpose::Comments(_)
        | Purpose::Feedback(..)
        | Purpose::SignIn
        | Purpose::Account
        | Purpose::Tokens
        | Purpose::Webhooks
        | Purpose::Deliveries(_)
        | Purpose::SaveWebhook
        | Purpose::Subscriptions
        | Purpose::SaveSubscription
        | Purpose::TryImport
        | Purpose::News
        | Purpose::Inbox(_)
        | Purpose::NotificationPreferences
        | Purpose::SaveReminders
        | Purpose::SaveSettings
        | Purpose::SaveForm => false,
    }
}

/// The message of a error, with what the user can do about it.
pub(crate) fn explain(error: &ApiError) -> String {
    match error.kind {
        ErrorKind::SignedOut => format!("{} (A signs in)", error.message),
        ErrorKind::Unavailable => {
            let stop = if error.message.ends_with('.') { "" } else { "." };
            format!("{}{stop} Showing the last known state", error.message)
        }
        ErrorKind::PasswordRequired | ErrorKind::WrongOccurrence | ErrorKind::Other => error.message.clone(),
    }
}

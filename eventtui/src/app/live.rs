//! Following what changes on the screen, rather than asking for it again and again.

use std::collections::BTreeSet;

use eventcore::UserId;
use eventcore::live::{Followed, InboxNow, LiveEvent, SeatsNow};

use super::{App, FRESH};
use crate::keys::Place;
use crate::message::{Effect, LiveUpdate};

/// Items around those on the screen that are followed, too: scrolling by a page opens no new stream.
const AROUND: usize = 40;
/// How long the screen rests before what is on it is followed, in milliseconds.
const REST: u64 = 300;
/// The least time between two loads that messages cause, in milliseconds.
const GAP: u64 = 2_000;
/// Age from which on a screen is loaded again whose changes are told, in milliseconds: new events are not.
const FRESH_IF_TOLD: u64 = 60_000;

/// A year, in milliseconds.
const NEVER: u64 = 365 * 24 * 60 * 60 * 1_000;

impl App {
    /// Loads nothing again that nobody asks for.
    #[cfg(debug_assertions)]
    pub(crate) fn stop_polls(&mut self) {
        self.live.is_without_polls = true;
    }

    /// What the screen on top shows, with `around` items above and below.
    fn on_screen(&self, around: usize) -> Followed {
        self.stack.top().followed(around, &self.cx)
    }

    /// Follows what is on the screen now, if that is not followed yet.
    pub(super) fn follow_screen(&mut self) {
        let user = self.cx.me.as_ref().map(|me| me.id);
        if user != self.live.user {
            return self.open_stream(user);
        }
        let shown = bounded(self.on_screen(0), &Followed::default());
        let is_followed = shown.occurrences.is_subset(&self.live.followed.occurrences)
            && shown.events.is_subset(&self.live.followed.events);
        if is_followed {
            self.live.follow_at = None;
            return;
        }
        // Nobody waits for the first one.
        let rest = if self.live.stream == 0 { 0 } else { REST };
        if *self.live.follow_at.get_or_insert(self.cx.now + rest) <= self.cx.now {
            self.open_stream(user);
        }
    }

    /// Opens another stream, which begins with the present state.
    fn open_stream(&mut self, user: Option<UserId>) {
        let followed = bounded(self.on_screen(0), &self.on_screen(AROUND));
        let live = &mut self.live;
        live.stream += 1;
        (live.followed, live.user, live.follow_at) = (followed.clone(), user, None);
        let is_something = followed != Followed::default() || user.is_some();
        live.is_connected &= is_something;
        let followed = is_something.then_some(followed);
        self.cx.effects.push(Effect::Follow { stream: self.live.stream, followed });
    }

    /// Takes what a stream tells.
    pub(super) fn told(&mut self, stream: u64, update: LiveUpdate) {
        if stream != self.live.stream {
            return;
        }
        match update {
            LiveUpdate::Connected => self.live.is_connected = true,
            LiveUpdate::Lost => self.live.is_connected = false,
            LiveUpdate::Told(event) => match &*event {
                LiveEvent::Seats(seats) => self.show_seats(seats),
                LiveEvent::Event(event) if self.stack.top().is_outdated(event) => self.load_soon(),
                LiveEvent::Inbox(inbox) => self.show_inbox(inbox),
                LiveEvent::Gone(_) | LiveEvent::Reset => self.load_soon(),
                _ => {}
            },
        }
    }

    /// Shows the seats of an occurrence on all screens.
    fn show_seats(&mut self, seats: &SeatsNow) {
        let top = self.stack.top_owner();
        let (mut is_outdated, mut has_other_seats) = (false, false);
        for owner in self.stack.owners() {
            let Some(screen) = self.stack.get_mut(owner) else { continue };
            screen.each_occurrence(&mut |occurrence| {
                if occurrence.id == seats.occurrence_id {
                    let before = (occurrence.seats_taken, occurrence.waitlist_length);
                    has_other_seats |= before != (seats.seats_taken, seats.waitlist_length);
                    occurrence.status = seats.status;
                    occurrence.capacity = seats.capacity;
                    occurrence.seats_taken = seats.seats_taken;
                    occurrence.seats_left = seats.seats_left;
                    occurrence.waitlist_length = seats.waitlist_length;
                    // The rest of it, too, is to be that of the version.
                    is_outdated |= owner == top && occurrence.version != seats.version;
                }
            });
        }
        if is_outdated || has_other_seats && self.at() == Place::Attendees {
            self.load_soon();
        }
    }

    /// Shows the number of unread notifications, and a new one.
    fn show_inbox(&mut self, inbox: &InboxNow) {
        if self.cx.me.is_none() {
            return;
        }
        self.cx.inbox.take_count(inbox.unread_count);
        if let Some(notification) = &inbox.notification {
            self.show_news(std::slice::from_ref(notification));
        }
        // What is told of my registrations changes their state on other screens.
        if inbox.notification.is_some() || self.at() == Place::Inbox {
            self.load_soon();
        }
    }

    /// Loads the screen on top soon, once for all that is told until then.
    fn load_soon(&mut self) {
        let next = self.live.loaded_at.map_or(0, |at| at + GAP);
        let at = next.max(self.cx.now + 100);
        self.live.load_at.get_or_insert(at);
    }

    /// Loads the screen on top if that is due.
    pub(super) fn load_told(&mut self) {
        if self.live.load_at.take_if(|at| *at <= self.cx.now).is_some() {
            self.live.loaded_at = Some(self.cx.now);
            self.refresh();
        }
    }

    /// Age from which on the screen is loaded again, in milliseconds.
    pub(super) fn fresh(&self) -> u64 {
        let is_told = matches!(
            self.at(),
            Place::Agenda
                | Place::Search
                | Place::Month
                | Place::Week
                | Place::Mine
                | Place::Organize
                | Place::Event
                | Place::Inbox
        );
        if self.live.is_without_polls {
            return NEVER;
        }
        let has_failed = self.status().is_some_and(|status| status.failure.is_some());
        if is_told && self.live.is_connected && !has_failed { FRESH_IF_TOLD } else { FRESH }
    }
}

/// What is followed: all of `shown` that fits, then what is around it.
fn bounded(shown: Followed, around: &Followed) -> Followed {
    fn first<T: Ord + Copy>(shown: BTreeSet<T>, around: &BTreeSet<T>) -> BTreeSet<T> {
        let more: Vec<T> = around.difference(&shown).copied().collect();
        shown.into_iter().chain(more).take(Followed::LIMIT).collect()
    }
    Followed {
        occurrences: first(shown.occurrences, &around.occurrences),
        events: first(shown.events, &around.events),
    }
}

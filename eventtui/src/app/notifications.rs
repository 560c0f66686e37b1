//! What concerns all screens about notifications: the number of unread ones, reading, muting.

use eventcore::notifications::{KindPreference, Notification};
use eventcore::{EventId, NotificationId};

use super::App;
use super::pending_change::Undoable;
use crate::backend::{ApiError, NotificationsRequest, Request, Response};
use crate::desktop_notice::DesktopNotices;
use crate::message::{Effect, Purpose};
use crate::screens::inbox_words;
use crate::screens::owner::Owner;

impl App {
    /// Requests the number of unread notifications.
    pub(super) fn load_news(&mut self) {
        if self.cx.me.is_some() {
            self.cx.send(Purpose::News, Request::Notifications(NotificationsRequest::News));
        }
    }

    /// Takes the number of unread notifications. The screen tells of a server that is unavailable.
    pub(super) fn take_news(&mut self, outcome: Result<Response, ApiError>) {
        if let Ok(Response::Notifications(news)) = outcome {
            self.cx.inbox.take_count(news.unread_count);
            self.show_news(&news.page.items);
        }
    }

    /// Shows those on the desktop that were not shown before, if that is wanted.
    pub(super) fn show_news(&mut self, unread: &[Notification]) {
        let by = self.cx.config.notices;
        let (title, text) = match self.cx.inbox.take_news(unread).as_slice() {
            [] => return,
            _ if by == DesktopNotices::Off => return,
            [told] => (inbox_words::title(told), inbox_words::sentence(told, &self.cx.view)),
            several => (format!("{} new notifications", several.len()), "eventtui: N lists them".to_owned()),
        };
        self.cx.effects.push(Effect::ShowOnDesktop { by, title, text });
    }

    /// Shows all notifications up to one as read. That is sent once it can no longer be undone.
    pub(super) fn read_all_notifications(&mut self, until: NotificationId) {
        self.begin_pending(Undoable::ReadAll(until), "All marked as read");
        self.cx.inbox.read_all(until);
    }

    /// The outcome of reading one notification.
    pub(super) fn notification_read(
        &mut self,
        notification: NotificationId,
        outcome: Result<Response, ApiError>,
    ) {
        self.cx.inbox.confirm(notification, outcome.is_ok());
        self.notifications_read(outcome);
    }

    /// The outcome of reading all notifications.
    pub(super) fn all_notifications_read(&mut self, outcome: Result<Response, ApiError>) {
        self.cx.inbox.confirm_all(outcome.is_ok());
        self.notifications_read(outcome);
    }

    fn notifications_read(&mut self, outcome: Result<Response, ApiError>) {
        if let Err(error) = outcome {
            self.cx.notify_error(&error);
        }
        // A count that was requested before may be outdated.
        self.load_news();
    }

    /// Mutes the event of the selected occurrence, or unmutes it.
    pub(super) fn toggle_mute(&mut self) {
        let Some(event) = self.occurrence().map(|occurrence| occurrence.event_id) else { return };
        if self.cx.signed_in() {
            let request = NotificationsRequest::ToggleMute(event);
            self.cx.send(Purpose::Mute(event), Request::Notifications(request));
        }
    }

    /// Shows whether an event is muted now.
    pub(super) fn event_muted(&mut self, event: EventId, outcome: Result<Response, ApiError>) {
        match outcome {
            Ok(Response::Muted(muted)) => {
                self.cx.inbox.set_muted(event, muted);
                let done = if muted {
                    "Event muted: no news of it, not even its cancellation"
                } else {
                    "Event not muted: you are told of it again"
                };
                self.begin_pending(Undoable::Mute { event, muted }, done);
                self.refresh();
            }
            Ok(_) => self.cx.notify_unexpected(),
            Err(error) => self.cx.notify_error(&error),
        }
    }

    /// Passes the saved channels to the screen, and saves what was changed meanwhile.
    pub(super) fn channels_saved(&mut self, owner: Owner, outcome: Result<Response, ApiError>) {
        if let Err(error) = &outcome {
            self.cx.notify_error(error);
        }
        self.deliver(owner, Purpose::SaveChannels, outcome);
        if let Some(kinds) = self.cx.channels.answered() {
            self.save_channels(owner, kinds);
        }
    }

    fn save_channels(&mut self, owner: Owner, kinds: Vec<KindPreference>) {
        self.cx.owner = owner;
        self.cx.send(Purpose::SaveChannels, Request::Notifications(NotificationsRequest::SetKinds(kinds)));
        self.cx.owner = Owner::App;
    }

    /// Saves the channels that wait for an earlier response: the program ends.
    pub(super) fn save_last_channels(&mut self) {
        if let Some(kinds) = self.cx.channels.last() {
            self.save_channels(Owner::App, kinds);
        }
    }
}

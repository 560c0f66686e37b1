//! What concerns all screens about notifications: the number of unread ones, reading, muting.

use eventcore::{EventId, NotificationId};

use super::App;
use super::pending_change::Undoable;
use crate::backend::{ApiError, NotificationsRequest, Request, Response};
use crate::message::Purpose;

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
        }
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
            }
            Ok(_) => self.cx.notify_unexpected(),
            Err(error) => self.cx.notify_error(&error),
        }
    }
}

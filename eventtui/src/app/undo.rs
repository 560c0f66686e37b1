//! The last change, as long as it can be undone.

use super::App;
use super::pending_change::{PendingChange, Undoable};
use crate::backend::{NotificationsRequest, Request};
use crate::message::Purpose;
use crate::screens::screen::Notice;

/// How long a change can be undone, in milliseconds.
const UNDO: u64 = 5_000;

impl App {
    /// Begins a change that can be undone, and shows its notice.
    pub(super) fn begin_pending(&mut self, what: Undoable, done: &str) {
        self.send_pending();
        let at = self.cx.now + UNDO;
        self.pending_change = Some(PendingChange { what, at });
        self.cx.notice =
            Some(Notice { sign: '✓', text: format!("{done} · u undoes it (5 s)"), until: at });
    }

    pub(super) fn undo(&mut self) {
        let Some(pending) = self.pending_change.take() else {
            return self.cx.notify('!', "Nothing to undo");
        };
        match pending.what {
            Undoable::Cancellation(occurrence) => self.restore_registration(occurrence),
            Undoable::ReadAll(_) => {
                self.cx.inbox.confirm_all(false);
                self.cx.notify('✓', "They are unread again");
            }
            Undoable::Mute { event, muted } => {
                let request = NotificationsRequest::SetMuted(event, !muted);
                self.cx.send(Purpose::Mute(event), Request::Notifications(request));
            }
        }
    }

    /// Sends the change that can no longer be undone, if there is one.
    pub(super) fn send_pending(&mut self) {
        match self.pending_change.take().map(|pending| pending.what) {
            Some(Undoable::Cancellation(occurrence)) => {
                let request = Request::CancelRegistration(occurrence);
                self.cx.send(Purpose::Command("Registration cancelled"), request);
            }
            Some(Undoable::ReadAll(until)) => {
                let request = NotificationsRequest::ReadAll { until: Some(until) };
                self.cx.send(Purpose::ReadAllNotifications, Request::Notifications(request));
            }
            Some(Undoable::Mute { .. }) | None => {}
        }
    }
}

//! Changes of the channels of notifications, saved one after another.

use eventcore::notifications::KindPreference;

/// The preferences are saved as a whole, so that of two requests on their way the older one could win: the
/// newest is sent once the one before it is answered.
#[derive(Debug, Default)]
pub(crate) struct ChannelChanges {
    /// What is being saved.
    sent: Option<Vec<KindPreference>>,
    /// What is to be saved next.
    next: Option<Vec<KindPreference>>,
}

impl ChannelChanges {
    /// What is wanted, as long as it is not saved.
    pub(crate) fn wanted(&self) -> Option<&[KindPreference]> {
        self.next.as_deref().or(self.sent.as_deref())
    }

    /// Takes a change; returns what is to be sent now.
    pub(crate) fn change(&mut self, kinds: Vec<KindPreference>) -> Option<Vec<KindPreference>> {
        if self.sent.is_some() {
            self.next = Some(kinds);
            return None;
        }
        self.sent = Some(kinds.clone());
        Some(kinds)
    }

    /// What was sent is answered; returns what is to be sent now.
    pub(crate) fn answered(&mut self) -> Option<Vec<KindPreference>> {
        self.sent = self.next.take();
        self.sent.clone()
    }

    /// What waits for an answer, to be sent at once by a program that ends.
    pub(crate) fn last(&mut self) -> Option<Vec<KindPreference>> {
        self.next.take()
    }
}

//! Drafts of forms that were left before they were saved, for this session and the next.

use crate::drafts::{Draft, Drafts};
use crate::message::Effect;

/// How long after the last key the draft of an open form is stored, in milliseconds: a crash loses little.
const PAUSE: u64 = 2_000;

/// The drafts by the keys of their forms.
#[derive(Debug, Default)]
pub(crate) struct FormDrafts {
    drafts: Drafts,
    /// Whether drafts are stored in a file.
    stored: bool,
    /// When the drafts of open forms are stored next, in milliseconds since the program began.
    pub(crate) store_at: Option<u64>,
    /// The key of a form that was left while it was being saved.
    pub(crate) saving: Option<String>,
    /// Whether the user was warned that quitting loses something.
    pub(crate) warned: bool,
}

impl FormDrafts {
    /// Starts with the drafts of an earlier session. From then on drafts are stored in the file.
    pub(crate) fn restore(&mut self, drafts: Drafts) {
        self.drafts = drafts;
        self.stored = true;
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Draft> {
        self.drafts.get(key)
    }

    /// Whether quitting loses what was typed; `typing`: whether an open form was changed.
    pub(crate) fn are_lost(&self, typing: bool) -> bool {
        !self.stored && (typing || !self.drafts.is_empty())
    }

    /// Something was typed into a form.
    pub(crate) const fn typed(&mut self, now: u64) {
        if self.stored {
            self.store_at = Some(now + PAUSE);
        }
    }

    /// Replaces or removes a draft; returns the effect that stores it, if anything changed.
    pub(crate) fn set(&mut self, key: String, draft: Option<Draft>) -> Option<Effect> {
        if self.drafts.get(&key) == draft.as_ref() {
            return None;
        }
        match &draft {
            Some(draft) => _ = self.drafts.insert(key.clone(), draft.clone()),
            None => _ = self.drafts.remove(&key),
        }
        self.stored.then_some(Effect::StoreDraft { key, draft })
    }

    /// The file cannot be written: drafts are kept for this session only.
    pub(crate) const fn cannot_store(&mut self) {
        self.stored = false;
    }
}

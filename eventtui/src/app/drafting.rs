//! Forms that are left before they are saved: what was typed into them is kept, also for the next time.

use super::{App, Layer};
use crate::drafts::{Draft, Drafts};
use crate::message::Effect;
use crate::screens::form::Form;

/// How long after the last key what was typed is kept, in case the program does not end as it should.
const PAUSE: u64 = 2_000;

impl App {
    /// Has drafts of before, which outlive the program.
    pub(crate) fn with_drafts(&mut self, drafts: Drafts) {
        self.drafts = drafts;
        self.keeps_drafts = true;
    }

    /// Opens a form, with what was typed before if it was left.
    pub(super) fn edit(&mut self, mut form: Form) {
        form.by = self.me.as_ref().map(|me| me.id);
        if let Some(draft) = self.drafts.get(&form.key()) {
            form.take(draft);
            if form.is_changed() {
                self.say('✓', "What you typed before is here again: ^R throws it away");
            }
        }
        self.layers.push(Layer::Form(Box::new(form)));
    }

    /// Keeps what was typed into a form that is left.
    pub(super) fn leave_form(&mut self, form: &Form) -> Vec<Effect> {
        if form.is_changed() {
            self.warned = false;
            self.say('✓', "What you typed is kept: the same key goes on with it");
        }
        self.saving = form.status.since.map(|_| form.key());
        self.keep(form.key(), form.draft())
    }

    /// Throws away what was typed, or brings it back.
    pub(super) fn start_over(&mut self) {
        let Some(Layer::Form(form)) = self.layers.last_mut() else { return };
        match form.start_over() {
            Some(true) => self.say('✓', "What you typed is thrown away: ^R brings it back, until you leave"),
            Some(false) => self.say('✓', "What you typed is here again"),
            None => self.say('!', "Nothing was typed here that could be thrown away"),
        }
        self.has_typed();
    }

    /// Something was typed into a form, or taken out of it.
    pub(super) fn has_typed(&mut self) {
        if self.keeps_drafts && matches!(self.layers.last(), Some(Layer::Form(_))) {
            self.keeps_at = Some(self.now + PAUSE);
        }
    }

    /// Keeps what is being typed, after a pause.
    pub(super) fn keep_typed(&mut self) -> Vec<Effect> {
        if self.keeps_at.is_none_or(|at| at > self.now) {
            return Vec::new();
        }
        self.keep_open()
    }

    /// Keeps what is typed in the forms that are open.
    pub(super) fn keep_open(&mut self) -> Vec<Effect> {
        self.keeps_at = None;
        self.open_drafts().into_iter().flat_map(|(key, draft)| self.keep(key, draft)).collect()
    }

    /// The same, for a program that ends before anything is done.
    pub(crate) fn last_drafts(&self) -> Vec<(String, Option<Draft>)> {
        let known = |(of, draft): &(String, Option<Draft>)| draft.is_some() || self.drafts.contains_key(of);
        self.open_drafts().into_iter().filter(known).collect()
    }

    /// What is typed in the forms that are open, by what they are for.
    fn open_drafts(&self) -> Vec<(String, Option<Draft>)> {
        let forms = self.layers.iter().filter_map(|layer| match layer {
            Layer::Form(form) => Some((form.key(), form.draft())),
            _ => None,
        });
        forms.collect()
    }

    /// Keeps a draft, or none any more; in the file too, where that differs from what it holds.
    pub(super) fn keep(&mut self, of: String, draft: Option<Draft>) -> Vec<Effect> {
        if self.drafts.get(&of) == draft.as_ref() {
            return Vec::new();
        }
        match &draft {
            Some(draft) => _ = self.drafts.insert(of.clone(), draft.clone()),
            None => _ = self.drafts.remove(&of),
        }
        if self.keeps_drafts { vec![Effect::Draft { of, draft }] } else { Vec::new() }
    }

    /// Drafts cannot be kept for the next time, and why.
    pub(super) fn cannot_keep(&mut self, why: &str) {
        self.keeps_drafts = false;
        self.say('✗', format!("What you type is not kept for the next time: {why}"));
    }
}

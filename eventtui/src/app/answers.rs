//! What answers change.

use eventcore::OccurrenceId;
use eventcore::events::{EventStatus, Occurrence};
use eventcore::registrations::MyRegistration;

use super::{App, Layer};
use crate::backend::{Answer, Cause, Refusal, Request, nonsense};
use crate::look::Mark;
use crate::message::{Effect, Purpose};

/// What is said of a refusal where it is not shown beside a field.
pub(super) fn words(refusal: &Refusal) -> String {
    match refusal.cause {
        Cause::SignedOut => format!("{} (A signs in)", refusal.message),
        Cause::Away => format!("{} What you see is what was known before", sentence(&refusal.message)),
        Cause::Other => refusal.message.clone(),
    }
}

fn sentence(text: &str) -> String {
    if text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}

impl App {
    pub(super) fn answered(&mut self, ticket: u64, outcome: Result<Answer, Refusal>) -> Vec<Effect> {
        // What nobody waits for any more is not heard.
        let Some(purpose) = self.waiting.remove(&ticket) else { return Vec::new() };
        if let Err(refusal) = &outcome
            && refusal.cause == Cause::SignedOut
            && !matches!(purpose, Purpose::SignIn)
        {
            self.sign_off();
        }
        match purpose {
            Purpose::Me => self.take_me(outcome),
            Purpose::SignIn => self.take_sign_in(outcome),
            Purpose::Save => self.take_saved(outcome),
            Purpose::Settings => self.take_settings(outcome),
            Purpose::Act(done) => self.take_done(done, outcome),
            Purpose::Come { .. } | Purpose::PassOver => self.take_place(&purpose, outcome),
            Purpose::All(then, people) => self.take_each(then, people, outcome),
            Purpose::Say => self.take_said(outcome),
            Purpose::Calendar(name) => self.take_calendar(name, outcome),
            other => {
                self.take_loaded(other, outcome);
                Vec::new()
            }
        }
    }

    fn sign_off(&mut self) {
        self.me = None;
        self.look.marks.clear();
        self.look.due.clear();
        self.looked_after.clear();
        self.layers.retain(|layer| !matches!(layer, Layer::Me(_)));
        (self.mine, self.organize, self.over) = Default::default();
    }

    fn take_me(&mut self, outcome: Result<Answer, Refusal>) -> Vec<Effect> {
        match outcome {
            Ok(Answer::Me(me)) => {
                if me.is_none() {
                    self.sign_off();
                }
                self.me = me;
            }
            Ok(_) => {}
            Err(refusal) => self.say('✗', words(&refusal)),
        }
        if self.me.is_none() {
            return Vec::new();
        }
        let mut effects = vec![self.ask(Purpose::Marks, Request::Mine { cursor: None })];
        effects.extend(self.load_tab());
        effects.extend(self.load_layer());
        effects
    }

    fn take_sign_in(&mut self, outcome: Result<Answer, Refusal>) -> Vec<Effect> {
        let now = self.now;
        if let Some(Layer::Account(account)) = self.layers.last_mut() {
            account.status.end(now, outcome.as_ref().err());
            if let Err(refusal) = outcome {
                account.entries.refuse(refusal);
                return Vec::new();
            }
            self.layers.pop();
        }
        if let Ok(Answer::Me(Some(me))) = &outcome {
            self.say('✓', format!("Hello, {}", me.display_name));
        }
        self.take_me(outcome)
    }

    fn take_saved(&mut self, outcome: Result<Answer, Refusal>) -> Vec<Effect> {
        let now = self.now;
        let left = self.saving.take();
        // The help may lie over it, and another form may be open by now, which is none of this answer's business.
        let is_asked = |layer: &Layer| matches!(layer, Layer::Form(form) if form.status.since.is_some());
        let place = self.layers.iter().rposition(is_asked);
        let saved = if let Some((place, Layer::Form(form))) =
            place.and_then(|n| Some((n, self.layers.get_mut(n)?)))
        {
            form.status.end(now, outcome.as_ref().err());
            if let Err(refusal) = outcome {
                form.refuse(refusal);
                return Vec::new();
            }
            let saved = form.key();
            self.layers.remove(place);
            Some(saved)
        } else if let Err(refusal) = &outcome {
            // It was left meanwhile, and is kept.
            self.say('✗', words(refusal));
            return Vec::new();
        } else {
            left
        };
        let mut effects = saved.map(|of| self.keep(of, None)).unwrap_or_default();
        if let Ok(Answer::Event(event)) = &outcome {
            let dates = if event.occurrence_count == 1 {
                "1 date".to_owned()
            } else {
                format!("{} dates", event.occurrence_count)
            };
            let text = if event.status == EventStatus::Draft {
                format!("{} is saved as a draft, with {dates}: p publishes it", event.title)
            } else {
                format!("{} is saved, with {dates}", event.title)
            };
            self.say('✓', text);
        } else {
            self.say('✓', "Saved");
        }
        effects.extend(self.refresh());
        effects
    }

    fn take_done(&mut self, done: &'static str, outcome: Result<Answer, Refusal>) -> Vec<Effect> {
        match outcome {
            Ok(Answer::Place(place)) => {
                self.say('✓', format!("{} is no longer checked in", place.user.display_name));
                self.learn(&place);
            }
            Ok(Answer::CheckedIn { registration, already }) => {
                let name = &registration.user.display_name;
                let (sign, text) = if already {
                    ('!', format!("{name} was checked in before"))
                } else {
                    ('✓', format!("{name} is in, party of {}", registration.party_size))
                };
                self.say(sign, text);
                self.learn(&registration);
            }
            Ok(answer @ Answer::Me(_)) => {
                self.say('✓', done);
                return self.take_me(Ok(answer));
            }
            Ok(_) => self.say('✓', done),
            Err(refusal) => self.say('✗', words(&refusal)),
        }
        self.refresh()
    }

    fn take_loaded(&mut self, purpose: Purpose, outcome: Result<Answer, Refusal>) {
        let here @ (now, _) = (self.now, self.height());
        if let Err(refusal) = &outcome {
            self.say('✗', words(refusal));
        }
        match (purpose, outcome) {
            (Purpose::Marks, Ok(Answer::Mine(page))) => self.mark(&page.items),
            (Purpose::Agenda(cursor), outcome) => {
                self.agenda.list.take(cursor.as_ref(), dates(outcome), here, |date| date.id);
            }
            (Purpose::Search(cursor), outcome) => {
                self.search.list.take(cursor.as_ref(), dates(outcome), here, |date| date.id);
            }
            (Purpose::Month, outcome) => self.month.take(outcome, now),
            (Purpose::Day(day), outcome) => self.month.take_day(day, outcome, now),
            (Purpose::Account, outcome) => self.take_account(outcome),
            (Purpose::Week, outcome) => self.week.take(outcome, now, &self.look),
            (Purpose::Mine(cursor), outcome) => {
                if let Ok(Answer::Mine(page)) = &outcome {
                    let page = page.items.clone();
                    self.mark(&page);
                }
                let outcome = outcome.and_then(|answer| match answer {
                    Answer::Mine(page) => Ok(page),
                    _ => Err(nonsense()),
                });
                self.mine.take(cursor.as_ref(), outcome, here, |mine| mine.registration.id);
            }
            (Purpose::Organized(cursor), outcome) => {
                let outcome = outcome.and_then(|answer| match answer {
                    Answer::Events(page) => Ok(page),
                    _ => Err(nonsense()),
                });
                self.organize.take(cursor.as_ref(), outcome, here, |event| event.id);
            }
            (Purpose::Over(cursor), outcome) => {
                if let Some(over) = &mut self.over {
                    over.list.take(cursor.as_ref(), dates(outcome), here, |date| date.id);
                }
            }
            (Purpose::Due, Ok(Answer::Due(due))) => self.look.due.extend(due),
            (Purpose::Detail(id), outcome) => self.take_detail(id, outcome),
            (Purpose::Attendees(id, cursor), outcome) => {
                if let Ok(Answer::Attendees { date, .. }) = &outcome {
                    self.learn_date(date);
                }
                if let Some(attendees) = self.attendees(id) {
                    attendees.take(cursor.as_ref(), outcome, here);
                }
            }
            (Purpose::Comments(event), outcome) => {
                for layer in &mut self.layers {
                    if let Layer::Comments(comments) = layer
                        && comments.event == event
                    {
                        comments.status.end(now, outcome.as_ref().err());
                        if let Ok(Answer::Comments(said)) = outcome {
                            comments.take(said);
                        }
                        break;
                    }
                }
            }
            (Purpose::Feedback(event, cursor), outcome) => {
                if let Some(heard) = self.heard(event) {
                    heard.take(cursor.as_ref(), outcome, here);
                }
            }
            (Purpose::Insights(event), outcome) => {
                for layer in &mut self.layers {
                    if let Layer::Insights(insights) = layer
                        && insights.event == event
                    {
                        insights.status.end(now, outcome.as_ref().err());
                        if let Ok(Answer::Insights(seen)) = outcome {
                            insights.seen = Some(seen);
                        }
                        break;
                    }
                }
            }
            _ => {}
        }
    }

    fn take_detail(&mut self, id: OccurrenceId, outcome: Result<Answer, Refusal>) {
        if let Ok(Answer::Date(detail)) = &outcome {
            self.learn_date(&detail.date);
            if detail.mine.is_some() {
                self.look.due.remove(&id);
            }
            let leaves = self.leaving.as_ref().is_some_and(|leaving| leaving.id == id);
            match &detail.place {
                // What can still be undone looks done.
                Some(_) if leaves => {}
                Some(place) => _ = self.look.marks.insert(id, Mark::from(place)),
                None => _ = self.look.marks.remove(&id),
            }
        }
        let now = self.now;
        for layer in &mut self.layers {
            match layer {
                Layer::Event(looked) if looked.id == id => return looked.take(outcome, now),
                _ => {}
            }
        }
    }

    /// Shows a date as it is now wherever it stands.
    fn learn_date(&mut self, date: &Occurrence) {
        self.agenda.learn(date);
        self.search.learn(date);
        self.week.learn(date);
        self.month.learn(date);
    }

    fn mark(&mut self, mine: &[MyRegistration]) {
        for mine in mine {
            let leaves =
                self.leaving.as_ref().is_some_and(|leaving| leaving.id == mine.registration.occurrence_id);
            if !leaves {
                self.look.marks.insert(mine.registration.occurrence_id, Mark::from(&mine.registration));
            }
        }
    }
}

fn dates(outcome: Result<Answer, Refusal>) -> Result<eventcore::Page<Occurrence>, Refusal> {
    outcome.and_then(|answer| match answer {
        Answer::Dates(page) => Ok(page),
        _ => Err(nonsense()),
    })
}

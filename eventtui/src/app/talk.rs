//! What people say: comments, and how it was.

use eventcore::EventId;
use eventcore::comments::CommentStatus;
use eventcore::events::Occurrence;
use eventcore::registrations::Registration;

use super::answers::words;
use super::{App, Layer, Question, Words};
use crate::backend::{Answer, Refusal, Request};
use crate::keys::Action;
use crate::look::ordinal;
use crate::message::{Effect, Purpose};
use crate::screens::comments::{Comments, Saying};
use crate::screens::feedback::Heard;
use crate::widgets::field::Field;
use crate::widgets::text::clean;

impl App {
    pub(super) fn talk(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Comments => return self.open_comments(),
            Action::Feedback => return self.open_feedback(),
            Action::Answer | Action::TakeAnswerBack => return self.answer(action),
            _ => {}
        }
        let Some(Layer::Comments(comments)) = self.layers.last() else { return Vec::new() };
        let (event, comment) = (comments.event, comments.selected().cloned());
        if !self.signed_in() {
            return Vec::new();
        }
        match (action, comment) {
            (Action::Say, _) => self.ask_what(event, Saying::New, ""),
            // What replies is answered beside it: replies have no replies.
            (Action::Reply, Some(comment)) => {
                self.ask_what(event, Saying::Reply(comment.parent_id.unwrap_or(comment.id)), "");
            }
            (Action::SayAgain, Some(comment)) => {
                let body = comment.body.clone().unwrap_or_default();
                self.ask_what(event, Saying::Again(comment.id, comment.version), &body);
            }
            (Action::DeleteComment, Some(comment)) => {
                let request = Request::DeleteComment(comment.id);
                self.sure("Delete this comment?".to_owned(), request, "It is deleted");
            }
            (Action::HideComment, Some(comment)) => {
                let hidden = comment.status != CommentStatus::Hidden;
                let then = if hidden { "Others no longer read it" } else { "Everyone reads it again" };
                return vec![
                    self.ask(Purpose::Act(then), Request::HideComment { comment: comment.id, hidden }),
                ];
            }
            _ => self.say('!', "No comment is selected"),
        }
        Vec::new()
    }

    pub(super) fn ask_how_it_was(&mut self) {
        let Some(date) = self.date().cloned() else { return };
        if self.signed_in() {
            let said = self.said_before(&date);
            let what = format!("How was {}? 1 to 5, and words", clean(&date.title));
            self.ask_for_words(what, date.event_id, Saying::Rating(date.id), said);
        }
    }

    /// What I said of a date before, as far as it is known: who says it anew changes it.
    fn said_before(&self, date: &Occurrence) -> String {
        let mine = match self.layers.last() {
            Some(Layer::Event(looked)) if looked.id == date.id => {
                looked.detail.as_ref().and_then(|detail| detail.mine.as_ref())
            }
            _ => None,
        };
        mine.map(|mine| format!("{} {}", mine.rating, mine.text).trim_end().to_owned()).unwrap_or_default()
    }

    fn open_feedback(&mut self) -> Vec<Effect> {
        let organized = self.organized();
        let about = match (organized, self.date()) {
            (Some(event), _) => Some((event.id, &event.title)),
            (None, date) => date.map(|date| (date.event_id, &date.title)),
        };
        let Some((event, title)) = about else { return Vec::new() };
        let heard = Heard::of(event, title);
        self.layers.push(Layer::Feedback(Box::new(heard)));
        self.load_layer()
    }

    /// Answers what is selected as an organizer, or takes the answer back; whether one may, the library decides.
    fn answer(&mut self, action: Action) -> Vec<Effect> {
        let Some(Layer::Feedback(heard)) = self.layers.last() else { return Vec::new() };
        let (event, said) = (heard.event, heard.list.selected().cloned());
        if !self.signed_in() {
            return Vec::new();
        }
        match (action, said) {
            (Action::Answer, Some(said)) => {
                self.ask_what(event, Saying::Answer(said.id), said.answer.as_deref().unwrap_or_default());
            }
            (_, Some(said)) if said.answer.is_some() => {
                let request = Request::Answer { feedback: said.id, text: None };
                self.sure("Take the answer back?".to_owned(), request, "The answer is taken back");
            }
            (_, Some(_)) => self.say('!', "It has no answer"),
            (_, None) => self.say('!', "Nothing is selected"),
        }
        Vec::new()
    }

    /// The feedback on an event, wherever it is open.
    pub(super) fn heard(&mut self, event: EventId) -> Option<&mut Heard> {
        self.layers.iter_mut().find_map(|layer| match layer {
            Layer::Feedback(heard) if heard.event == event => Some(&mut **heard),
            _ => None,
        })
    }

    fn open_comments(&mut self) -> Vec<Effect> {
        let Some(date) = self.date() else { return Vec::new() };
        let comments = Comments::of(date.event_id, &date.title);
        self.layers.push(Layer::Comments(Box::new(comments)));
        self.load_layer()
    }

    pub(super) fn ask_what(&mut self, event: EventId, saying: Saying, before: &str) {
        let what = match saying {
            Saying::New => "Say",
            Saying::Reply(_) => "Reply",
            Saying::Again(..) => "Say instead",
            Saying::Answer(_) => "Answer in public",
            Saying::Rating(_) => "How was it",
            Saying::Enlist(_) => "Who comes, and how many (bob 2)",
        };
        self.ask_for_words(what.to_owned(), event, saying, before.to_owned());
    }

    /// Asks what to say, beginning with what was there before, or with what was begun and left.
    fn ask_for_words(&mut self, what: String, event: EventId, saying: Saying, first: String) {
        let unsaid = self.unsaid.take_if(|words| words.event == event && words.saying.is_like(saying));
        let body = unsaid.map_or_else(|| Field::of(&first), |words| words.body);
        self.question = Some(Question::Say { what, words: Words { event, saying, first, body } });
    }

    /// Keeps what was begun and is left, unless nothing was.
    pub(super) fn keep_unsaid(&mut self, words: Words) {
        if !words.body.is_empty() && words.body.text() != words.first {
            self.say('✓', "What you typed is kept: the same key goes on with it");
            self.unsaid = Some(words);
        }
    }

    pub(super) fn say_it(&mut self, what: String, words: Words) -> Vec<Effect> {
        let (event, body) = (words.event, words.body.text());
        if body.trim().is_empty() {
            return Vec::new();
        }
        let request = match words.saying {
            Saying::New => Request::Say { event, reply_to: None, body },
            Saying::Reply(to) => Request::Say { event, reply_to: Some(to), body },
            Saying::Again(comment, version) => Request::SayAgain { comment, version, body },
            Saying::Answer(feedback) => Request::Answer { feedback, text: Some(body) },
            Saying::Rating(occurrence) => {
                let Some((rating, text)) = rating(&body) else {
                    self.say('!', "Stars first, from 1 to 5: 4 good talks");
                    self.question = Some(Question::Say { what, words });
                    return Vec::new();
                };
                Request::Rate { occurrence, rating, text }
            }
            Saying::Enlist(occurrence) => {
                let Some((username, party)) = guest(&body) else {
                    self.say('!', "A name first, and how many come behind it, from 1 on: bob 2");
                    self.question = Some(Question::Say { what, words });
                    return Vec::new();
                };
                Request::Enlist { occurrence, username, party }
            }
        };
        self.unsaid = Some(words);
        vec![self.ask(Purpose::Say, request)]
    }

    /// Whether it was heard: if not, the words are still there.
    pub(super) fn take_said(&mut self, outcome: Result<Answer, Refusal>) -> Vec<Effect> {
        match outcome {
            Ok(Answer::Place(place)) => {
                self.unsaid = None;
                self.say('✓', enlisted(&place));
                self.learn(&place);
            }
            Ok(_) => {
                let said = self.unsaid.take().map(|words| words.saying);
                let thanks = matches!(said, Some(Saying::Rating(_)));
                if let Some(Saying::Rating(date)) = said {
                    self.look.due.remove(&date);
                }
                self.say('✓', if thanks { "Thank you: the organizers read it" } else { "It is said" });
            }
            Err(refusal) => self.say('✗', format!("{} · what you typed is kept", words(&refusal))),
        }
        self.refresh()
    }
}

/// Reads `bob 2`: a name first, and how many come; else one.
fn guest(said: &str) -> Option<(String, i64)> {
    let mut words = said.split_whitespace();
    let name = words.next()?.trim_start_matches('@').to_owned();
    let party = words.next().map_or(Some(1), |many| many.parse().ok());
    let party = party.filter(|party| *party > 0)?;
    (!name.is_empty() && words.next().is_none()).then_some((name, party))
}

/// What became of someone whom an organizer registered.
fn enlisted(place: &Registration) -> String {
    let (name, party) = (&place.user.display_name, place.party_size);
    match place.position {
        Some(position) => format!("{name} waits, {} in line, for {party}", ordinal(position)),
        None => format!("{name} has a place, for {party}"),
    }
}

/// Reads `4 good talks`: stars first.
fn rating(said: &str) -> Option<(i64, String)> {
    let (stars, words) = said.trim().split_once(char::is_whitespace).unwrap_or((said.trim(), ""));
    let rating = stars.parse().ok().filter(|rating| (1..=5).contains(rating))?;
    Some((rating, words.trim().to_owned()))
}

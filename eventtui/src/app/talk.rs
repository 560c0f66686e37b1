//! What people say: comments, and how it was.

use eventcore::EventId;
use eventcore::comments::CommentStatus;
use eventcore::events::Occurrence;

use super::{App, Layer, Question};
use crate::backend::Request;
use crate::keys::Action;
use crate::message::{Effect, Purpose};
use crate::screens::comments::{Comments, Saying};
use crate::widgets::field::Field;

impl App {
    pub(super) fn talk(&mut self, action: Action) -> Vec<Effect> {
        if action == Action::Comments {
            return self.open_comments();
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
            self.question = Some(Question::Rate { date: Box::new(date), said });
        }
    }

    /// What I said of a date before, as far as it is known: who says it anew changes it.
    fn said_before(&self, date: &Occurrence) -> Field {
        let mine = match self.layers.last() {
            Some(Layer::Event(looked)) if looked.id == date.id => {
                looked.detail.as_ref().and_then(|detail| detail.mine.as_ref())
            }
            _ => None,
        };
        mine.map(|mine| Field::of(format!("{} {}", mine.rating, mine.text).trim_end())).unwrap_or_default()
    }

    /// Reads `4 good talks`: stars first.
    pub(super) fn rate(&mut self, date: Box<Occurrence>, said: Field) -> Vec<Effect> {
        let text = said.text();
        let (stars, words) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        match stars.parse() {
            Ok(rating @ 1..=5) => {
                let request = Request::Rate { occurrence: date.id, rating, text: words.trim().to_owned() };
                vec![self.ask(Purpose::Act("Thank you: the organizers read it"), request)]
            }
            _ => {
                self.say('!', "Stars first, from 1 to 5: 4 good talks");
                self.question = Some(Question::Rate { date, said });
                Vec::new()
            }
        }
    }

    fn open_comments(&mut self) -> Vec<Effect> {
        let Some(date) = self.date() else { return Vec::new() };
        let comments = Comments::of(date.event_id, &date.title);
        self.layers.push(Layer::Comments(Box::new(comments)));
        self.load_layer()
    }

    fn ask_what(&mut self, event: EventId, saying: Saying, before: &str) {
        self.question = Some(Question::Say { event, saying, body: Field::of(before) });
    }

    pub(super) fn say_it(&mut self, event: EventId, saying: Saying, body: &Field) -> Vec<Effect> {
        let body = body.text();
        if body.trim().is_empty() {
            return Vec::new();
        }
        let request = match saying {
            Saying::New => Request::Say { event, reply_to: None, body },
            Saying::Reply(to) => Request::Say { event, reply_to: Some(to), body },
            Saying::Again(comment, version) => Request::SayAgain { comment, version, body },
        };
        vec![self.ask(Purpose::Act("It is said"), request)]
    }
}

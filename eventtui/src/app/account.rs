//! My account, and what I prefer.

use super::{App, Layer};
use crate::backend::{Answer, Refusal, Request};
use crate::keys::Action;
use crate::message::{Effect, Purpose, Settled};
use crate::screens::account::Account;
use crate::screens::me::{self, Me};
use crate::screens::settings::{Settings, Todo};
use crate::widgets::text::fit;

impl App {
    pub(super) fn about_me(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Preferences => {
                let settings = Settings::preferences(&self.config);
                self.layers.push(Layer::Settings(Box::new(settings)));
            }
            Action::Account if self.me.is_none() => {
                self.layers.push(Layer::Account(Box::<Account>::default()));
            }
            Action::Account => {
                self.layers.push(Layer::Me(Box::<Me>::default()));
                return self.load_layer();
            }
            Action::SignUp => {
                if let Some(Layer::Account(account)) = self.layers.last_mut() {
                    account.turn();
                }
            }
            Action::SignOut => {
                self.layers.pop();
                return vec![self.ask(Purpose::Me, Request::SignOut)];
            }
            Action::EditProfile => {
                if let Some(me) = &self.me {
                    self.layers.push(Layer::Settings(Box::new(Settings::profile(me))));
                }
            }
            Action::NewPassword => self.layers.push(Layer::Settings(Box::new(Settings::password()))),
            Action::EndSession => self.ask_to_end_session(),
            _ => {}
        }
        Vec::new()
    }

    fn ask_to_end_session(&mut self) {
        let Some(Layer::Me(me)) = self.layers.last() else { return };
        let Some(session) = me.selected() else {
            return self.say('!', "No session is selected");
        };
        if session.current {
            let words = "This is the session that you use: end it and sign out?".to_owned();
            return self.sure(words, Request::SignOut, "You are signed out");
        }
        let (device, used) = (fit(&me::device(session), 30), me::last_used(session, &self.look));
        let words = format!("End the session of {}, last used {used}?", device.trim_end());
        self.sure(words, Request::EndSession(session.id), "The session has ended");
    }

    /// Saves what was typed in the settings that are open.
    pub(super) fn save_settings(&mut self) -> Vec<Effect> {
        let now = self.now;
        let Some(Layer::Settings(settings)) = self.layers.last_mut() else { return Vec::new() };
        match settings.save() {
            None => Vec::new(),
            Some(Todo::Nothing) => {
                self.layers.pop();
                Vec::new()
            }
            Some(Todo::Keep(config)) => {
                settings.status.begin(now);
                vec![Effect::Prefer(config)]
            }
            Some(Todo::Ask(request)) => {
                settings.status.begin(now);
                vec![self.ask(Purpose::Settings, request)]
            }
        }
    }

    /// Ends what was begun with the settings that are open; answers whether they were taken.
    fn end_settings<T>(&mut self, outcome: Result<T, Refusal>) -> Option<T> {
        let now = self.now;
        // Who left them meanwhile may have others open, which are none of this answer's business.
        let is_asked =
            |layer: &Layer| matches!(layer, Layer::Settings(settings) if settings.status.since.is_some());
        let Some(place) = self.layers.iter().rposition(is_asked) else {
            return outcome.map_err(|refusal| self.say('✗', refusal.message)).ok();
        };
        if let Layer::Settings(settings) = &mut self.layers[place] {
            settings.status.end(now, outcome.as_ref().err());
            match outcome {
                Ok(taken) => {
                    self.layers.remove(place);
                    return Some(taken);
                }
                Err(refusal) => settings.entries.refuse(refusal),
            }
        }
        None
    }

    pub(super) fn take_settings(&mut self, outcome: Result<Answer, Refusal>) -> Vec<Effect> {
        match self.end_settings(outcome) {
            Some(Answer::Me(me)) => {
                self.me = me;
                self.say('✓', "Saved");
            }
            Some(_) => self.say('✓', "Your password is changed, and your other sessions have ended"),
            None => return Vec::new(),
        }
        self.refresh()
    }

    pub(super) fn take_account(&mut self, outcome: Result<Answer, Refusal>) {
        let (now, rows, width) = (self.now, self.height() + 1, self.size.0);
        let known = self.layers.iter_mut().find_map(|layer| match layer {
            Layer::Me(me) => Some(me),
            _ => None,
        });
        let Some(layer) = known else { return };
        layer.status.end(now, outcome.as_ref().err());
        if let Ok(Answer::Account { me, sessions }) = outcome {
            let before = layer.selected().map(|session| session.id);
            let place = sessions.iter().position(|session| Some(session.id) == before);
            layer.position.selected = place.unwrap_or(layer.position.selected);
            layer.sessions = sessions;
            let head = layer.head((&self.look, Some(&me), &self.config), (width, rows)).len();
            layer.position.settle(layer.sessions.len(), rows.saturating_sub(head));
            self.me = Some(me);
        }
    }

    pub(super) fn take_preferred(&mut self, outcome: Result<Box<Settled>, Refusal>) {
        let Some(kept) = self.end_settings(outcome) else { return };
        let selected = self.week.selected(&self.look).map(|date| date.id);
        self.look.theme = kept.theme;
        self.look.mine = kept.mine;
        self.look.in_mine = kept.config.in_mine;
        self.week.follow(selected, &self.look);
        self.config = kept.config;
        self.say('✓', "Kept: they hold now, and whenever you start");
    }
}

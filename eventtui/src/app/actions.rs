//! What actions do.

use crossterm::event::KeyCode;
use eventcore::events::Occurrence;

use super::{App, Layer, Question};
use crate::backend::Request;
use crate::keys::{Action, Key, Place, Tab};
use crate::message::{Effect, Purpose};
use crate::screens::account::Account;
use crate::screens::event::Looked;
use crate::screens::form;
use crate::screens::help::Help;
use crate::screens::palette::Palette;
use crate::widgets::field::Field;
use crate::widgets::list::{Pages, Position};

impl App {
    pub(crate) fn act(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Quit => return self.quit(),
            Action::Back => return self.back(),
            Action::Help => self.layers.push(Layer::Help(Box::new(Help::of(self.at())))),
            Action::Palette => self.layers.push(Layer::Palette(Box::new(Palette::of(self.at())))),
            Action::Tab(tab) => return self.open_tab(tab),
            Action::NextTab => return self.open_tab(self.tab.beside(1)),
            Action::PreviousTab => return self.open_tab(self.tab.beside(4)),
            Action::Search => return self.open_tab(Tab::Search),
            Action::Zone => {
                let selected = self.week.selected(&self.look).map(|date| date.id);
                self.look.in_mine = !self.look.in_mine;
                self.config.in_mine = self.look.in_mine;
                self.week.follow(selected, &self.look);
                let whose = if self.look.in_mine { self.look.mine.name() } else { "each event's own zone" };
                self.say('✓', format!("Times are shown in {whose}"));
            }
            Action::Theme => {
                self.look.theme = self.look.theme.next();
                self.config.theme = Some(self.look.theme.name.to_owned());
                self.say('✓', format!("Theme: {}", self.look.theme.name));
            }
            Action::Reload => {
                let effects = self.refresh();
                if effects.is_empty() {
                    self.say('!', "There is nothing here to load anew");
                }
                return effects;
            }
            Action::Undo => self.undo(),
            Action::Open if self.at() == Place::Palette => return self.run_command(),
            Action::Open => return self.open(),
            Action::Register => self.ask_party(),
            Action::Rate => self.ask_how_it_was(),
            Action::Unregister => return self.leave(),
            Action::PassOver => return self.pass_over(),
            Action::Ticket => self.show_ticket(),
            Action::CopyLink => return self.copy_link(),
            Action::OpenLink => return self.open_link(),
            Action::SaveCalendar => return self.save_calendar(),
            Action::GoToDay => self.question = Some(Question::Day(Field::default())),
            Action::CheckIn | Action::CheckInCode | Action::Mark | Action::Enlist | Action::Remove => {
                return self.at_the_door(action);
            }
            Action::Save | Action::SaveDraft => return self.save(action == Action::SaveDraft),
            Action::Write => return self.write(),
            Action::StartOver => self.start_over(),
            Action::NextField | Action::PreviousField => self.step_field(action == Action::PreviousField),
            Action::Account
            | Action::SignUp
            | Action::SignOut
            | Action::EditProfile
            | Action::NewPassword
            | Action::EndSession
            | Action::Preferences => return self.about_me(action),
            Action::New
            | Action::Edit
            | Action::EditFollowing
            | Action::EditAll
            | Action::Publish
            | Action::CancelDate
            | Action::CancelEvent
            | Action::Attendees
            | Action::Over
            | Action::Insights => return self.organize_it(action),
            Action::Comments
            | Action::Say
            | Action::Reply
            | Action::SayAgain
            | Action::DeleteComment
            | Action::HideComment
            | Action::Feedback
            | Action::Answer
            | Action::TakeAnswerBack => return self.talk(action),
            _ => return self.go(action),
        }
        Vec::new()
    }

    pub(super) fn open_tab(&mut self, tab: Tab) -> Vec<Effect> {
        self.layers.clear();
        match (self.tab, tab) {
            (Tab::Month, Tab::Week) => self.week.go_to(self.month.day),
            (Tab::Week, Tab::Month) => self.month.day = self.week.day,
            _ => {}
        }
        self.tab = tab;
        self.load_tab()
    }

    /// Quits; not before it was said that something is not saved.
    fn quit(&mut self) -> Vec<Effect> {
        let typing = self.layers.iter().any(|layer| matches!(layer, Layer::Form(form) if form.is_changed()));
        let loses = self.unsaid.is_some() || !self.keeps_drafts && (typing || !self.drafts.is_empty());
        if (loses || typing) && !self.warned {
            self.warned = true;
            let words = if loses {
                "What you typed is not saved: the same key again quits all the same"
            } else {
                "What you typed is not saved, but kept for the next time: the same key again quits"
            };
            self.say('!', words);
            return Vec::new();
        }
        let kept = self.keep_open();
        kept.into_iter().chain(self.leave_now()).chain([Effect::Quit]).collect()
    }

    fn back(&mut self) -> Vec<Effect> {
        if let Some(Layer::Attendees(attendees)) = self.layers.last_mut()
            && attendees.code.take().is_some()
        {
            return Vec::new();
        }
        match self.layers.pop() {
            Some(Layer::Form(form)) => return self.leave_form(&form),
            None if self.tab != Tab::Agenda => self.tab = Tab::Agenda,
            _ => {}
        }
        Vec::new()
    }

    fn run_command(&mut self) -> Vec<Effect> {
        let Some(Layer::Palette(palette)) = self.layers.pop() else { return Vec::new() };
        palette.chosen().map(|action| self.act(action)).unwrap_or_default()
    }

    pub(super) fn go(&mut self, action: Action) -> Vec<Effect> {
        let height = self.height();
        match self.layers.last_mut() {
            Some(Layer::Event(looked)) if matches!(action, Action::PageUp | Action::PageDown) => {
                looked.scroll(action == Action::PageDown, height.saturating_sub(1), &self.look, self.size);
            }
            Some(Layer::Event(looked)) => {
                let dates = looked.detail.as_ref().map_or(0, |detail| detail.dates.len());
                if looked.position.go(action, dates, height) {
                    return self.look_at_selected();
                }
            }
            Some(Layer::Attendees(attendees)) => {
                let head = attendees.head(&self.look, self.size.0).len();
                if attendees.list.go(action, height.saturating_sub(head)) {
                    return self.load_layer_anew();
                }
            }
            Some(Layer::Comments(comments)) => comments.go(action, &self.look, (self.size.0, height)),
            Some(Layer::Feedback(heard)) => {
                if heard.go(action, &self.look, (self.size.0, height)) {
                    return self.load_layer_anew();
                }
            }
            Some(Layer::Insights(insights)) => {
                // Lines, of which the first on the screen is selected; the last page stays full.
                let lines = insights.lines(&self.look, self.size.0).len();
                let len = (lines + 1).saturating_sub(height.saturating_sub(2)).max(1);
                insights.position.go(action, len, height.saturating_sub(2));
            }
            Some(Layer::Help(help)) => {
                let len = help.found().len();
                help.position.go(action, len, height);
            }
            Some(Layer::Palette(palette)) => {
                let len = palette.found().len();
                palette.position.go(action, len, height);
            }
            Some(Layer::Me(me)) => {
                let (rows, all) = (height + 1, (&self.look, self.me.as_deref(), &self.config));
                let height = rows.saturating_sub(me.head(all, (self.size.0, rows)).len());
                me.position.go(action, me.sessions.len(), height);
            }
            Some(Layer::Form(_) | Layer::Account(_) | Layer::Settings(_) | Layer::Ticket(_)) => {}
            None => return self.go_in_tab(action, height),
        }
        Vec::new()
    }

    fn go_in_tab(&mut self, action: Action, height: usize) -> Vec<Effect> {
        match self.tab {
            Tab::Agenda if action == Action::Today => {
                self.agenda.from = None;
                self.agenda.list.position = Position::default();
                return self.load_tab();
            }
            Tab::Month => {
                if self.month.go(action, self.look.today.date()) {
                    return self.load_month();
                }
            }
            Tab::Week => {
                if self.week.go(action, &self.look) && self.week.is_outdated() {
                    return self.load_tab();
                }
            }
            Tab::Agenda | Tab::Search | Tab::Mine | Tab::Organize => {
                let height = if self.tab == Tab::Search { height.saturating_sub(2) } else { height };
                if self.list_of_tab().is_some_and(|list| list.go(action, height)) {
                    return self.load_tab();
                }
            }
        }
        Vec::new()
    }

    /// Shows another date of the series.
    fn look_at_selected(&mut self) -> Vec<Effect> {
        let Some(Layer::Event(looked)) = self.layers.last_mut() else { return Vec::new() };
        let Some(detail) = &looked.detail else { return Vec::new() };
        let Some(date) = detail.dates.get(looked.position.selected).cloned() else { return Vec::new() };
        if date.id == looked.id {
            return Vec::new();
        }
        looked.id = date.id;
        looked.scrolled = 0;
        if let Some(detail) = &mut looked.detail {
            (detail.place, detail.mine) = (None, None);
            detail.date = date;
        }
        self.load_layer()
    }

    /// The date that is selected or looked at.
    pub(crate) fn date(&self) -> Option<&Occurrence> {
        match self.layers.last() {
            Some(Layer::Event(looked)) => looked.date(),
            Some(Layer::Attendees(attendees)) => Some(&attendees.date),
            Some(_) => None,
            None => match self.tab {
                Tab::Agenda => self.agenda.list.selected(),
                Tab::Search => self.search.list.selected(),
                Tab::Mine => self.mine.selected()?.occurrence.as_ref(),
                Tab::Organize => match &self.over {
                    Some(over) => over.list.selected(),
                    None => self.organize.selected()?.next_occurrence.as_ref(),
                },
                Tab::Week => self.week.selected(&self.look),
                Tab::Month => None,
            },
        }
    }

    pub(super) fn open(&mut self) -> Vec<Effect> {
        if self.tab == Tab::Month {
            let day = self.month.day;
            self.agenda.from = Some(day).filter(|day| *day != self.look.today.date());
            self.agenda.list.position = Position::default();
            return self.open_tab(Tab::Agenda);
        }
        let Some(date) = self.date() else {
            self.say('!', "Nothing is selected that could be opened");
            return Vec::new();
        };
        let looked = Looked::of(date);
        self.layers.push(Layer::Event(Box::new(looked)));
        self.load_layer()
    }

    /// Whether someone is signed in; asks them to, if not.
    pub(super) fn signed_in(&mut self) -> bool {
        if self.me.is_none() {
            self.layers.push(Layer::Account(Box::<Account>::default()));
            self.say('!', "Sign in first, or make an account with ^N");
        }
        self.me.is_some()
    }

    pub(super) fn answer_question(&mut self, question: Question, key: Key) -> Vec<Effect> {
        match (question, key.0) {
            (Question::Say { words, .. }, KeyCode::Esc) => {
                self.keep_unsaid(words);
                Vec::new()
            }
            (_, KeyCode::Esc) => Vec::new(),
            (Question::Party { date, size }, KeyCode::Enter) => match size.text().trim().parse::<i64>() {
                Ok(party) if party > 0 => {
                    self.leaving = self.leaving.take().filter(|leaving| leaving.id != date.id);
                    let request = Request::Register { occurrence: date.id, party };
                    let (capacity, left) = (date.capacity, date.seats_left);
                    vec![self.ask(Purpose::Come { capacity, left }, request)]
                }
                _ => {
                    self.say('!', "How many come must be a number from 1 on");
                    self.question = Some(Question::Party { date, size });
                    Vec::new()
                }
            },
            (Question::Party { date, mut size }, _) => {
                size.press(key);
                self.question = Some(Question::Party { date, size });
                Vec::new()
            }
            (Question::Sure { request, then, .. }, KeyCode::Char('y' | 'Y')) => {
                vec![self.ask(then, *request)]
            }
            (Question::Day(day), _) => self.answer_day(day, key),
            (Question::Say { what, words }, KeyCode::Enter) => self.say_it(what, words),
            (Question::Say { what, mut words }, _) => {
                words.body.press(key);
                self.question = Some(Question::Say { what, words });
                Vec::new()
            }
            (Question::Sure { .. }, _) => Vec::new(),
        }
    }

    fn step_field(&mut self, back: bool) {
        match self.layers.last_mut() {
            Some(Layer::Form(form)) => form.next(back),
            Some(Layer::Account(account)) => account.entries.next(back),
            Some(Layer::Settings(settings)) => settings.entries.next(back),
            _ => {}
        }
    }

    fn save(&mut self, draft: bool) -> Vec<Effect> {
        let (now, today, mine) = (self.now, self.look.today, self.look.mine);
        // What is being saved is not saved twice, however often the key is pressed.
        if self.status().since.is_some() {
            return Vec::new();
        }
        match self.layers.last_mut() {
            Some(Layer::Settings(_)) => self.save_settings(),
            Some(Layer::Account(account)) => {
                let Some(request) = account.request(mine) else { return Vec::new() };
                account.status.begin(now);
                vec![self.ask(Purpose::SignIn, request)]
            }
            Some(Layer::Form(form)) if draft && !matches!(form.purpose, form::Purpose::New) => {
                self.say('!', "It is there already: ^S saves what you changed");
                Vec::new()
            }
            Some(Layer::Form(form)) => match form.request(today, draft) {
                Some(request) => {
                    form.status.begin(now);
                    vec![self.ask(Purpose::Save, request)]
                }
                None => {
                    self.say('!', "Not saved yet: the marked field needs a word more");
                    Vec::new()
                }
            },
            _ => Vec::new(),
        }
    }

    pub(super) fn sure(&mut self, words: String, request: Request, then: &'static str) {
        self.question = Some(Question::Sure { words, request: Box::new(request), then: Purpose::Act(then) });
    }
}

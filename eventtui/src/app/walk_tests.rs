//! The walk through the table of keys: in every place, every key of its help does what the help says.

use crossterm::event::KeyCode;
use eventcore::registrations::MyRegistration;

use super::tests::{Driven, event, occurrence, page, registration, user};
use super::*;
use crate::backend::Answer;
use crate::keys::Action;
use crate::screens::comments::Saying;

/// Someone in a place with much to see, and, in lists, not at an end of it.
fn someone_at(place: Place) -> Driven {
    let agenda = |r: &Request| matches!(r, Request::Agenda { .. });
    let mut driven = Driven::new().with_agenda(60);
    if place == Place::Account {
        driven.answer(|r| *r == Request::Me, Ok(Answer::Me(None)));
        driven.press(KeyCode::Char('A')).type_in("ada").press(KeyCode::Tab).type_in("secret words");
        return driven;
    }
    driven = driven.signed_in();
    let dates = |n: usize| Ok(Answer::Dates(page((0..n).map(occurrence).collect(), None)));
    let days = || Ok(Answer::Days((0..90).map(occurrence).collect()));
    match place {
        Place::Month => {
            driven.type_in("2]").answer(|r| matches!(r, Request::Days { .. }), days());
            let counts = super::month_tests::counts("2027-03-01", &[3; 31]);
            driven.answer(|r| matches!(r, Request::Month { .. }), Ok(counts));
        }
        Place::Week => _ = driven.type_in("w]").answer(|r| matches!(r, Request::Days { .. }), days()),
        Place::Search => _ = driven.press(KeyCode::Char('3')).answer(agenda, dates(60)),
        Place::Mine => {
            let mine = |n| MyRegistration {
                registration: registration(n, "confirmed"),
                occurrence: Some(occurrence(n)),
            };
            let all = Ok(Answer::Mine(page((0..60).map(mine).collect(), None)));
            driven.press(KeyCode::Char('4')).answer(|r| matches!(r, Request::Mine { .. }), all);
        }
        Place::Organize => {
            let all = Ok(Answer::Events(page(vec![event(); 60], None)));
            driven.press(KeyCode::Char('5')).answer(|r| matches!(r, Request::Organized { .. }), all);
        }
        Place::Event
        | Place::Attendees
        | Place::Insights
        | Place::Comments
        | Place::Feedback
        | Place::Ticket => {
            driven = driven.with_detail();
            let Some(Layer::Event(looked)) = driven.app.layers.last_mut() else { panic!("no event") };
            looked.detail.as_mut().unwrap().date.description = "A line.\n\n".repeat(60);
            driven.press(KeyCode::PageDown);
        }
        Place::Form => _ = driven.press(KeyCode::Char('n')),
        Place::Me => {
            let me = Answer::Account { me: Box::new(user()), sessions: super::account_tests::sessions() };
            driven.press(KeyCode::Char('A')).answer(|r| *r == Request::Account, Ok(me));
        }
        Place::Settings => _ = driven.press(KeyCode::Char(',')),
        Place::Help => _ = driven.press(KeyCode::Char('?')),
        Place::Palette => _ = driven.press(KeyCode::Char(':')),
        Place::Agenda | Place::Account | Place::Everywhere => {}
    }
    match place {
        Place::Attendees => {
            let people = (0..60).map(|n| registration(n, "confirmed")).collect();
            let people = Ok(Answer::Attendees { date: Box::new(occurrence(0)), page: page(people, None) });
            driven.press(KeyCode::Char('a')).answer(|r| matches!(r, Request::Attendees { .. }), people);
        }
        Place::Insights => {
            let seen = Ok(super::insights_tests::of_dates(60));
            driven.press(KeyCode::Char('I')).answer(|r| matches!(r, Request::Insights(_)), seen);
        }
        Place::Comments => {
            let said = Ok(Answer::Comments(super::comments_tests::said()));
            driven.press(KeyCode::Char('c')).answer(|r| matches!(r, Request::Comments(_)), said);
        }
        Place::Feedback => {
            let heard = Ok(super::feedback_tests::heard());
            driven.press(KeyCode::Char('F')).answer(|r| matches!(r, Request::Feedback { .. }), heard);
        }
        Place::Ticket => _ = driven.press(KeyCode::Char('v')),
        _ => {}
    }
    if !matches!(place, Place::Event | Place::Month | Place::Form) {
        driven.app.act(Action::Down);
        driven.app.act(Action::Down);
    }
    if place == Place::Week {
        driven.app.act(Action::Up);
    }
    assert_eq!(driven.app.at(), place);
    driven
}

/// Where one is in what is shown: it rises as one goes on.
fn cursor(app: &App) -> (i64, i64) {
    let of = |position: &crate::widgets::list::Position| (i64::try_from(position.selected).unwrap(), 0);
    let day = |day: chrono::NaiveDate| i64::from(day.to_epoch_days());
    match app.layers.last() {
        Some(Layer::Event(looked)) => (of(&looked.position).0, i64::try_from(looked.scrolled).unwrap()),
        Some(Layer::Attendees(attendees)) => of(&attendees.list.position),
        Some(Layer::Insights(insights)) => of(&insights.position),
        Some(Layer::Comments(comments)) => of(&comments.position),
        Some(Layer::Feedback(heard)) => of(&heard.list.position),
        Some(Layer::Me(me)) => of(&me.position),
        Some(Layer::Help(help)) => of(&help.position),
        Some(Layer::Palette(palette)) => of(&palette.position),
        Some(Layer::Form(_) | Layer::Account(_) | Layer::Settings(_) | Layer::Ticket(_)) => (0, 0),
        None => match app.tab {
            Tab::Agenda => of(&app.agenda.list.position),
            Tab::Search => of(&app.search.list.position),
            Tab::Mine => of(&app.mine.position),
            Tab::Organize => of(&app.organize.position),
            Tab::Month => (day(app.month.day), 0),
            Tab::Week => {
                let id = app.week.selected(&app.look).map(|date| date.id.to_string());
                (day(app.week.day), id.map_or(0, |id| id[24..].parse().unwrap()))
            }
        },
    }
}

/// What was before a key was pressed.
struct Before {
    place: Place,
    tab: Tab,
    layers: usize,
    cursor: (i64, i64),
    picture: String,
    asked: usize,
    theme: &'static str,
    in_mine: bool,
    held: bool,
}

impl Before {
    fn of(driven: &Driven) -> Self {
        let app = &driven.app;
        Self {
            place: app.at(),
            tab: app.tab,
            layers: app.layers.len(),
            cursor: cursor(app),
            // Only where fields are gone to, since drawing takes longest of all.
            picture: if app.at().is_typed_in() { driven.picture(100, 40) } else { String::new() },
            asked: driven.asked.len(),
            theme: app.look.theme.name,
            in_mine: app.look.in_mine,
            held: app.date().is_some_and(|date| app.look.marks.contains_key(&date.id)),
        }
    }

    /// Whether an action did what the table says of it.
    fn is_done(&self, action: Action, driven: &Driven) -> bool {
        let app = &driven.app;
        let asks =
            |is: fn(&Request) -> bool| driven.asked[self.asked..].iter().any(|(_, request)| is(request));
        let says = |words: &str| driven.last_line().contains(words);
        let opens = |place: Place| app.at() == place && app.layers.len() == self.layers + 1;
        let shows = |words: &str| driven.picture(100, 40).contains(words);
        let now = cursor(app);
        let days = now.0 - self.cursor.0;
        let question = app.question.as_ref();
        let asks_for = |is: fn(Saying) -> bool| matches!(question, Some(Question::Say { words, .. }) if is(words.saying));
        match action {
            Action::Quit => driven.quit,
            Action::Back if self.layers > 0 => app.layers.len() == self.layers - 1,
            Action::Back => app.tab == Tab::Agenda,
            Action::Help => opens(Place::Help) && shows(self.place.name()),
            Action::Palette => opens(Place::Palette),
            Action::Tab(tab) => app.tab == tab && app.layers.is_empty(),
            Action::Search => app.tab == Tab::Search && app.layers.is_empty(),
            Action::NextTab => app.tab == self.tab.beside(1) && app.layers.is_empty(),
            Action::PreviousTab => app.tab == self.tab.beside(4) && app.layers.is_empty(),
            Action::Account if app.me.is_none() => opens(Place::Account),
            Action::Account => opens(Place::Me) && asks(|r| *r == Request::Account),
            Action::EditProfile => opens(Place::Settings) && shows("My profile"),
            Action::NewPassword => opens(Place::Settings) && shows("password"),
            Action::Preferences => opens(Place::Settings) && shows("My preferences"),
            Action::EndSession => says("End the session of"),
            Action::Zone => app.look.in_mine != self.in_mine && says("Times are shown in"),
            Action::Theme => app.look.theme.name != self.theme && says(app.look.theme.name),
            Action::Reload => asks(|_| true) || says("There is nothing here to load anew"),
            Action::Undo => says("You keep your place") || says("There is nothing to undo"),
            Action::Up if self.place == Place::Month => days == -7,
            Action::Down if self.place == Place::Month => days == 7,
            Action::Left => days == -1,
            Action::Right => days == 1,
            Action::PreviousMonth => (-31..=-28).contains(&days),
            Action::NextMonth => (28..=31).contains(&days),
            Action::PreviousWeek => days == -7,
            Action::NextWeek => days == 7,
            Action::Up | Action::PageUp | Action::First => now < self.cursor,
            Action::Down | Action::PageDown | Action::Last => now > self.cursor,
            Action::Open if self.place == Place::Palette => app.at() != Place::Palette,
            Action::Open if self.place == Place::Month => {
                app.tab == Tab::Agenda && app.agenda.from == Some(app.month.day)
            }
            Action::Open => opens(Place::Event) && asks(|r| matches!(r, Request::Date(_))),
            Action::Today => match app.tab {
                Tab::Month => app.month.day == app.look.today.date(),
                Tab::Week => app.week.day == app.look.today.date(),
                _ => app.agenda.from.is_none() && now == (0, 0),
            },
            Action::GoToDay => matches!(question, Some(Question::Day(_))),
            Action::Register => matches!(question, Some(Question::Party { .. })),
            Action::Rate => asks_for(|saying| matches!(saying, Saying::Rating(_))),
            Action::Unregister if self.held => says("Your place is given up"),
            Action::Unregister => says("You have no place there"),
            Action::PassOver => {
                asks(|r| matches!(r, Request::PassOver { .. })) || says("You do not wait there")
            }
            Action::CopyLink => driven.copied == ["https://example.org/g"],
            Action::OpenLink => driven.handed == [Effect::Browse("https://example.org/g".to_owned())],
            Action::SaveCalendar if self.place == Place::Organize => {
                asks(|r| matches!(r, Request::EventCalendar(_)))
            }
            Action::SaveCalendar => asks(|r| matches!(r, Request::DateCalendar(_))),
            Action::Ticket => opens(Place::Ticket),
            Action::New => opens(Place::Form) && shows("New event"),
            Action::Edit if self.place == Place::Event => opens(Place::Form) && shows(" This date "),
            Action::Edit | Action::EditAll => opens(Place::Form) && shows("All dates of the event"),
            Action::EditFollowing => opens(Place::Form) && shows("This date and all that follow"),
            Action::Publish => says("It is no draft any more"),
            Action::CancelDate => says("Cancel this date, for"),
            Action::CancelEvent => says("Cancel the whole event"),
            Action::Attendees => opens(Place::Attendees) && asks(|r| matches!(r, Request::Attendees { .. })),
            Action::Insights => opens(Place::Insights) && asks(|r| matches!(r, Request::Insights(_))),
            Action::Comments => opens(Place::Comments) && asks(|r| matches!(r, Request::Comments(_))),
            Action::Save if self.place == Place::Account => asks(|r| matches!(r, Request::SignIn { .. })),
            Action::Save if self.place == Place::Settings => {
                matches!(driven.handed.as_slice(), [Effect::Prefer(_)])
            }
            Action::Save | Action::SaveDraft => says("Not saved yet"),
            Action::StartOver => says("Nothing was typed here"),
            Action::Write => driven.handed == [Effect::Write(String::new())],
            Action::NextField | Action::PreviousField => driven.picture(100, 40) != self.picture,
            Action::SignUp => shows("E-mail  "),
            Action::SignOut => asks(|r| *r == Request::SignOut),
            _ => self.is_done_with_people(action, driven),
        }
    }

    /// The same for what is said to others, and done for them.
    fn is_done_with_people(&self, action: Action, driven: &Driven) -> bool {
        let app = &driven.app;
        let asks =
            |is: fn(&Request) -> bool| driven.asked[self.asked..].iter().any(|(_, request)| is(request));
        let says = |words: &str| driven.last_line().contains(words);
        let opens = |place: Place| app.at() == place && app.layers.len() == self.layers + 1;
        let question = app.question.as_ref();
        let asks_for = |is: fn(Saying) -> bool| matches!(question, Some(Question::Say { words, .. }) if is(words.saying));
        match action {
            Action::Say => asks_for(|saying| matches!(saying, Saying::New)),
            Action::Reply => asks_for(|saying| matches!(saying, Saying::Reply(_))),
            Action::SayAgain => asks_for(|saying| matches!(saying, Saying::Again(..))),
            Action::DeleteComment => says("Delete this comment?"),
            Action::HideComment => asks(|r| matches!(r, Request::HideComment { .. })),
            Action::Over => asks(|r| matches!(r, Request::Over { .. })) && app.over.is_some(),
            Action::Feedback => opens(Place::Feedback) && asks(|r| matches!(r, Request::Feedback { .. })),
            Action::Answer => asks_for(|saying| matches!(saying, Saying::Answer(_))),
            Action::TakeAnswerBack => says("Take the answer back?"),
            Action::CheckIn => asks(|r| matches!(r, Request::CheckIn(_))),
            Action::Mark => driven.picture(100, 40).contains("◆ 1 marked"),
            Action::Enlist => asks_for(|saying| matches!(saying, Saying::Enlist(_))),
            Action::Remove => says("off this date"),
            Action::CheckInCode => {
                matches!(app.layers.last(), Some(Layer::Attendees(attendees)) if attendees.code.is_some())
            }
            _ => false,
        }
    }
}

#[test]
fn every_key_of_the_help_does_what_it_says() {
    for place in Place::ALL {
        for binding in keys::bindings(place) {
            for key in binding.keys_in(place) {
                let mut driven = someone_at(place);
                if binding.action == Action::Undo {
                    driven.app.act(Action::Unregister);
                }
                let before = Before::of(&driven);
                driven.send(Message::Key(key));
                assert!(
                    before.is_done(binding.action, &driven),
                    "{place:?}: {key} ({}) does not: {}\n{}",
                    binding.what,
                    driven.last_line(),
                    driven.picture(100, 40)
                );
            }
        }
    }
}

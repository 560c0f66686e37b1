//! Every key of every screen does what the help says.

use std::any::Any;

use crossterm::event::KeyCode;
use eventcore::registrations::MyRegistration;

use super::*;
use crate::app::driven::{Driven, event, occurrence, page, registration, user};
use crate::backend::{NotificationsRequest, Response, SubscriptionsRequest, WebhooksRequest};
use crate::keys::Action;
use crate::screens::account::AccountScreen;
use crate::screens::attendees::AttendeesScreen;
use crate::screens::categories::CategoriesScreen;
use crate::screens::co_organizers::CoOrganizersScreen;
use crate::screens::comments::CommentsScreen;
use crate::screens::compose::ComposeMode;
use crate::screens::deliveries::DeliveriesScreen;
use crate::screens::event::EventScreen;
use crate::screens::feedback::FeedbackScreen;
use crate::screens::help::HelpScreen;
use crate::screens::import_report::ImportReportScreen;
use crate::screens::import_tests;
use crate::screens::inbox::InboxScreen;
use crate::screens::inbox_tests;
use crate::screens::insights::InsightsScreen;
use crate::screens::notification_settings::NotificationSettingsScreen;
use crate::screens::notification_settings_tests;
use crate::screens::palette::PaletteScreen;
use crate::screens::prompt::Prompt;
use crate::screens::subscriptions::SubscriptionsScreen;
use crate::screens::subscriptions_tests;
use crate::screens::tokens::TokensScreen;
use crate::screens::webhooks::WebhooksScreen;
use crate::screens::webhooks_tests;
use crate::widgets::list::Position;

/// A screen with many items, the selection not at an end.
fn someone_at(place: Place) -> Driven {
    let agenda = |r: &Request| matches!(r, Request::Occurrences { .. });
    let mut driven = Driven::new().with_agenda(60);
    if place == Place::SignIn {
        driven.respond(|r| *r == Request::CurrentUser, Ok(Response::CurrentUser(None)));
        driven.press(KeyCode::Char('A')).type_in("ada").press(KeyCode::Tab).type_in("secret words");
        return driven;
    }
    driven = driven.signed_in();
    let occurrences = |n: usize| Ok(Response::Occurrences(page((0..n).map(occurrence).collect(), None)));
    let days = || Ok(Response::OccurrencesOn((0..90).map(occurrence).collect()));
    match place {
        Place::Month => {
            driven.type_in("2]").respond(|r| matches!(r, Request::OccurrencesOn { .. }), days());
            let counts = crate::screens::month_tests::counts("2027-03-01", &[3; 31]);
            driven.respond(|r| matches!(r, Request::DailyCounts { .. }), Ok(counts));
        }
        Place::Week => {
            _ = driven.type_in("w]").respond(|r| matches!(r, Request::OccurrencesOn { .. }), days())
        }
        Place::Search => _ = driven.press(KeyCode::Char('3')).respond(agenda, occurrences(60)),
        Place::Mine => {
            let mine = |n| MyRegistration {
                registration: registration(n, "confirmed"),
                occurrence: Some(occurrence(n)),
            };
            let all = Ok(Response::MyRegistrations(page((0..60).map(mine).collect(), None)));
            driven.press(KeyCode::Char('4')).respond(|r| matches!(r, Request::MyRegistrations { .. }), all);
        }
        Place::Organize => {
            let all = Ok(Response::Events(page(vec![event(); 60], None)));
            driven.press(KeyCode::Char('5')).respond(|r| matches!(r, Request::OrganizedEvents { .. }), all);
        }
        Place::Event
        | Place::Attendees
        | Place::Insights
        | Place::Comments
        | Place::Feedback
        | Place::CoOrganizers
        | Place::Ticket => {
            driven = driven.with_detail();
            driven.layer::<EventScreen>().detail.as_mut().unwrap().occurrence.description =
                "A line.\n\n".repeat(60);
            driven.press(KeyCode::PageDown);
        }
        Place::Form => _ = driven.press(KeyCode::Char('n')),
        Place::Account => {
            let me = Response::Account {
                user: Box::new(user()),
                sessions: crate::screens::account_tests::sessions(),
            };
            driven.press(KeyCode::Char('A')).respond(|r| *r == Request::Account, Ok(me));
        }
        Place::Settings => _ = driven.press(KeyCode::Char(',')),
        Place::Help => _ = driven.press(KeyCode::Char('?')),
        Place::Palette => _ = driven.press(KeyCode::Char(':')),
        Place::Agenda
        | Place::SignIn
        | Place::Tokens
        | Place::Categories
        | Place::Inbox
        | Place::NotificationSettings
        | Place::Webhooks
        | Place::Deliveries
        | Place::Subscriptions
        | Place::ImportReport
        | Place::Secret
        | Place::Everywhere => {}
    }
    open_layer(&mut driven, place);
    if !matches!(place, Place::Event | Place::Month | Place::Form) {
        driven.run_action(Action::Down);
        driven.run_action(Action::Down);
    }
    if place == Place::Week {
        driven.run_action(Action::Up);
    }
    assert_eq!(driven.app.at(), place);
    driven
}

/// Opens the layer of a place on top of the screen.
fn open_layer(driven: &mut Driven, place: Place) {
    match place {
        Place::Attendees => {
            let people = (0..60).map(|n| registration(n, "confirmed")).collect();
            let people =
                Ok(Response::Attendees { occurrence: Box::new(occurrence(0)), page: page(people, None) });
            driven.press(KeyCode::Char('a')).respond(|r| matches!(r, Request::Attendees { .. }), people);
        }
        Place::Insights => {
            let seen = Ok(crate::screens::insights_tests::of_dates(60));
            driven.press(KeyCode::Char('I')).respond(|r| matches!(r, Request::Insights(_)), seen);
        }
        Place::Comments => {
            let comments = Ok(Response::Comments(crate::screens::comments_tests::comments()));
            driven.press(KeyCode::Char('c')).respond(|r| matches!(r, Request::Comments(_)), comments);
        }
        Place::Feedback => {
            let heard = Ok(crate::screens::feedback_tests::heard());
            driven.press(KeyCode::Char('F')).respond(|r| matches!(r, Request::Feedback { .. }), heard);
        }
        Place::CoOrganizers => {
            let mut people = Vec::new();
            while people.len() < 50 {
                people.extend(crate::screens::co_organizers_tests::co_organizers());
            }
            let people = Ok(Response::CoOrganizers(people));
            driven.press(KeyCode::Char('P')).respond(|r| matches!(r, Request::CoOrganizers(..)), people);
        }
        Place::Ticket => _ = driven.press(KeyCode::Char('v')),
        Place::Tokens => {
            let all = Ok(Response::Tokens(crate::screens::tokens_tests::tokens(60)));
            driven.run_action(Action::Tokens).respond(|r| matches!(r, Request::Tokens(_)), all);
        }
        Place::Webhooks | Place::Deliveries => {
            let all = Ok(Response::Webhooks(webhooks_tests::webhooks(60)));
            driven.run_action(Action::Webhooks).respond(webhooks_tests::is_list, all);
            if place == Place::Deliveries {
                let all = Ok(Response::Deliveries(page(webhooks_tests::deliveries(60), None)));
                driven.run_action(Action::Open).respond(webhooks_tests::is_deliveries, all);
            }
        }
        Place::Subscriptions => {
            let all = Ok(Response::Subscriptions(subscriptions_tests::subscriptions(60)));
            driven.run_action(Action::Subscriptions).respond(subscriptions_tests::is_list, all);
        }
        Place::Categories => {
            let all = Ok(Response::Categories(crate::screens::categories_tests::categories(60)));
            driven.run_action(Action::Categories).respond(|r| *r == Request::Categories, all);
        }
        Place::Inbox => {
            let mut all = inbox_tests::many(60);
            all[2].read_at = None;
            let all = Ok(inbox_tests::notifications(all, None, 1));
            driven.run_action(Action::Inbox).respond(inbox_tests::is_list, all);
        }
        Place::NotificationSettings => {
            let all = Ok(notification_settings_tests::preferred(true, false));
            driven.send(Message::Resized { width: 80, height: 12 });
            driven.run_action(Action::NotificationSettings);
            driven.respond(notification_settings_tests::is_preferences, all);
        }
        Place::ImportReport => {
            driven.app.cx.open(ImportReportScreen::of(import_tests::tried(60)));
            driven.run_action(Action::Reload);
        }
        Place::Secret => {
            let created = Box::new(crate::screens::tokens_tests::secret());
            driven.app.cx.open(crate::screens::new_token::SecretScreen { created });
            driven.run_action(Action::Reload);
        }
        _ => {}
    }
}

/// The position on the screen; it rises with each step forward.
fn cursor(app: &App) -> (i64, i64) {
    let of = |position: &Position| (i64::try_from(position.selected).unwrap(), 0);
    let day = |day: chrono::NaiveDate| i64::from(day.to_epoch_days());
    let Some(layer) = app.stack.layers.last() else {
        let tabs = &app.stack.tabs;
        return match app.stack.tab {
            Tab::Agenda => of(&tabs.agenda.list.position),
            Tab::Search => of(&tabs.search.list.position),
            Tab::Mine => of(&tabs.mine.list.position),
            Tab::Organize => of(&tabs.organize.events.position),
            Tab::Month => (day(tabs.month.day), 0),
            Tab::Week => {
                let id = tabs.week.week.selected(&app.cx.view).map(|occurrence| occurrence.id.to_string());
                (day(tabs.week.week.day), id.map_or(0, |id| id[24..].parse().unwrap()))
            }
        };
    };
    let screen: &dyn Any = &*layer.screen;
    if let Some(event) = screen.downcast_ref::<EventScreen>() {
        return (of(&event.position).0, i64::try_from(event.scrolled).unwrap());
    }
    let attendees = screen.downcast_ref().map(|screen: &AttendeesScreen| &screen.list.position);
    let insights = screen.downcast_ref().map(|screen: &InsightsScreen| &screen.position);
    let comments = screen.downcast_ref().map(|screen: &CommentsScreen| &screen.position);
    let feedback = screen.downcast_ref().map(|screen: &FeedbackScreen| &screen.list.position);
    let organizers = screen.downcast_ref().map(|screen: &CoOrganizersScreen| &screen.list.position);
    let categories = screen.downcast_ref().map(|screen: &CategoriesScreen| &screen.list.position);
    let tokens = screen.downcast_ref().map(|screen: &TokensScreen| &screen.list.position);
    let webhooks = screen.downcast_ref().map(|screen: &WebhooksScreen| &screen.list.position);
    let deliveries = screen.downcast_ref().map(|screen: &DeliveriesScreen| &screen.list.position);
    let followed = screen.downcast_ref().map(|screen: &SubscriptionsScreen| &screen.list.position);
    let imports = screen.downcast_ref().map(|screen: &ImportReportScreen| &screen.list.position);
    let inbox = screen.downcast_ref().map(|screen: &InboxScreen| &screen.list.position);
    let told = screen.downcast_ref().map(|screen: &NotificationSettingsScreen| &screen.position);
    let account = screen.downcast_ref().map(|screen: &AccountScreen| &screen.position);
    let help = screen.downcast_ref().map(|screen: &HelpScreen| &screen.position);
    let palette = screen.downcast_ref().map(|screen: &PaletteScreen| &screen.position);
    let position = attendees
        .or(insights)
        .or(comments)
        .or(feedback)
        .or(organizers)
        .or(tokens)
        .or(categories)
        .or(webhooks)
        .or(deliveries)
        .or(followed)
        .or(imports)
        .or(inbox)
        .or(told)
        .or(account)
        .or(help)
        .or(palette);
    position.map_or((0, 0), of)
}

/// The state before a key is pressed.
struct Before {
    place: Place,
    tab: Tab,
    layers: usize,
    cursor: (i64, i64),
    picture: String,
    asked: usize,
    theme: &'static str,
    in_my_zone: bool,
    held: bool,
}

impl Before {
    fn of(driven: &Driven) -> Self {
        let app = &driven.app;
        Self {
            place: app.at(),
            tab: app.stack.tab,
            layers: app.stack.layers.len(),
            cursor: cursor(app),
            // For fields only, because drawing is slow.
            picture: if app.at().is_typed_in() { driven.picture(100, 40) } else { String::new() },
            asked: driven.sent.len(),
            theme: app.cx.view.theme.name,
            in_my_zone: app.cx.view.in_my_zone,
            held: app.occurrence().is_some_and(|date| app.cx.view.my_statuses.contains_key(&date.id)),
        }
    }

    /// Whether an action had the effect that the table describes.
    fn is_done(&self, action: Action, driven: &Driven) -> bool {
        let app = &driven.app;
        let asks =
            |is: fn(&Request) -> bool| driven.sent[self.asked..].iter().any(|(_, request)| is(request));
        let says = |words: &str| driven.last_line().contains(words);
        let opens = |place: Place| app.at() == place && app.stack.layers.len() == self.layers + 1;
        let shows = |words: &str| driven.picture(100, 40).contains(words);
        let now = cursor(app);
        let days = now.0 - self.cursor.0;
        let question = app.cx.prompt.as_ref();
        let asks_for = |is: fn(ComposeMode) -> bool| match question {
            Some(Prompt::Compose(composition)) => is(composition.mode),
            _ => false,
        };
        match action {
            Action::Quit => driven.quit,
            Action::Back if self.layers > 0 => app.stack.layers.len() == self.layers - 1,
            Action::Back => app.stack.tab == Tab::Agenda,
            Action::Help => opens(Place::Help) && shows(self.place.name()),
            Action::Palette => opens(Place::Palette),
            Action::Tab(tab) => app.stack.tab == tab && app.stack.layers.is_empty(),
            Action::Search => app.stack.tab == Tab::Search && app.stack.layers.is_empty(),
            Action::NextTab => app.stack.tab == self.tab.beside(1) && app.stack.layers.is_empty(),
            Action::PreviousTab => app.stack.tab == self.tab.beside(4) && app.stack.layers.is_empty(),
            Action::Account if app.cx.me.is_none() => opens(Place::SignIn),
            Action::Account => opens(Place::Account) && asks(|r| *r == Request::Account),
            Action::EditProfile => opens(Place::Settings) && shows("My profile"),
            Action::ChangePassword => opens(Place::Settings) && shows("password"),
            Action::Preferences => opens(Place::Settings) && shows("My preferences"),
            Action::EndSession => says("End the session of"),
            Action::SwitchZone => app.cx.view.in_my_zone != self.in_my_zone && says("Times are shown in"),
            Action::NextTheme => app.cx.view.theme.name != self.theme && says(app.cx.view.theme.name),
            Action::Reload => asks(|_| true) || says("Nothing to reload here"),
            Action::Undo => says("Registration restored") || says("Nothing to undo"),
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
                app.stack.tab == Tab::Agenda && app.stack.tabs.agenda.from == Some(app.stack.tabs.month.day)
            }
            Action::Open if self.place == Place::Inbox => {
                asks(|r| matches!(r, Request::Notifications(NotificationsRequest::Read(_))))
                    && asks(|r| matches!(r, Request::Find(_)))
            }
            Action::Open if self.place == Place::Webhooks => self.is_done_with_people(action, driven),
            Action::Open => opens(Place::Event) && asks(|r| matches!(r, Request::OccurrenceDetail(_))),
            Action::Today => match app.stack.tab {
                Tab::Month => app.stack.tabs.month.day == app.cx.view.now.date(),
                Tab::Week => app.stack.tabs.week.week.day == app.cx.view.now.date(),
                _ => app.stack.tabs.agenda.from.is_none() && now == (0, 0),
            },
            Action::OpenReference => matches!(question, Some(Prompt::Link(_))),
            Action::GoToDay => matches!(question, Some(Prompt::Day(_))),
            Action::Register => matches!(question, Some(Prompt::Party { .. })),
            Action::Rate => asks_for(|mode| matches!(mode, ComposeMode::Rating(_))),
            Action::CancelRegistration if self.held => says("Registration cancelled"),
            Action::CancelRegistration => says("You are not registered for it"),
            Action::ToggleAutoPromote => {
                asks(|r| matches!(r, Request::SetAutoPromote { .. })) || says("You are not on its waitlist")
            }
            Action::CopyLink => driven.copied == ["https://events.example/occurrences/1"],
            Action::OpenLink => driven.handed == [Effect::OpenLink("https://example.org/g".to_owned())],
            Action::SaveCalendar if self.place == Place::Organize => {
                asks(|r| matches!(r, Request::EventCalendar(_)))
            }
            Action::SaveCalendar => asks(|r| matches!(r, Request::OccurrenceCalendar(_))),
            Action::Ticket => opens(Place::Ticket),
            Action::NewEvent => opens(Place::Form) && shows("New event"),
            Action::Edit if self.place == Place::Event => opens(Place::Form) && shows(" This occurrence "),
            Action::Duplicate => opens(Place::Form) && shows("Copy of the event"),
            // The occurrence on the screen is the first of its series.
            Action::Edit | Action::EditAll | Action::EditFollowing => {
                opens(Place::Form) && shows("All occurrences of the event")
            }
            Action::Publish => says("This event is not a draft"),
            Action::CancelOccurrence => says("Cancel this occurrence?"),
            Action::CancelEvent => says("Cancel “"),
            Action::DeleteEvent => says("Delete “"),
            Action::Attendees => opens(Place::Attendees) && asks(|r| matches!(r, Request::Attendees { .. })),
            Action::Insights => opens(Place::Insights) && asks(|r| matches!(r, Request::Insights(_))),
            Action::Comments => opens(Place::Comments) && asks(|r| matches!(r, Request::Comments(_))),
            Action::Save if self.place == Place::SignIn => asks(|r| matches!(r, Request::SignIn { .. })),
            Action::Save if self.place == Place::Settings => {
                matches!(driven.handed.as_slice(), [Effect::SavePreferences(_)])
            }
            Action::Save | Action::SaveDraft => says("Not saved: "),
            Action::DiscardChanges => says("Nothing to discard"),
            Action::EditDescription => driven.handed == [Effect::EditDescription(String::new())],
            Action::NextField | Action::PreviousField => driven.picture(100, 40) != self.picture,
            Action::SignUp => shows("E-mail  "),
            Action::SignOut => asks(|r| *r == Request::SignOut),
            _ => self.is_done_with_people(action, driven),
        }
    }

    /// [`Self::is_done`] for comments, feedback and attendees.
    fn is_done_with_people(&self, action: Action, driven: &Driven) -> bool {
        let app = &driven.app;
        let asks =
            |is: fn(&Request) -> bool| driven.sent[self.asked..].iter().any(|(_, request)| is(request));
        let says = |words: &str| driven.last_line().contains(words);
        let opens = |place: Place| app.at() == place && app.stack.layers.len() == self.layers + 1;
        let shows = |words: &str| driven.picture(100, 40).contains(words);
        let question = app.cx.prompt.as_ref();
        let asks_for = |is: fn(ComposeMode) -> bool| match question {
            Some(Prompt::Compose(composition)) => is(composition.mode),
            _ => false,
        };
        match action {
            Action::PostComment => asks_for(|mode| matches!(mode, ComposeMode::Comment)),
            Action::ReplyToComment => asks_for(|mode| matches!(mode, ComposeMode::Reply(_))),
            Action::EditComment => asks_for(|mode| matches!(mode, ComposeMode::EditComment(..))),
            Action::DeleteComment => says("Delete this comment?"),
            Action::HideComment => asks(|r| matches!(r, Request::HideComment { .. })),
            Action::Tokens => opens(Place::Tokens) && asks(|r| matches!(r, Request::Tokens(_))),
            Action::NewToken => opens(Place::Settings) && shows("New access token"),
            Action::RevokeToken => says("Revoke “"),
            Action::Open => opens(Place::Deliveries) && asks(webhooks_tests::is_deliveries),
            Action::Webhooks => opens(Place::Webhooks) && asks(webhooks_tests::is_list),
            Action::Import => opens(Place::Settings) && shows("Import a calendar"),
            Action::StoreImport => says("Import 20 new and 20 changed entries?"),
            Action::NewWebhook => opens(Place::Settings) && shows("New webhook"),
            Action::EditWebhook => opens(Place::Settings) && shows("Change the webhook"),
            Action::DeleteWebhook => says("Delete the webhook of"),
            Action::RotateSecret => says("Replace the secret?"),
            Action::ToggleWebhook => asks(|r| matches!(r, Request::Webhooks(WebhooksRequest::Change { .. }))),
            Action::TestWebhook => asks(|r| matches!(r, Request::Webhooks(WebhooksRequest::Test(_)))),
            Action::Redeliver => asks(|r| matches!(r, Request::Webhooks(WebhooksRequest::Redeliver { .. }))),
            Action::Subscriptions => opens(Place::Subscriptions) && asks(subscriptions_tests::is_list),
            Action::NewSubscription => opens(Place::Settings) && shows("Follow a calendar"),
            Action::EditSubscription => opens(Place::Settings) && shows("Change the followed calendar"),
            Action::RefreshSubscription => {
                asks(|r| matches!(r, Request::Subscriptions(SubscriptionsRequest::Refresh(_))))
            }
            Action::ToggleSubscription => {
                asks(|r| matches!(r, Request::Subscriptions(SubscriptionsRequest::Change { .. })))
            }
            Action::EndSubscription => says("Its events stay"),
            Action::EndSubscribedEvents => says("cancel its events ahead"),
            Action::Inbox => opens(Place::Inbox) && asks(inbox_tests::is_list),
            Action::NotificationSettings => {
                opens(Place::NotificationSettings) && asks(notification_settings_tests::is_preferences)
            }
            Action::ToggleInApp | Action::ToggleMail => {
                asks(|r| matches!(r, Request::Notifications(NotificationsRequest::SetKinds(_))))
            }
            Action::EditReminders => opens(Place::Settings) || says("You are not registered for it"),
            Action::MarkRead => asks(|r| matches!(r, Request::Notifications(NotificationsRequest::Read(_)))),
            Action::MarkAllRead => says("All marked as read"),
            Action::ToggleMute => {
                asks(|r| matches!(r, Request::Notifications(NotificationsRequest::ToggleMute(_))))
            }
            Action::CopySecret => driven.copied == [crate::screens::tokens_tests::secret().secret],
            Action::SaveTable | Action::SaveDailyTable => asks(|r| matches!(r, Request::Csv(_))),
            Action::ExportAccount => asks(|r| *r == Request::ExportAccount),
            Action::DeleteAccount => opens(Place::Settings) && shows("Delete my account"),
            Action::Categories => opens(Place::Categories) && asks(|r| *r == Request::Categories),
            Action::NewCategory => opens(Place::Settings) && shows("New category"),
            Action::EditCategory => opens(Place::Settings) && shows("Change category"),
            Action::DeleteCategory => opens(Place::Settings) && shows("Delete the category"),
            Action::CoOrganizers => {
                opens(Place::CoOrganizers) && asks(|r| matches!(r, Request::CoOrganizers(..)))
            }
            Action::AddCoOrganizer => asks_for(|mode| mode == ComposeMode::AddCoOrganizer),
            Action::RemoveCoOrganizer => says("as co-organizer?"),
            Action::TogglePast => {
                asks(|r| matches!(r, Request::PastOccurrences { .. }))
                    && app.stack.tabs.organize.past.is_some()
            }
            Action::Feedback => opens(Place::Feedback) && asks(|r| matches!(r, Request::Feedback { .. })),
            Action::AnswerFeedback => asks_for(|mode| matches!(mode, ComposeMode::AnswerFeedback(_))),
            Action::DeleteAnswer => says("Delete the answer?"),
            Action::CheckIn => asks(|r| matches!(r, Request::CheckIn(_))),
            Action::Mark => driven.picture(100, 40).contains("◆ 1 marked"),
            Action::AddAttendee => asks_for(|mode| matches!(mode, ComposeMode::AddAttendee(_))),
            Action::RemoveAttendee => says("from this occurrence"),
            Action::FilterAttendees => driven.picture(100, 40).contains(" / ▏  "),
            Action::CheckInByCode => driven.picture(100, 40).contains("Ticket code: "),
            _ => false,
        }
    }
}

#[test]
fn every_key_does_what_the_help_says() {
    for place in Place::ALL {
        for binding in keys::bindings(place) {
            for key in binding.keys_in(place) {
                let mut driven = someone_at(place);
                if binding.action == Action::Undo {
                    driven.run_action(Action::CancelRegistration);
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

//! Dispatches actions: some concern the whole program, some the selected occurrence, the rest one screen.

use super::App;
use crate::backend::Request;
use crate::download::file_name;
use crate::keys::{Action, Tab};
use crate::message::{Effect, Purpose};
use crate::screens::account::AccountScreen;
use crate::screens::categories::CategoriesScreen;
use crate::screens::comments::CommentsScreen;
use crate::screens::compose::ComposeMode;
use crate::screens::feedback::FeedbackScreen;
use crate::screens::form::{self, FormScreen};
use crate::screens::help::HelpScreen;
use crate::screens::import_form::ImportFormScreen;
use crate::screens::inbox::InboxScreen;
use crate::screens::notification_settings::NotificationSettingsScreen;
use crate::screens::palette::PaletteScreen;
use crate::screens::prompt::Prompt;
use crate::screens::screen::{Handled, Screen};
use crate::screens::settings::SettingsScreen;
use crate::screens::sign_in::SignInScreen;
use crate::screens::subscriptions::SubscriptionsScreen;
use crate::screens::tokens::TokensScreen;
use crate::screens::webhooks::WebhooksScreen;
use crate::widgets::text::clean;
use crate::widgets::text_field::TextField;

impl App {
    /// Runs an action: here if it means the same on every screen, else on the screen on top.
    pub(crate) fn run_action(&mut self, action: Action) {
        match action {
            Action::Quit => self.quit(),
            Action::Back => self.back(),
            Action::Help => self.cx.open(HelpScreen::of(self.at())),
            Action::Palette => self.cx.open(PaletteScreen::of(self.at())),
            Action::Tab(tab) => self.open_tab(tab),
            Action::NextTab => self.open_tab(self.stack.tab.beside(1)),
            Action::PreviousTab => self.open_tab(self.stack.tab.beside(4)),
            Action::Search => self.open_tab(Tab::Search),
            Action::Account if self.cx.me.is_none() => self.cx.open(SignInScreen::default()),
            Action::Account => self.cx.open(AccountScreen::default()),
            Action::Tokens => {
                if self.cx.signed_in() {
                    self.cx.open(TokensScreen::default());
                }
            }
            Action::Webhooks => {
                if self.cx.signed_in() {
                    self.cx.open(WebhooksScreen::default());
                }
            }
            Action::Subscriptions => {
                if self.cx.signed_in() {
                    self.cx.open(SubscriptionsScreen::default());
                }
            }
            Action::Import => {
                if self.cx.signed_in() {
                    self.cx.open(ImportFormScreen::default());
                }
            }
            Action::Inbox => {
                if self.cx.signed_in() {
                    self.cx.open(InboxScreen::default());
                }
            }
            Action::NotificationSettings => {
                if self.cx.signed_in() {
                    self.cx.open(NotificationSettingsScreen::default());
                }
            }
            Action::ExportAccount => self.export_account(),
            Action::DeleteAccount => self.delete_account(),
            Action::Categories => self.cx.open(CategoriesScreen::default()),
            Action::Preferences => self.cx.open(SettingsScreen::preferences(&self.cx.config)),
            Action::SwitchZone => self.switch_zone(),
            Action::NextTheme => self.next_theme(),
            Action::Reload => {
                if !self.refresh() {
                    self.cx.notify('!', "Nothing to reload here");
                }
            }
            Action::GoToDay => self.cx.prompt = Some(Prompt::Day(TextField::default())),
            Action::OpenReference => self.cx.prompt = Some(Prompt::Link(TextField::default())),
            Action::NewEvent => {
                if self.cx.signed_in() {
                    let mine = self.cx.me.as_ref().map(|me| me.timezone.clone());
                    let zone = mine.unwrap_or_else(|| self.cx.view.my_zone.name().to_owned());
                    form::open(FormScreen::new(&zone), &mut self.cx);
                }
            }
            Action::Register => self.prompt_party_size(),
            Action::CancelRegistration => self.cancel_registration(),
            Action::Undo => self.undo(),
            Action::ToggleMute if self.occurrence().is_some() => self.toggle_mute(),
            Action::ToggleAutoPromote => self.toggle_auto_promote(),
            Action::Rate => self.rate(),
            Action::CopyLink => self.copy_link(),
            Action::OpenLink => self.open_link(),
            Action::SaveCalendar => self.save_calendar(),
            Action::Comments => self.open_comments(),
            Action::Feedback => self.open_feedback(),
            _ => self.run_on_top(action),
        }
        self.run_commands();
    }

    fn run_on_top(&mut self, action: Action) {
        let handled = self.call(self.stack.top_owner(), |screen, cx| screen.run_action(action, cx));
        if handled == Some(Handled::No) {
            self.cx.notify('!', "This key does nothing here");
        }
    }

    /// Saves all that is held about the user as a file.
    fn export_account(&mut self) {
        if self.cx.signed_in()
            && let Some(me) = &self.cx.me
        {
            let name = file_name(&format!("account {}", me.username), "json");
            self.cx.send(Purpose::Download(name), Request::ExportAccount);
        }
    }

    fn delete_account(&mut self) {
        if self.cx.signed_in()
            && let Some(me) = self.cx.me.clone()
        {
            self.cx.open(SettingsScreen::deletion(me));
        }
    }

    /// Quits. Warns first if something was typed and not saved.
    fn quit(&mut self) {
        let typing = self.open_drafts().iter().any(|(_, draft)| draft.is_some());
        let loses = self.cx.unsent.is_some() || self.cx.form_drafts.are_lost(typing);
        if (loses || typing) && !self.cx.form_drafts.warned {
            self.cx.form_drafts.warned = true;
            let key = if self.at().is_typed_in() { "^C" } else { "q" };
            let text = if loses { "Unsaved text" } else { "Unsaved text is kept as a draft" };
            return self.cx.notify('!', format!("{text}: press {key} again to quit"));
        }
        self.store_drafts();
        self.send_pending();
        self.save_last_channels();
        self.cx.effects.push(Effect::Quit);
    }

    /// Closes the layer on top; without layers, shows the agenda.
    fn back(&mut self) {
        if self.stack.layers.is_empty() {
            self.stack.tab = Tab::Agenda;
            return;
        }
        let top = self.stack.top_owner();
        if self.call(top, Screen::close) == Some(true) {
            self.stack.remove(top);
        }
    }

    fn switch_zone(&mut self) {
        let mut after = self.cx.view.clone();
        after.in_my_zone = !after.in_my_zone;
        self.set_view(after);
        let view = &self.cx.view;
        self.cx.config.in_my_zone = view.in_my_zone;
        let whose = if view.in_my_zone { view.my_zone.name() } else { "each event's own zone" };
        self.cx.notify('✓', format!("Times are shown in {whose}"));
    }

    /// Replaces the view context, and notifies the screens that the zone may have changed.
    pub(super) fn set_view(&mut self, after: crate::view_context::ViewContext) {
        let before = std::mem::replace(&mut self.cx.view, after);
        self.call_all(|screen, cx| screen.zone_changed(&before, &cx.view));
    }

    fn next_theme(&mut self) {
        let theme = self.cx.view.theme.next();
        self.cx.view.theme = theme;
        self.cx.config.theme = Some(theme.name.to_owned());
        self.cx.notify('✓', format!("Theme: {}", theme.name));
    }

    /// Prompts for a rating of the selected occurrence, starting with the user's earlier one.
    fn rate(&mut self) {
        let Some(occurrence) = self.occurrence() else { return };
        let label = format!("Rate {}, e.g. “4 good talks”", clean(&occurrence.title));
        let (event, mode) = (occurrence.event_id, ComposeMode::Rating(occurrence.id));
        let before = self.stack.top().my_rating();
        let before = before.map(|mine| format!("{} {}", mine.rating, mine.body).trim_end().to_owned());
        if self.cx.signed_in() {
            self.cx.compose(event, mode, label, before.unwrap_or_default());
        }
    }

    fn open_comments(&mut self) {
        let Some(occurrence) = self.occurrence() else { return };
        let screen = CommentsScreen::of(occurrence.event_id, &occurrence.title);
        self.cx.open(screen);
    }

    /// Opens the feedback on the selected event, or on that of the selected occurrence.
    fn open_feedback(&mut self) {
        let screen = match (self.stack.top().event(), self.occurrence()) {
            (Some(event), _) => FeedbackScreen::of(event.id, &event.title),
            (None, Some(occurrence)) => FeedbackScreen::of(occurrence.event_id, &occurrence.title),
            (None, None) => return,
        };
        self.cx.open(screen);
    }
}

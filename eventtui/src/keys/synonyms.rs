//! Other words for actions, by which the command palette finds them.

use super::action::Action;
use crate::places::Tab;

/// The words, in lower case.
pub(crate) const fn synonyms(action: Action) -> &'static [&'static str] {
    match action {
        Action::NewEvent => &["new event", "create", "add event", "organize"],
        Action::Register => &["book", "join", "sign up for", "attend", "rsvp", "seat"],
        Action::CancelRegistration => &["cancel", "unregister", "leave", "withdraw", "delete registration"],
        Action::CancelOccurrence => &["cancel", "delete occurrence", "remove"],
        Action::CancelEvent => &["cancel", "delete event", "remove event"],
        Action::SaveCalendar => &["ics", "ical", "icalendar", "export", "download"],
        Action::CopyLink => &["share", "url", "yank"],
        Action::OpenLink => &["browser", "url", "web"],
        Action::Account => &["login", "log in", "logout", "log out", "register account", "profile", "user"],
        Action::SignUp => &["register account", "create account"],
        Action::SignOut => &["logout", "log out"],
        Action::Tokens => &["token", "api key", "pat", "script", "credentials"],
        Action::NewToken => &["create token", "add token", "new token"],
        Action::RevokeToken => &["delete token", "remove"],
        Action::CopySecret => &["yank", "clipboard"],
        Action::Preferences => &["settings", "options", "configuration", "config", "language"],
        Action::NextTheme => &["colours", "colors", "dark", "light"],
        Action::SwitchZone => &["timezone", "utc"],
        Action::Search => &["find", "filter"],
        Action::OpenReference => &["open id", "open link", "paste", "url", "go to event", "uuid"],
        Action::GoToDay => &["jump", "day", "calendar"],
        Action::Today => &["now"],
        Action::Tab(Tab::Mine) => &["my events", "bookings", "tickets", "mine"],
        Action::Tab(Tab::Organize) => &["organize", "my events"],
        Action::Tab(Tab::Month | Tab::Week) => &["calendar"],
        Action::Rate | Action::Feedback => &["review", "feedback", "stars"],
        Action::CheckIn | Action::CheckInByCode => &["door", "admit", "scan"],
        Action::Attendees => &["guests", "participants", "registrations", "check in", "door"],
        Action::Insights => &["statistics", "stats", "report"],
        Action::Duplicate => &["duplicate", "copy event", "clone", "template", "repeat", "again"],
        Action::CoOrganizers => &["co-organizers", "coorganizers", "organizers", "helpers", "team", "share"],
        Action::AddCoOrganizer => &["invite"],
        Action::RemoveCoOrganizer => &["delete"],
        Action::Edit | Action::EditAll | Action::EditFollowing => &["change", "move", "reschedule"],
        Action::Publish => &["announce", "go live"],
        Action::DiscardChanges => &["reset", "revert"],
        Action::DeleteComment | Action::DeleteAnswer => &["remove"],
        Action::ToggleAutoPromote => &["waitlist", "skip"],
        Action::Ticket => &["qr", "code"],
        Action::Reload => &["refresh", "update"],
        Action::Quit => &["exit", "close"],
        Action::Help => &["keys", "shortcuts"],
        _ => &[],
    }
}

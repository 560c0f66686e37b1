//! The sample users.

use eventcore::accounts::NewUser;
use eventcore::{Actor, Role};

use super::Demo;

/// The password of all who can sign in.
const PASSWORD: &str = "correct horse 7";

/// Username, display name, time zone and role of the organizers.
const ORGANIZERS: &[(&str, &str, &str, Role)] = &[
    ("ada", "Ada", "Europe/London", Role::Admin),
    ("grace", "Grace", "America/New_York", Role::User),
    ("lin", "Lín", "Europe/Berlin", Role::User),
    ("kenji", "健二", "Asia/Tokyo", Role::User),
];

/// Username and display name of users without a password, who only attend.
const GUESTS: &[(&str, &str)] = &[
    ("amara", "Amara"),
    ("bjork", "Björk"),
    ("chidi", "Chidi"),
    ("dolores", "Dolores"),
    ("emil", "Emil"),
    ("fatima", "Fatima"),
    ("goran", "Goran"),
    ("hana", "はな"),
    ("ines", "Inês"),
    ("jakub", "Jakub"),
    ("katja", "Katja"),
    ("leila", "Leïla"),
];

impl Demo<'_> {
    /// Creates all users.
    pub(super) async fn create_accounts(&mut self) -> eventcore::Result<()> {
        for (username, name, timezone, role) in ORGANIZERS {
            let user = NewUser {
                password: Some(PASSWORD.to_owned()),
                timezone: Some((*timezone).to_owned()),
                role: Some(*role),
                ..new_user(username, name)
            };
            self.organizers.push(self.core.create_user(&Actor::System, &user).await?);
        }
        for (username, name) in GUESTS {
            self.guests.push(self.core.create_user(&Actor::System, &new_user(username, name)).await?);
        }
        Ok(())
    }
}

fn new_user(username: &str, name: &str) -> NewUser {
    NewUser {
        username: username.to_owned(),
        email: format!("{username}@events.example"),
        display_name: Some(name.to_owned()),
        ..NewUser::default()
    }
}

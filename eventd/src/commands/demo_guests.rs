//! Guests for the demo: places that are taken, and people who wait.

use eventcore::accounts::{NewUser, User};
use eventcore::events::{Event, EventStatus, Visibility};
use eventcore::registrations::Party;
use eventcore::{Actor, EventCore, Role};

/// People who come and never sign in.
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

/// Registers guests for the next dates of the public events, and those who sign in for each other's. Events with few seats get a waitlist.
/// Answers how many registrations were made.
pub(super) async fn come(core: &EventCore, hosts: &[User], events: &[Event]) -> eventcore::Result<usize> {
    let mut guests = Vec::new();
    for (username, name) in GUESTS {
        let guest = NewUser {
            username: (*username).to_owned(),
            email: format!("{username}@events.example"),
            display_name: Some((*name).to_owned()),
            ..NewUser::default()
        };
        guests.push(core.create_user(&Actor::System, &guest).await?);
    }
    let mut registrations = 0;
    for (number, event) in events.iter().enumerate() {
        let Some(date) = &event.next_occurrence else { continue };
        if (event.visibility, event.status) != (Visibility::Public, EventStatus::Published) {
            continue;
        }
        let visitors = hosts.iter().filter(|host| host.id != event.organizer.id).chain(&guests);
        for (turn, visitor) in visitors.enumerate() {
            // Everyone wants the few seats; to the others come some, by a pattern that looks like chance.
            let pattern = turn * 7 + number * 5;
            if event.capacity > 15 && pattern % 3 == 0 {
                continue;
            }
            let party = Party::of(i64::try_from(pattern % 5 / 2).unwrap_or(0) + 1);
            core.register(&Actor::user(visitor.id, Role::User), date.id, &party).await?;
            registrations += 1;
        }
    }
    Ok(registrations)
}

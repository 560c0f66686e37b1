//! Sample registrations: occurrences with free seats, full ones, and waitlists.

use eventcore::accounts::{NewUser, User};
use eventcore::events::{Event, EventStatus, Visibility};
use eventcore::registrations::Party;
use eventcore::{Actor, EventCore, Role};

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

/// Creates the guests, and registers them and the organizers for the next occurrences of the public events.
/// Returns the number of registrations.
pub(super) async fn create(
    core: &EventCore,
    organizers: &[User],
    events: &[Event],
) -> eventcore::Result<usize> {
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
    for (event_index, event) in events.iter().enumerate() {
        let Some(occurrence) = &event.next_occurrence else { continue };
        if (event.visibility, event.status) != (Visibility::Public, EventStatus::Published) {
            continue;
        }
        let others = organizers.iter().filter(|user| user.id != event.organizer.id);
        for (user_index, user) in others.chain(&guests).enumerate() {
            // All users register for small events, which fills their waitlists. For the others, a fixed
            // pattern skips a third of the users and varies the party sizes.
            let pattern = user_index * 7 + event_index * 5;
            if event.capacity > 15 && pattern % 3 == 0 {
                continue;
            }
            let party = Party::of(i64::try_from(pattern % 5 / 2).unwrap_or(0) + 1);
            core.register(&Actor::user(user.id, Role::User), occurrence.id, &party).await?;
            registrations += 1;
        }
    }
    Ok(registrations)
}

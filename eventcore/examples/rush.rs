//! Embeds the library and registers many users for one occurrence from concurrent tasks:
//! `cargo run --release --example rush [DATABASE-URL [USERS [SEATS]]]`.

use std::time::Instant;

use eventcore::accounts::NewUser;
use eventcore::events::EventInput;
use eventcore::registrations::{Party, RegistrationStatus};
use eventcore::{Actor, EventCore, OccurrenceId, Role};

/// Number of concurrent tasks.
const TASKS: usize = 64;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = tempfile::tempdir()?;
    let url =
        arguments.next().unwrap_or_else(|| format!("sqlite://{}", folder.path().join("rush.db").display()));
    let users: u32 = arguments.next().map_or(Ok(2_000), |text| text.parse())?;
    let seats: i64 = arguments.next().map_or(Ok(100), |text| text.parse())?;
    let core = EventCore::open(&url).await?;

    let organizer = create_user(&core, "organizer").await?;
    let event = EventInput {
        title: "The rush".to_owned(),
        location: "Arena".to_owned(),
        starts_at: Some("2040-03-04T18:30:00Z".parse()?),
        capacity: Some(seats),
        ..EventInput::default()
    };
    let event = core.create_event(&organizer, &event).await?;
    let occurrence = event.next_occurrence.ok_or("the event has no occurrence")?.id;

    let mut actors = Vec::new();
    for number in 0..users {
        actors.push(create_user(&core, &format!("user{number}")).await?);
    }
    let began = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for some in actors.chunks(actors.len().div_ceil(TASKS).max(1)) {
        tasks.spawn(register(core.clone(), some.to_vec(), occurrence));
    }
    let mut confirmed = 0;
    while let Some(done) = tasks.join_next().await {
        confirmed += done??;
    }
    let took = began.elapsed();

    let after = core.occurrence(&organizer, occurrence).await?;
    println!(
        "{users} users registered in {took:.1?}: {:.0} per second",
        f64::from(users) / took.as_secs_f64()
    );
    println!("{confirmed} confirmed; {} of {} seats taken", after.seats_taken, after.capacity);
    println!(
        "{} waitlisted; {} occurrences with wrong counts",
        after.waitlist_length,
        core.check_consistency().await?.len()
    );
    core.close().await;
    Ok(())
}

async fn create_user(core: &EventCore, name: &str) -> eventcore::Result<Actor> {
    let user =
        NewUser { username: name.to_owned(), email: format!("{name}@example.org"), ..NewUser::default() };
    Ok(Actor::user(core.create_user(&Actor::System, &user).await?.id, Role::User))
}

/// Registers the actors one after another. Returns how many were confirmed.
async fn register(core: EventCore, actors: Vec<Actor>, occurrence: OccurrenceId) -> eventcore::Result<usize> {
    let mut confirmed = 0;
    for actor in actors {
        let registered = core.register(&actor, occurrence, &Party::of(1)).await?;
        confirmed += usize::from(registered.registration.status == RegistrationStatus::Confirmed);
    }
    Ok(confirmed)
}

//! Embeds the library and lets a rush of people register from many tasks at once: `cargo run --release --example rush [DATABASE-URL [PEOPLE [SEATS]]]`.

use std::time::Instant;

use eventcore::accounts::NewUser;
use eventcore::events::EventInput;
use eventcore::registrations::{Party, RegistrationStatus};
use eventcore::{Actor, EventCore, OccurrenceId, Role};

/// People who ask at the same time.
const AT_ONCE: usize = 64;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = tempfile::tempdir()?;
    let url =
        arguments.next().unwrap_or_else(|| format!("sqlite://{}", folder.path().join("rush.db").display()));
    let people: u32 = arguments.next().map_or(Ok(2_000), |text| text.parse())?;
    let seats: i64 = arguments.next().map_or(Ok(100), |text| text.parse())?;
    let core = EventCore::open(&url).await?;

    let organizer = someone(&core, "organizer").await?;
    let event = EventInput {
        title: "The rush".to_owned(),
        location: "Arena".to_owned(),
        starts_at: Some("2040-03-04T18:30:00Z".parse()?),
        capacity: Some(seats),
        ..EventInput::default()
    };
    let event = core.create_event(&organizer, &event).await?;
    let date = event.next_occurrence.ok_or("the event has a date")?.id;

    let mut crowd = Vec::new();
    for number in 0..people {
        crowd.push(someone(&core, &format!("person{number}")).await?);
    }
    let began = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for some in crowd.chunks(crowd.len().div_ceil(AT_ONCE).max(1)) {
        tasks.spawn(register(core.clone(), some.to_vec(), date));
    }
    let mut confirmed = 0;
    while let Some(done) = tasks.join_next().await {
        confirmed += done??;
    }
    let took = began.elapsed();

    let after = core.occurrence(&organizer, date).await?;
    println!(
        "{people} people registered in {took:.1?}: {:.0} a second",
        f64::from(people) / took.as_secs_f64()
    );
    println!(
        "{confirmed} were told that they have a seat; {} of {} seats are taken",
        after.seats_taken, after.capacity
    );
    println!("{} wait, and {} dates were miscounted", after.waitlist_length, core.recount().await?.len());
    core.close().await;
    Ok(())
}

async fn someone(core: &EventCore, name: &str) -> eventcore::Result<Actor> {
    let user =
        NewUser { username: name.to_owned(), email: format!("{name}@example.org"), ..NewUser::default() };
    Ok(Actor::user(core.create_user(&Actor::System, &user).await?.id, Role::User))
}

/// Registers one after another; answers how many got a seat.
async fn register(core: EventCore, people: Vec<Actor>, date: OccurrenceId) -> eventcore::Result<usize> {
    let mut confirmed = 0;
    for person in people {
        let registered = core.register(&person, date, &Party::of(1)).await?;
        confirmed += usize::from(registered.registration.status == RegistrationStatus::Confirmed);
    }
    Ok(confirmed)
}

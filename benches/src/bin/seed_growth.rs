//! Fills a database for `benches/growth`, and prints words for its searches.
//!
//! `seed_growth DATABASE-URL OCCURRENCES` creates 20 organizers, their events (see `GrowthData`), and a
//! registration for each occurrence of the first organizer. It prints, separated by spaces: an access token
//! of that organizer, the two most common words, a rare word, a rare tag, the id of an event, and on
//! PostgreSQL the `plan_cache_mode` of the sessions of eventcore.

use benches::{GrowthData, concurrent_writers, run_concurrently};
use eventcore::accounts::NewUser;
use eventcore::agenda::AgendaFilter;
use eventcore::db::{Dialect, Queries, Sql};
use eventcore::registrations::Party;
use eventcore::{Actor, EventCore, PageRequest, Result};

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, occurrences] = arguments.as_slice() else {
        return Err("usage: seed_growth DATABASE-URL OCCURRENCES".into());
    };
    let core = benches::open(url).await?;
    let mut organizers = Vec::new();
    for number in 0..GrowthData::organizers() {
        organizers.push(user(&core, &format!("organizer{number}")).await?);
    }
    let attendee = user(&core, "attendee").await?;
    let first = *organizers.first().ok_or("no organizers")?;
    create_events(&core, organizers, GrowthData::events(occurrences.parse()?)).await?;
    register_for_all(&core, first, attendee).await?;
    benches::do_jobs(&core).await?;
    let id = first.user_id().ok_or("the organizer is not a user")?;
    let token = core.open_session(&Actor::System, id).await?.access_token;
    let page = core.occurrences(&Actor::Anonymous, &AgendaFilter::default(), &PageRequest::first(1)).await?;
    let event = page.items.first().ok_or("no occurrences")?.event_id;
    let (words, tag) = ([1, 2, 5_000].map(GrowthData::word).join(" "), GrowthData::tag(290));
    print!("{token} {words} {} {event}", tag.replace(' ', "+"));
    if core.db().dialect() == Dialect::Postgres {
        let mode: String =
            core.db().read().await?.query(Sql::portable("SHOW plan_cache_mode")).scalar().await?;
        print!(" {mode}");
    }
    println!();
    core.close().await;
    Ok(())
}

async fn user(core: &EventCore, username: &str) -> Result<Actor> {
    let email = format!("{username}@example.org");
    let input = NewUser { username: username.to_owned(), email, ..NewUser::default() };
    let user = core.create_user(&Actor::System, &input).await?;
    Ok(Actor::user(user.id, user.role))
}

async fn create_events(core: &EventCore, organizers: Vec<Actor>, count: usize) -> Result<()> {
    let (tasks, core) = (concurrent_writers(core), core.clone());
    let create = move |number| {
        let (core, event) = (core.clone(), GrowthData::event(number));
        let organizer = organizers[event.organizer];
        async move { core.create_event(&organizer, &event.input).await.map(drop) }
    };
    run_concurrently(tasks, count, create).await.map(drop)
}

/// Registers `attendee` for all occurrences of `organizer`.
async fn register_for_all(core: &EventCore, organizer: Actor, attendee: Actor) -> Result<()> {
    let filter = AgendaFilter { organizer: organizer.user_id(), ..AgendaFilter::default() };
    let mut request = PageRequest::first(PageRequest::MAX_LIMIT);
    loop {
        let page = core.occurrences(&organizer, &filter, &request).await?;
        let ids: Vec<_> = page.items.iter().map(|occurrence| occurrence.id).collect();
        let (count, registering) = (ids.len(), core.clone());
        let register = move |number: usize| {
            let (core, occurrence) = (registering.clone(), ids[number]);
            async move { core.register(&attendee, occurrence, &Party::of(1)).await.map(drop) }
        };
        run_concurrently(concurrent_writers(core), count, register).await?;
        if page.next.is_none() {
            return Ok(());
        }
        request = request.at(page.next);
    }
}

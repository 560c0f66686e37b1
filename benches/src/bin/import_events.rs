//! Imports a list of weekly events atomically, and measures how many a second.
//!
//! `import_events DATABASE-URL EVENTS`: four of five events have 25 occurrences, the fifth has 24.

use std::time::Instant;

use benches::Failure;
use eventcore::calendars::{EventImport, ImportMode, ListedEvent};
use eventcore::recurrence::Recurrence;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, events] = arguments.as_slice() else {
        return Err("usage: import_events DATABASE-URL EVENTS".into());
    };
    let events: usize = events.parse()?;
    let core = benches::open(url).await?;
    let organizer = benches::organizer(&core).await?;
    let list = (0..events).map(listed).collect::<Result<Vec<_>, _>>()?;
    for what in ["new", "known"] {
        let list = list.clone();
        let begun = Instant::now();
        let outcomes = core.import_events(&organizer, list, ImportMode::Atomic).await?;
        let took = begun.elapsed().as_secs_f64();
        let is_expected = |outcome: &EventImport| {
            matches!((outcome, what), (EventImport::Created(_), "new") | (EventImport::Unchanged(_), "known"))
        };
        if let Some(other) = outcomes.iter().find(|outcome| !is_expected(outcome)) {
            return Err(format!("an event that is {what}: {other:?}").into());
        }
        let occurrences = (0..events).map(occurrences).sum::<usize>();
        let rate = f64::from(u32::try_from(events)?) / took;
        println!(
            "{what}: {events} events with {occurrences} occurrences in {took:.2} s: {rate:.0} events a second"
        );
    }
    core.close().await;
    Ok(())
}

const fn occurrences(number: usize) -> usize {
    if number % 5 == 4 { 24 } else { 25 }
}

fn listed(number: usize) -> Result<ListedEvent, Failure> {
    let rule = format!("FREQ=WEEKLY;COUNT={}", occurrences(number)).parse()?;
    let recurrence = Recurrence { rrule: Some(rule), ..Recurrence::default() };
    let event = benches::labelled_event(number).recurrence(recurrence);
    Ok(ListedEvent::new(format!("event-{number}@example.org"), event))
}

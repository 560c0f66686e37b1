//! Events in the vocabulary of schema.org, as JSON-LD.

use eventcore::events::{Event, Occurrence, OccurrenceStatus};
use eventcore::markdown;
use serde_json::{Value, json};

use super::StructuredData;
use crate::words::{beginning, plain};

/// The characters of a description that search engines show.
const DESCRIPTION: usize = 1000;

/// An occurrence as a schema.org `Event`. `base` is the public URL.
pub(crate) fn of_occurrence(occurrence: &Occurrence, base: &str) -> StructuredData {
    let mut data = body(occurrence, base);
    data["@context"] = json!("https://schema.org");
    data
}

/// An event that recurs as a schema.org `EventSeries` of the occurrences that its page shows.
pub(crate) fn of_series(event: &Event, shown: &[Occurrence], base: &str) -> StructuredData {
    let organizers: Vec<Value> = std::iter::once(&event.organizer)
        .chain(&event.co_organizers)
        .map(|profile| person(&profile.display_name))
        .collect();
    let first = shown.first().map_or(event.starts_at, |first| first.starts_at);
    let last = shown.last().map_or(event.ends_at, |last| last.ends_at);
    json!({
        "@context": "https://schema.org",
        "@type": "EventSeries",
        "name": plain(&event.title),
        "description": description(&event.description),
        "url": format!("{base}{}", event.links.page),
        "startDate": first.min(last).to_string(),
        "endDate": last.max(first).to_string(),
        "location": locations(&event.location, event.url.as_deref()),
        "organizer": organizers,
        "subEvent": shown.iter().map(|occurrence| body(occurrence, base)).collect::<Vec<_>>(),
    })
}

fn body(occurrence: &Occurrence, base: &str) -> Value {
    let is_cancelled = occurrence.status == OccurrenceStatus::Cancelled;
    let is_moved = occurrence.starts_at != occurrence.original_start;
    let url = format!("{base}{}", occurrence.links.page);
    let mut data = json!({
        "@type": "Event",
        "name": plain(&occurrence.title),
        "description": description(&occurrence.description),
        "url": url,
        "startDate": occurrence.starts_at.to_string(),
        "endDate": occurrence.ends_at.to_string(),
        "eventStatus": match (is_cancelled, is_moved) {
            (true, _) => "https://schema.org/EventCancelled",
            (false, true) => "https://schema.org/EventRescheduled",
            (false, false) => "https://schema.org/EventScheduled",
        },
        "eventAttendanceMode": match occurrence.url {
            Some(_) => "https://schema.org/MixedEventAttendanceMode",
            None => "https://schema.org/OfflineEventAttendanceMode",
        },
        "location": locations(&occurrence.location, occurrence.url.as_deref()),
        "organizer": person(&occurrence.organizer.display_name),
        "maximumAttendeeCapacity": occurrence.capacity,
        "remainingAttendeeCapacity": occurrence.seats_left,
        "offers": offer(occurrence, &url),
    });
    if is_moved {
        data["previousStartDate"] = json!(occurrence.original_start.to_string());
    }
    data
}

fn offer(occurrence: &Occurrence, url: &str) -> Value {
    let mut offer = json!({
        "@type": "Offer",
        "url": url,
        "availability": match (occurrence.registration_open, occurrence.seats_left) {
            (true, 1..) => "https://schema.org/InStock",
            (true, _) => "https://schema.org/SoldOut",
            (false, _) => "https://schema.org/OutOfStock",
        },
        "inventoryLevel": {"@type": "QuantitativeValue", "value": occurrence.seats_left},
    });
    if let Some(opens_at) = occurrence.registration_opens_at {
        offer["validFrom"] = json!(opens_at.to_string());
    }
    if let Some(closes_at) = occurrence.registration_closes_at {
        offer["validThrough"] = json!(closes_at.to_string());
    }
    offer
}

fn locations(location: &str, url: Option<&str>) -> Value {
    let place = json!({"@type": "Place", "name": plain(location), "address": plain(location)});
    match url {
        Some(url) => json!([place, {"@type": "VirtualLocation", "url": url}]),
        None => place,
    }
}

fn person(name: &str) -> Value {
    json!({"@type": "Person", "name": plain(name)})
}

fn description(markdown: &str) -> String {
    beginning(&plain(&markdown::to_text(markdown)), DESCRIPTION)
}

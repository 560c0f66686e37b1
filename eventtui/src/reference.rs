//! Events and occurrences named by an id or a link.

use eventcore::{EventId, OccurrenceId};
use hyper::Uri;

/// An event or an occurrence, by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reference {
    Event(EventId),
    Occurrence(OccurrenceId),
    /// An id alone: that of an occurrence, or else of an event.
    Either(OccurrenceId, EventId),
}

impl Reference {
    /// Reads an id, or a link to a page, to the API or to a calendar file: `https://…/events/{id}`,
    /// `…/api/v1/occurrences/{id}.ics`. The host may be any, because a server has several addresses.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_matches(['<', '>']);
        if let (Ok(occurrence), Ok(event)) = (text.parse(), text.parse()) {
            return Some(Self::Either(occurrence, event));
        }
        // Browsers omit the scheme of the links they show.
        let is_whole = text.contains("://") || text.starts_with('/');
        let uri: Uri = if is_whole { text.parse() } else { format!("https://{text}").parse() }.ok()?;
        let mut segments =
            uri.path().split('/').skip_while(|part| !matches!(*part, "events" | "occurrences"));
        let (kind, id) = (segments.next()?, segments.next()?);
        let id = id.strip_suffix(".ics").unwrap_or(id);
        if kind == "events" {
            id.parse().ok().map(Self::Event)
        } else {
            id.parse().ok().map(Self::Occurrence)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01890000-0000-7000-8000-000000000001";

    #[test]
    fn ids_and_links_are_read() {
        let (occurrence, event) = (ID.parse().unwrap(), ID.parse().unwrap());
        for (text, reference) in [
            (ID.to_owned(), Reference::Either(occurrence, event)),
            (format!("  {ID}\n"), Reference::Either(occurrence, event)),
            (format!("https://events.example.org/events/{ID}"), Reference::Event(event)),
            (format!("<https://events.example.org/events/{ID}>"), Reference::Event(event)),
            (format!("events.example.org/occurrences/{ID}"), Reference::Occurrence(occurrence)),
            (format!("http://[::1]:8080/api/v1/occurrences/{ID}.ics"), Reference::Occurrence(occurrence)),
            (format!("https://e.org/a/events/{ID}/comments?limit=3#last"), Reference::Event(event)),
            (format!("/api/v1/events/{ID}.ics"), Reference::Event(event)),
        ] {
            assert_eq!(Reference::parse(&text), Some(reference), "{text}");
        }
        for text in
            ["", "jazz", "https://e.org/events/", "https://e.org/events/jazz", "https://e.org", "a b/c"]
        {
            assert_eq!(Reference::parse(text), None, "{text}");
        }
    }
}

//! What templates of mails about notifications can show.

use chrono_tz::Tz;
use eventcore::mails::{NotificationFacts, OutgoingMail, RegistrationFacts};
use eventcore::time::{Moment, Timestamp};
use eventcore::{MailId, markdown};
use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::Serialize;

use super::sender::replies;
use crate::words::{Period, beginning, moment, plain};

/// The characters of a comment or of feedback that a mail shows.
const EXCERPT: usize = 300;
/// The comments and ratings that a mail shows.
const LISTED: usize = 10;

/// A line of facts.
#[derive(Debug, Serialize)]
struct Fact {
    name: &'static str,
    value: String,
}

/// What someone wrote.
#[derive(Debug, Serialize)]
struct Excerpt {
    author: String,
    text: String,
    rating: Option<i64>,
}

/// The values of a mail about notifications, for a reader in `tz`. `server` is the public URL, `unsubscribe`
/// the address that turns such mails off.
pub(super) fn values(mail: &OutgoingMail, server: &str, unsubscribe: &str, tz: Tz) -> Value {
    let Some(facts) = &mail.facts else { return context! {} };
    let title = plain(&facts.title);
    let ticket = facts.registration.as_ref().and_then(|mine| mine.ticket_code.as_deref());
    let excerpts = excerpts(facts);
    let count = excerpts.len();
    context! {
        title => beginning(&title, 120),
        page => facts.page.as_ref().map(|page| format!("{server}{page}")),
        facts => Value::from(Serde(lines(facts, tz))),
        start => facts.when.map(|(start, _)| told(start, tz)),
        moved => moved(facts),
        relocated => facts.old_location.is_some(),
        restored => facts.restored,
        own => facts.own,
        ticket => ticket,
        picture => ticket_picture(mail.id),
        ticket_page => ticket.map(|code| format!("{server}/tickets/{code}")),
        excerpts => Value::from(Serde(excerpts.into_iter().take(LISTED).collect::<Vec<_>>())),
        count => count,
        more => count.saturating_sub(LISTED),
        unsubscribe => unsubscribe,
    }
}

/// The Content-ID of the picture of the ticket in a mail (RFC 2392): no other mail has it.
pub(super) fn ticket_picture(mail: MailId) -> String {
    format!("ticket@{mail}")
}

/// Whether the start has changed, rather than the end alone.
fn moved(facts: &NotificationFacts) -> Option<bool> {
    let old = facts.old_starts_at?;
    Some(facts.when.is_some_and(|(start, _)| start != old))
}

/// The facts that every mail about an occurrence tells, one a line.
fn lines(facts: &NotificationFacts, tz: Tz) -> Vec<Fact> {
    let mut lines = Vec::new();
    let mut add = |name, value: String| {
        if !value.is_empty() {
            lines.push(Fact { name, value });
        }
    };
    if let Some((start, end)) = facts.when {
        add("When", period(start, end, tz));
        let zone: Tz = facts.timezone.parse().unwrap_or(Tz::UTC);
        if differs(start, tz, zone) {
            add("Local time", period(start, end, zone));
        }
        if let Some(old) = facts.old_starts_at.filter(|old| *old != start) {
            add("Before", told(old, tz));
        }
    }
    let is_told_place = facts.when.is_some();
    if is_told_place {
        add("Where", plain(&facts.location));
    }
    add("Where before", facts.old_location.as_deref().map(plain).unwrap_or_default());
    if is_told_place {
        add("Online", facts.url.as_deref().map(plain).unwrap_or_default());
        add("Organizer", plain(&facts.organizer));
    }
    if let Some(RegistrationFacts { party_size, position, ticket_code }) = &facts.registration {
        add("People", party_size.to_string());
        add("Waitlist", position.map(|position| format!("number {position}")).unwrap_or_default());
        add("Ticket", ticket_code.clone().unwrap_or_default());
    }
    if let (Some(_), Some(to)) = (replies(facts), &facts.reply_to) {
        add("Questions", format!("reply to this mail to reach {}", plain(&to.name)));
    }
    lines
}

/// A period by the clock of a zone, which is named.
fn period(start: Moment, end: Moment, tz: Tz) -> String {
    let Period { text, zone, .. } = Period::new(in_zone(start, tz), in_zone(end, tz), tz.name());
    zone.map_or_else(|| text.clone(), |zone| format!("{text} ({zone})"))
}

/// A moment by the clock of a zone, which is named.
fn told(at: Moment, tz: Tz) -> String {
    match at {
        Moment::At(_) => format!("{} ({tz})", moment(in_zone(at, tz))),
        Moment::Day(_) => moment(at),
    }
}

/// Days are days of the event, whoever reads of them.
fn in_zone(at: Moment, tz: Tz) -> Moment {
    match at {
        Moment::At(at) => Moment::at(Timestamp::from(at), tz),
        Moment::Day(_) => at,
    }
}

/// Whether the clocks of two zones differ at a moment.
fn differs(at: Moment, tz: Tz, other: Tz) -> bool {
    match (in_zone(at, tz), in_zone(at, other)) {
        (Moment::At(one), Moment::At(two)) => one.offset() != two.offset(),
        _ => false,
    }
}

fn excerpts(facts: &NotificationFacts) -> Vec<Excerpt> {
    let comments = facts.comments.iter().map(|comment| (&comment.author, &comment.text, None));
    let feedback = facts.feedback.iter().map(|one| (&one.author, &one.text, Some(one.rating)));
    let excerpt = |(author, text, rating): (&String, &String, Option<i64>)| Excerpt {
        author: plain(author),
        text: line(&markdown::to_text(text)),
        rating,
    };
    comments.chain(feedback).map(excerpt).collect()
}

/// The beginning of a text, on one line.
fn line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    beginning(&plain(&words.join(" ")), EXCERPT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_told_in_the_zone_of_the_reader_and_in_that_of_the_event_if_it_differs() {
        let (start, end) = (at("2027-03-04T18:30:00+01:00"), at("2027-03-04T20:30:00+01:00"));
        let in_tokyo = "Friday, 5 March 2027, 02:30–04:30 (Asia/Tokyo, UTC+09:00)";
        assert_eq!(period(start, end, Tz::Asia__Tokyo), in_tokyo);
        assert!(differs(start, Tz::Asia__Tokyo, Tz::Europe__Berlin));
        assert!(!differs(start, Tz::Europe__Paris, Tz::Europe__Berlin));
        let (first, last) = (at("2027-03-04"), at("2027-03-05"));
        assert_eq!(period(first, last, Tz::Asia__Tokyo), "Thursday, 4 March 2027 – Friday, 5 March 2027");
        assert!(!differs(first, Tz::Asia__Tokyo, Tz::Europe__Berlin));
    }

    #[test]
    fn what_others_wrote_is_one_line() {
        assert_eq!(line("a\r\n\r\nSubject: b\u{202e}"), "a Subject: b");
        assert_eq!(line(&"ab ".repeat(200)).chars().last(), Some('…'));
    }
}

//! Commands for scripts, which need no terminal.

use std::io::Write;

use chrono::NaiveDate;
use chrono_tz::Tz;
use clap::Args;
use eventcore::OccurrenceId;
use eventcore::events::Occurrence;

use crate::backend::{self, Answer, Refusal, Request, Source, nonsense};
use crate::failure::Failure;
use crate::search_filter::SearchFilter;
use crate::widgets::text::clean;

/// Which occurrences to list.
#[derive(Debug, Args)]
pub(crate) struct AgendaArgs {
    /// First day, in my time zone [default: now]
    #[arg(long, value_name = "DAY")]
    from: Option<NaiveDate>,
    /// Last day, included
    #[arg(long, value_name = "DAY")]
    to: Option<NaiveDate>,
    /// Words of title, tags, location or description; the last may be a prefix. "a phrase", -without
    #[arg(long, value_name = "WORDS", default_value = "")]
    search: String,
    /// Words of the location
    #[arg(long, value_name = "WORDS", default_value = "")]
    location: String,
    /// Slug of a category; repeat it to match any of several
    #[arg(long, value_name = "SLUG")]
    category: Vec<String>,
    /// Tag; repeat it to match all of several
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Maximum number of occurrences
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: usize,
    /// JSON, one occurrence per line
    #[arg(long)]
    json: bool,
}

/// Which occurrence to show.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Id of an occurrence, as printed by `agenda`
    id: OccurrenceId,
    /// JSON
    #[arg(long)]
    json: bool,
}

/// Which occurrence to register for.
#[derive(Debug, Args)]
pub(crate) struct RegisterArgs {
    /// Id of an occurrence, as printed by `agenda`
    id: OccurrenceId,
    /// Party size
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    party: i64,
}

fn failure(refusal: Refusal) -> Failure {
    let fields = refusal
        .fields
        .iter()
        .map(|violation| format!("{}: {}", violation.pointer.trim_start_matches('/'), violation.message));
    let fields: Vec<String> = fields.collect();
    if fields.is_empty() { refusal.message.into() } else { fields.join("; ").into() }
}

pub(crate) async fn agenda(source: &Source<'_>, zone: Tz, args: AgendaArgs) -> Result<(), Failure> {
    let backend = backend::open(source).await?;
    let wish = SearchFilter {
        words: args.search.trim().to_owned(),
        place: args.location.trim().to_owned(),
        from: args.from,
        to: args.to,
        categories: args.category,
        tags: args.tag,
        ..SearchFilter::default()
    };
    let mut cursor = None;
    let mut left = args.limit;
    while left > 0 {
        let request = Request::Agenda { wish: wish.clone(), tz: zone, cursor };
        let Answer::Dates(page) = backend.run(request).await.map_err(failure)? else { break };
        let dates: Vec<_> = page.items.into_iter().take(left).collect();
        left -= dates.len();
        for date in &dates {
            print(date, args.json)?;
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    backend.close().await;
    Ok(())
}

/// Prints a line. Ends the program if the reader has closed the pipe, as `head` does.
fn print_line(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        outcome => Ok(outcome?),
    }
}

fn print(date: &Occurrence, json: bool) -> Result<(), Failure> {
    if json {
        return print_line(&serde_json::to_string(date)?);
    }
    let (title, location) = (clean(&date.title), clean(&date.location));
    print_line(&format!("{}  {}  {title}  {location}  {} left", date.id, date.starts_at, date.seats_left))
}

pub(crate) async fn show(source: &Source<'_>, args: ShowArgs) -> Result<(), Failure> {
    let backend = backend::open(source).await?;
    let answer = backend.run(Request::Date(args.id)).await.map_err(failure)?;
    backend.close().await;
    let Answer::Date(detail) = answer else { return Err(failure(nonsense())) };
    let date = &detail.date;
    if args.json {
        return print_line(&serde_json::to_string_pretty(date)?);
    }
    print_line(&clean(&date.title))?;
    print_line(&format!("{} – {} ({})", date.starts_at, date.ends_at, date.timezone))?;
    print_line(&format!("{} · by {}", clean(&date.location), clean(&date.organizer.display_name)))?;
    print_line(&format!(
        "{} of {} seats free, {} waiting",
        date.seats_left, date.capacity, date.waitlist_length
    ))?;
    let rated = &detail.feedback.summary;
    if let Some(average) = rated.average {
        let noun = if rated.count == 1 { "rating" } else { "ratings" };
        print_line(&format!("rated {average:.1} of 5 ({} {noun})", rated.count))?;
    }
    if let Some(place) = &detail.place {
        print_line(&format!("my registration: {}, party of {}", place.status, place.party_size))?;
    }
    if !date.description.is_empty() {
        print_line("")?;
        for line in date.description.lines() {
            print_line(&clean(line))?;
        }
    }
    Ok(())
}

pub(crate) async fn register(source: &Source<'_>, args: RegisterArgs) -> Result<(), Failure> {
    let backend = backend::open(source).await?;
    let answer =
        backend.run(Request::Register { occurrence: args.id, party: args.party }).await.map_err(failure)?;
    backend.close().await;
    let Answer::Place(place) = answer else { return Err(failure(nonsense())) };
    match (place.position, &place.ticket_code) {
        (Some(position), _) => print_line(&format!("waitlisted, position {position}")),
        (None, Some(ticket)) => print_line(&format!("confirmed for {}, ticket {ticket}", place.party_size)),
        (None, None) => print_line(&place.status.to_string()),
    }
}

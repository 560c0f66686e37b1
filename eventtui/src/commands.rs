//! Commands for scripts, which need no terminal.

use std::io::Write;

use chrono::NaiveDate;
use chrono_tz::Tz;
use clap::Args;
use eventcore::OccurrenceId;
use eventcore::events::Occurrence;

use crate::backend::{self, ApiError, Request, Response, Source, unexpected_response};
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

fn failure(error: ApiError) -> Failure {
    let fields = error
        .fields
        .iter()
        .map(|violation| format!("{}: {}", violation.pointer.trim_start_matches('/'), violation.message));
    let fields: Vec<String> = fields.collect();
    if fields.is_empty() { error.message.into() } else { fields.join("; ").into() }
}

pub(crate) async fn agenda(source: &Source<'_>, zone: Tz, args: AgendaArgs) -> Result<(), Failure> {
    let backend = backend::open(source).await?;
    let filter = SearchFilter {
        words: args.search.trim().to_owned(),
        location: args.location.trim().to_owned(),
        from: args.from,
        to: args.to,
        categories: args.category,
        tags: args.tag,
        ..SearchFilter::default()
    };
    let mut cursor = None;
    let mut left = args.limit;
    while left > 0 {
        let request = Request::Occurrences { filter: filter.clone(), tz: zone, cursor };
        let Response::Occurrences(page) = backend.run(request).await.map_err(failure)? else { break };
        let occurrences: Vec<_> = page.items.into_iter().take(left).collect();
        left -= occurrences.len();
        for occurrence in &occurrences {
            print(occurrence, args.json)?;
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

fn print(occurrence: &Occurrence, json: bool) -> Result<(), Failure> {
    if json {
        return print_line(&serde_json::to_string(occurrence)?);
    }
    let (title, location) = (clean(&occurrence.title), clean(&occurrence.location));
    print_line(&format!(
        "{}  {}  {title}  {location}  {} left",
        occurrence.id, occurrence.starts_at, occurrence.seats_left
    ))
}

pub(crate) async fn show(source: &Source<'_>, args: ShowArgs) -> Result<(), Failure> {
    let backend = backend::open(source).await?;
    let response = backend.run(Request::OccurrenceDetail(args.id)).await.map_err(failure)?;
    backend.close().await;
    let Response::OccurrenceDetail(detail) = response else { return Err(failure(unexpected_response())) };
    let occurrence = &detail.occurrence;
    if args.json {
        return print_line(&serde_json::to_string_pretty(occurrence)?);
    }
    print_line(&clean(&occurrence.title))?;
    print_line(&format!("{} – {} ({})", occurrence.starts_at, occurrence.ends_at, occurrence.timezone))?;
    print_line(&format!(
        "{} · by {}",
        clean(&occurrence.location),
        clean(&occurrence.organizer.display_name)
    ))?;
    print_line(&format!(
        "{} of {} seats free, {} waiting",
        occurrence.seats_left, occurrence.capacity, occurrence.waitlist_length
    ))?;
    let rated = &detail.feedback.summary;
    if let Some(average) = rated.average {
        let noun = if rated.count == 1 { "rating" } else { "ratings" };
        print_line(&format!("rated {average:.1} of 5 ({} {noun})", rated.count))?;
    }
    if let Some(registration) = &detail.registration {
        print_line(&format!(
            "my registration: {}, party of {}",
            registration.status, registration.party_size
        ))?;
    }
    if !occurrence.description.is_empty() {
        print_line("")?;
        for line in occurrence.description.lines() {
            print_line(&clean(line))?;
        }
    }
    Ok(())
}

pub(crate) async fn register(source: &Source<'_>, args: RegisterArgs) -> Result<(), Failure> {
    let backend = backend::open(source).await?;
    let response =
        backend.run(Request::Register { occurrence: args.id, party: args.party }).await.map_err(failure)?;
    backend.close().await;
    let Response::Registration(registration) = response else { return Err(failure(unexpected_response())) };
    match (registration.position, &registration.ticket_code) {
        (Some(position), _) => print_line(&format!("waitlisted, position {position}")),
        (None, Some(ticket)) => {
            print_line(&format!("confirmed for {}, ticket {ticket}", registration.party_size))
        }
        (None, None) => print_line(&registration.status.to_string()),
    }
}

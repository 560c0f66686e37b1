//! Commands for scripts, which need no terminal.

mod account;
mod notifications;
mod output;
mod personal;
mod table;

use chrono::NaiveDate;
use chrono_tz::Tz;
use clap::Args;
use eventcore::OccurrenceId;

use crate::backend::{Request, Response, Source, unexpected_response};
use crate::failure::Failure;
use crate::natural_dates::DateContext;
use crate::reference::Reference;
use crate::search_filter::SearchFilter;
use crate::widgets::text::clean;
pub(crate) use account::{LoginArgs, TokenArgs, login, logout, token};
pub(crate) use notifications::{NotificationsArgs, notifications};
use output::{connect, failure, print_line, run};
pub(crate) use personal::{CancelArgs, CheckInArgs, MineArgs, NewArgs, cancel, check_in, mine, new};
use table::Table;

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

/// What to search for.
#[derive(Debug, Args)]
pub(crate) struct SearchArgs {
    /// Words and conditions: jazz @pier by:ada in:concert is:free from:fri to:+10
    #[arg(required = true)]
    words: Vec<String>,
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
    /// Id or link of an occurrence, as printed by `agenda`, or of an event
    #[arg(value_name = "ID", value_parser = reference)]
    id: Reference,
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

pub(crate) async fn agenda(source: &Source<'_>, zone: Tz, args: AgendaArgs) -> Result<(), Failure> {
    let filter = SearchFilter {
        words: args.search.trim().to_owned(),
        location: args.location.trim().to_owned(),
        from: args.from,
        to: args.to,
        categories: args.category,
        tags: args.tag,
        ..SearchFilter::default()
    };
    list(source, zone, filter, args.limit, args.json).await
}

pub(crate) async fn search(
    source: &Source<'_>,
    zone: Tz,
    dates: DateContext,
    args: SearchArgs,
) -> Result<(), Failure> {
    let filter = SearchFilter::parse(&args.words.join(" "), dates);
    if let Some(unclear) = filter.unclear.first() {
        return Err(format!("“{unclear}” is not understood").into());
    }
    list(source, zone, filter, args.limit, args.json).await
}

/// Prints the occurrences that match, up to `limit`.
async fn list(
    source: &Source<'_>,
    zone: Tz,
    filter: SearchFilter,
    limit: usize,
    json: bool,
) -> Result<(), Failure> {
    let backend = connect(source).await?;
    let mut table = Table::new(&["START", "TITLE", "WHERE", "SEATS", "ID"], &[1, 2]);
    let mut cursor = None;
    let mut left = limit;
    while left > 0 {
        let request = Request::Occurrences { filter: filter.clone(), tz: zone, cursor };
        let Response::Occurrences(page) = run(&backend, request).await? else { break };
        let occurrences: Vec<_> = page.items.into_iter().take(left).collect();
        left -= occurrences.len();
        for occurrence in &occurrences {
            if json {
                print_line(&serde_json::to_string(occurrence)?)?;
                continue;
            }
            let start = occurrence.starts_at.to_string();
            let (left, id) = (occurrence.seats_left.to_string(), occurrence.id.to_string());
            table.add(&[&start, &occurrence.title, &occurrence.location, &left, &id]);
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    backend.close().await;
    table.print()
}

fn reference(text: &str) -> Result<Reference, String> {
    Reference::parse(text).ok_or_else(|| "must be the id or the link of an occurrence or event".to_owned())
}

pub(crate) async fn show(source: &Source<'_>, args: ShowArgs) -> Result<(), Failure> {
    let backend = connect(source).await?;
    let id = match args.id {
        Reference::Occurrence(id) => id,
        other => match run(&backend, Request::Find(other)).await? {
            Response::Occurrence(occurrence) => occurrence.id,
            _ => return Err(failure(unexpected_response())),
        },
    };
    let response = run(&backend, Request::OccurrenceDetail(id)).await?;
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
    let backend = connect(source).await?;
    let response = run(&backend, Request::Register { occurrence: args.id, party: args.party }).await?;
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

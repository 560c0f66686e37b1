//! `mine`, `cancel`, `new` and `check-in`: what a signed-in user does.

use chrono_tz::Tz;
use clap::Args;
use eventcore::OccurrenceId;
use eventcore::recurrence::Recurrence;
use eventcore::time::IsoDuration;
use serde_json::{Map, Value, json};

use super::output::{connect, failure, print_line, run};
use super::table::Table;
use crate::backend::{Request, Response, Source, unexpected_response};
use crate::failure::Failure;
use crate::natural_dates::{DateContext, When, read, read_duration};

/// Which of my registrations to list.
#[derive(Debug, Args)]
pub(crate) struct MineArgs {
    /// JSON, one registration per line
    #[arg(long)]
    json: bool,
}

/// Which registration to cancel.
#[derive(Debug, Args)]
pub(crate) struct CancelArgs {
    /// Id of an occurrence, as printed by `mine`
    id: OccurrenceId,
}

/// Whom to check in.
#[derive(Debug, Args)]
pub(crate) struct CheckInArgs {
    /// Id of an occurrence that you organize
    id: OccurrenceId,
    /// Ticket codes
    #[arg(required = true)]
    codes: Vec<String>,
}

/// The event to create.
#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// Title
    title: String,
    /// Start, as one says it: "fri 18:30", "4 dec 7pm-9pm", "24/12/2026"
    #[arg(long, value_name = "TIME")]
    when: String,
    /// Location
    #[arg(long = "where", value_name = "PLACE")]
    location: String,
    /// Seats
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    seats: i64,
    /// Duration: 2h, 90m, 2 days [default: 1h, or that of --when]
    #[arg(long = "for", value_name = "DURATION")]
    length: Option<String>,
    /// Recurrence: "every friday until christmas except 25 dec", or an RRULE
    #[arg(long, value_name = "RULE")]
    repeat: Option<String>,
    /// Slug of a category
    #[arg(long, value_name = "SLUG")]
    category: Option<String>,
    /// Description, in Markdown
    #[arg(long, value_name = "TEXT", default_value = "")]
    description: String,
    /// Save a draft, which only organizers see
    #[arg(long)]
    draft: bool,
}

pub(crate) async fn mine(source: &Source<'_>, args: MineArgs) -> Result<(), Failure> {
    let backend = connect(source).await?;
    let mut table = Table::new(&["START", "TITLE", "WHERE", "STATUS", "PARTY", "TICKET", "ID"], &[1, 2]);
    let mut cursor = None;
    loop {
        let response = run(&backend, Request::MyRegistrations { cursor }).await?;
        let Response::MyRegistrations(page) = response else { return Err(failure(unexpected_response())) };
        for mine in &page.items {
            if args.json {
                print_line(&serde_json::to_string(mine)?)?;
                continue;
            }
            let registration = &mine.registration;
            // An event that is hidden from its attendees has no details.
            let (start, title, location) = match &mine.occurrence {
                Some(occurrence) => (
                    occurrence.starts_at.to_string(),
                    occurrence.title.as_str(),
                    occurrence.location.as_str(),
                ),
                None => (String::new(), "", ""),
            };
            let status = match registration.position {
                Some(position) => format!("waitlisted ({position})"),
                None => registration.status.to_string(),
            };
            table.add(&[
                &start,
                title,
                location,
                &status,
                &registration.party_size.to_string(),
                registration.ticket_code.as_deref().unwrap_or_default(),
                &registration.occurrence_id.to_string(),
            ]);
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    backend.close().await;
    table.print()
}

pub(crate) async fn cancel(source: &Source<'_>, args: CancelArgs) -> Result<(), Failure> {
    let backend = connect(source).await?;
    run(&backend, Request::CancelRegistration(args.id)).await?;
    backend.close().await;
    print_line("cancelled")
}

pub(crate) async fn check_in(source: &Source<'_>, args: CheckInArgs) -> Result<(), Failure> {
    let backend = connect(source).await?;
    for code in args.codes {
        let response = run(&backend, Request::CheckInByCode { occurrence: Some(args.id), code }).await?;
        let Response::CheckedIn { registration, already } = response else {
            return Err(failure(unexpected_response()));
        };
        let (name, party) = (&registration.user.display_name, registration.party_size);
        let what = if already { "already checked in" } else { "checked in" };
        let mut table = Table::new(&["NAME", "PARTY", ""], &[0]);
        table.add(&[name, &party.to_string(), what]);
        table.print()?;
    }
    backend.close().await;
    Ok(())
}

pub(crate) async fn new(
    source: &Source<'_>,
    zone: Tz,
    dates: DateContext,
    args: NewArgs,
) -> Result<(), Failure> {
    let body = body(zone, dates, args)?;
    let backend = connect(source).await?;
    let response = run(&backend, Request::CreateEvent(Value::Object(body))).await?;
    backend.close().await;
    let Response::Event(event) = response else { return Err(failure(unexpected_response())) };
    let next = event.next_occurrence.as_ref().map(|occurrence| occurrence.id.to_string()).unwrap_or_default();
    let mut table = Table::new(&["START", "TITLE", "WHERE", "OCCURRENCES", "ID"], &[1, 2]);
    table.add(&[
        &event.starts_at.to_string(),
        &event.title,
        &event.location,
        &event.occurrence_count.to_string(),
        &next,
    ]);
    table.print()
}

/// The event as the API takes it.
fn body(zone: Tz, dates: DateContext, args: NewArgs) -> Result<Map<String, Value>, Failure> {
    let spoken = read(&args.when, dates).map_err(|fault| format!("--when: {fault}"))?;
    let length = match &args.length {
        Some(length) => Some(read_duration(length).map_err(|fault| format!("--for: {fault}"))?),
        None => spoken.length,
    };
    let (starts_at, all_day) = match spoken.start {
        When::At(at) => (at.format("%Y-%m-%dT%H:%M:%S").to_string(), false),
        When::AllDay(day) => (day.to_string(), true),
    };
    let mut body = Map::new();
    body.insert("title".to_owned(), json!(args.title));
    body.insert("location".to_owned(), json!(args.location));
    body.insert("starts_at".to_owned(), json!(starts_at));
    body.insert("all_day".to_owned(), json!(all_day));
    body.insert("timezone".to_owned(), json!(zone.name()));
    body.insert("capacity".to_owned(), json!(args.seats));
    body.insert("description".to_owned(), json!(args.description));
    if let Some(length) = length {
        body.insert("duration".to_owned(), json!(IsoDuration::from_seconds(length).to_string()));
    }
    if let Some(category) = args.category {
        body.insert("category".to_owned(), json!(category));
    }
    if let Some(rule) = args.repeat {
        let read = if rule.to_uppercase().contains("FREQ=") {
            rule.to_uppercase().trim_start_matches("RRULE:").parse().map(Recurrence::of)
        } else {
            Recurrence::from_english(&rule, spoken.start.date())
        };
        let recurrence = read.map_err(|error| format!("--repeat: {}", error.message()))?;
        body.insert("recurrence".to_owned(), json!(recurrence));
    }
    if args.draft {
        body.insert("status".to_owned(), json!("draft"));
    }
    Ok(body)
}

//! Without a terminal: what scripts and pipes ask for.

use std::io::Write;

use chrono::NaiveDate;
use chrono_tz::Tz;
use clap::{Args, CommandFactory};
use eventcore::OccurrenceId;
use eventcore::events::Occurrence;

use crate::backend::{self, Answer, Refusal, Request, Source};
use crate::search_filter::SearchFilter;
use crate::widgets::text::clean;
use crate::{Cli, Failure};

/// What of the agenda is printed.
#[derive(Debug, Args)]
pub(crate) struct AgendaArgs {
    /// From this day on, in my time zone [default: from now on]
    #[arg(long, value_name = "DAY")]
    from: Option<NaiveDate>,
    /// Until the end of this day
    #[arg(long, value_name = "DAY")]
    to: Option<NaiveDate>,
    /// With these words in title, tags, location or description: "in a row", -not, the last may be the beginning of one
    #[arg(long, value_name = "WORDS", default_value = "")]
    search: String,
    /// Whose location has these words
    #[arg(long, value_name = "WORDS", default_value = "")]
    location: String,
    /// Of this category, by its slug; again for any of several
    #[arg(long, value_name = "SLUG")]
    category: Vec<String>,
    /// With this tag; again for all of several
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: usize,
    /// As JSON, one date a line
    #[arg(long)]
    json: bool,
}

/// Which date is printed.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The id of a date, as `agenda` prints it
    id: OccurrenceId,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// For which date one registers.
#[derive(Debug, Args)]
pub(crate) struct RegisterArgs {
    /// The id of a date, as `agenda` prints it
    id: OccurrenceId,
    /// How many come
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    party: i64,
}

fn failure(refusal: Refusal) -> Failure {
    let fields = refusal
        .fields
        .iter()
        .map(|wrong| format!("{}: {}", wrong.pointer.trim_start_matches('/'), wrong.message));
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

/// A reader that has enough, such as `head`, is no failure.
fn say(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        outcome => Ok(outcome?),
    }
}

fn print(date: &Occurrence, json: bool) -> Result<(), Failure> {
    if json {
        return say(&serde_json::to_string(date)?);
    }
    let (title, location) = (clean(&date.title), clean(&date.location));
    say(&format!("{}  {}  {title}  {location}  {} left", date.id, date.starts_at, date.seats_left))
}

pub(crate) async fn show(source: &Source<'_>, args: ShowArgs) -> Result<(), Failure> {
    let backend = backend::open(source).await?;
    let answer = backend.run(Request::Date(args.id)).await.map_err(failure)?;
    backend.close().await;
    let Answer::Date(detail) = answer else { return Err("the answer makes no sense".into()) };
    let date = &detail.date;
    if args.json {
        return say(&serde_json::to_string_pretty(date)?);
    }
    say(&clean(&date.title))?;
    say(&format!("{} – {} ({})", date.starts_at, date.ends_at, date.timezone))?;
    say(&format!("{} · by {}", clean(&date.location), clean(&date.organizer.display_name)))?;
    say(&format!("{} of {} seats free, {} wait", date.seats_left, date.capacity, date.waitlist_length))?;
    let rated = &detail.feedback.summary;
    if let Some(average) = rated.average {
        say(&format!("rated {average:.1} of 5 by {}", rated.count))?;
    }
    if let Some(place) = &detail.place {
        say(&format!("my place: {}, for {}", place.status, place.party_size))?;
    }
    if !date.description.is_empty() {
        say("")?;
        for line in date.description.lines() {
            say(&clean(line))?;
        }
    }
    Ok(())
}

pub(crate) async fn register(source: &Source<'_>, args: RegisterArgs) -> Result<(), Failure> {
    let backend = backend::open(source).await?;
    let answer =
        backend.run(Request::Register { occurrence: args.id, party: args.party }).await.map_err(failure)?;
    backend.close().await;
    let Answer::Place(place) = answer else { return Err("the answer makes no sense".into()) };
    match (place.position, &place.ticket_code) {
        (Some(position), _) => say(&format!("waitlisted, position {position}")),
        (None, Some(ticket)) => say(&format!("confirmed for {}, ticket {ticket}", place.party_size)),
        (None, None) => say(&place.status.to_string()),
    }
}

pub(crate) fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "eventtui", &mut text);
    Ok(std::io::stdout().write_all(&text)?)
}

pub(crate) fn manual() -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut text)?;
    Ok(std::io::stdout().write_all(&text)?)
}

//! `eventd import`.

use std::io::Read;
use std::process::ExitCode;

use clap::ValueEnum;
use eventcore::calendars::{ImportNote, ImportOptions, ImportReport};
use eventcore::events::{EventStatus, Visibility};
use eventcore::{Actor, EventCore, Quotas};

use crate::config::Config;
use crate::failure::Failure;
use crate::output::{print, print_line};

#[derive(Debug, clap::Args)]
pub(crate) struct ImportArguments {
    /// The file, or - for standard input
    file: String,
    /// Username of the organizer
    #[arg(long = "as", value_name = "USERNAME")]
    user: String,
    /// Store nothing: only report what an import would do
    #[arg(long)]
    dry_run: bool,
    /// Also import what is over
    #[arg(long)]
    past: bool,
    /// Location of new events without one [default: To be announced]
    #[arg(long)]
    location: Option<String>,
    /// Capacity of new events [default: 100]
    #[arg(long)]
    capacity: Option<i64>,
    /// IANA time zone of times and dates without one [default: that of the calendar, else that of the user]
    #[arg(long)]
    timezone: Option<String>,
    /// Who can see new events [default: as CLASS says]
    #[arg(long)]
    visibility: Option<VisibilityName>,
    /// Create drafts
    #[arg(long)]
    draft: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// A visibility, as an argument.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum VisibilityName {
    Public,
    Unlisted,
    Private,
}

impl From<VisibilityName> for Visibility {
    fn from(name: VisibilityName) -> Self {
        match name {
            VisibilityName::Public => Self::Public,
            VisibilityName::Unlisted => Self::Unlisted,
            VisibilityName::Private => Self::Private,
        }
    }
}

/// Imports a file as a user, and prints what became of its components.
pub(crate) async fn import(config: &Config, arguments: ImportArguments) -> Result<ExitCode, Failure> {
    let file = read(&arguments.file)?;
    // The operator may do what an account may not.
    let occurrences_per_event = super::quotas(config).occurrences_per_event;
    let core = super::existing_database(config)
        .quotas(Quotas { occurrences_per_event, ..Quotas::UNLIMITED })
        .require_verified_email(false)
        .migrate(false)
        .open()
        .await?;
    let report = import_as(&core, file, &arguments).await;
    core.close().await;
    let report = report?;
    if arguments.json {
        print_line(serde_json::to_string_pretty(&report)?)?;
    } else {
        print(&text(&report))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a file, and no more of it than an import takes.
fn read(name: &str) -> Result<Vec<u8>, Failure> {
    let limit = EventCore::MAX_IMPORT as u64 + 1;
    let mut bytes = Vec::new();
    let read = if name == "-" {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(name).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    read.map_err(|error| format!("cannot read {name}: {error}"))?;
    Ok(bytes)
}

async fn import_as(
    core: &EventCore,
    file: Vec<u8>,
    arguments: &ImportArguments,
) -> Result<ImportReport, Failure> {
    let profile = core.profile_by_username(&arguments.user).await?;
    let user = core.user(&Actor::System, profile.id).await?;
    let options = ImportOptions {
        dry_run: arguments.dry_run,
        past: arguments.past,
        location: arguments.location.clone(),
        capacity: arguments.capacity,
        timezone: arguments.timezone.clone(),
        visibility: arguments.visibility.map(Visibility::from),
        status: arguments.draft.then_some(EventStatus::Draft),
    };
    Ok(core.import_calendar(&Actor::user(user.id, user.role), file, &options).await?)
}

/// A line for each reason and note, and the numbers.
fn text(report: &ImportReport) -> String {
    let lines = report.components.iter().flat_map(|component| {
        let title = component.title.as_deref().or(component.uid.as_deref()).unwrap_or(&component.component);
        let remarks = component.reason.iter().chain(&component.notes);
        remarks.map(move |ImportNote { line, message, .. }| {
            format!("line {line}: {}: {title}: {message}\n", component.outcome)
        })
    });
    let ImportReport { created, updated, unchanged, skipped, .. } = report;
    let would = if report.dry_run { " (dry run: nothing is stored)" } else { "" };
    let numbers =
        format!("{created} created, {updated} updated, {unchanged} unchanged, {skipped} skipped{would}\n");
    lines.chain([numbers]).collect()
}

//! `eventd check`.

use std::process::ExitCode;

use eventcore::time::zones_in_force;

use crate::config::Config;
use crate::failure::Failure;
use crate::output::{PipeClosed, print};

/// Verifies an SQLite file, recounts the registrations of every occurrence, compares what occurrences copy
/// from their events, the search documents with the events and the counters with what they count, looks for
/// notifications of nobody and for reminders that would never be sent, and prints what is damaged, what
/// differs, and which time zones are in force. Changes nothing.
pub(crate) async fn check(config: &Config) -> Result<ExitCode, Failure> {
    let core = super::open_existing(config).await?;
    let mut found: Vec<String> =
        core.db().damages().await?.iter().map(|what| format!("database file: {what}")).collect();
    for discrepancy in core.check_consistency().await? {
        found.push(format!("occurrence {}: {}", discrepancy.occurrence, discrepancy.what));
    }
    found.extend(core.check_counters().await?);
    found.extend(core.check_notifications().await?);
    core.close().await;
    let summary = match found.len() {
        0 => "no discrepancies".to_owned(),
        1 => "1 discrepancy".to_owned(),
        count => format!("{count} discrepancies"),
    };
    let exit = if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    found.push(format!("time zones: {}", zones_in_force()));
    found.push(summary);
    match print(&(found.join("\n") + "\n")) {
        // The exit code says what was found, also if nobody reads the lines.
        Err(error) if !error.is::<PipeClosed>() => Err(error),
        _ => Ok(exit),
    }
}

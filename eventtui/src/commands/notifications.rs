//! `notifications`: what happened to my registrations and events.

use chrono_tz::Tz;
use clap::Args;
use eventcore::NotificationId;

use super::output::{connect, failure, print_line, run};
use super::table::Table;
use crate::backend::{NotificationsRequest, Request, Response, Source, unexpected_response};
use crate::failure::Failure;

/// Which of my notifications to list.
#[derive(Debug, Args)]
pub(crate) struct NotificationsArgs {
    /// Only those that are unread
    #[arg(long)]
    unread: bool,
    /// Mark all as read, once they are listed
    #[arg(long)]
    read_all: bool,
    /// JSON, one notification per line
    #[arg(long)]
    json: bool,
}

pub(crate) async fn notifications(
    source: &Source<'_>,
    zone: Tz,
    args: NotificationsArgs,
) -> Result<(), Failure> {
    let backend = connect(source).await?;
    let mut table = Table::new(&["WHEN", "STATE", "KIND", "WHAT", "OCCURRENCE"], &[3]);
    let mut cursor = None;
    let mut newest: Option<NotificationId> = None;
    loop {
        let request = NotificationsRequest::List { unread: args.unread, cursor };
        let response = run(&backend, Request::Notifications(request)).await?;
        let Response::Notifications(list) = response else { return Err(failure(unexpected_response())) };
        for told in &list.page.items {
            newest = newest.max(Some(told.id));
            if args.json {
                print_line(&serde_json::to_string(told)?)?;
                continue;
            }
            table.add(&[
                &told.created_at.to_rfc3339_in(zone),
                if told.read_at.is_some() { "read" } else { "unread" },
                told.kind.as_str(),
                &told.text,
                &told.occurrence_id.map(|id| id.to_string()).unwrap_or_default(),
            ]);
        }
        cursor = list.page.next;
        if cursor.is_none() {
            break;
        }
    }
    table.print()?;
    // What came after the list stays unread.
    if args.read_all && newest.is_some() {
        let request = NotificationsRequest::ReadAll { until: newest };
        run(&backend, Request::Notifications(request)).await?;
    }
    backend.close().await;
    Ok(())
}

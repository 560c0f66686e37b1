//! The jobs that tell webhooks of what a transaction has changed, written in it.

use super::decision::decide;
use crate::changes::Change;
use crate::db::{RowInsert, RowList};
use crate::error::{Error, Result};
use crate::id::{EventId, JobId, OccurrenceId};
use crate::jobs::{Job, JobKind, WebhookNews};
use crate::time::Timestamp;

/// The INSERT of the jobs, which writes only those of which a webhook may be told. `None` if there are none.
///
/// Changes of one kind in one event, or at one occurrence, are one job.
pub(crate) fn insert(changes: &[Change], now: Timestamp) -> Result<Option<RowInsert>> {
    let all = news(changes, now);
    if all.is_empty() {
        return Ok(None);
    }
    let each = || all.iter();
    let kind = JobKind::SpreadWebhooks;
    let payload = |news: &WebhookNews| serde_json::to_string(&Job::SpreadWebhooks(news.clone()));
    let payloads: Vec<String> = each().map(payload).collect::<Result<_, _>>().map_err(Error::internal)?;
    let first = |news: &WebhookNews| news.subjects.first().cloned().unwrap_or_default();
    let rows = RowList::default()
        .ids("id", each().map(|_| JobId::at(now).as_uuid()))
        .texts("job", each().map(|_| kind.to_string()))
        .integers("priority", each().map(|_| kind.priority()))
        .texts("payload", payloads)
        .texts("kind", each().map(|news| news.change.clone()))
        .ids("event_id", each().map(|news| first(news).event.map(EventId::as_uuid)))
        .ids("occurrence_id", each().map(|news| first(news).occurrence.map(OccurrenceId::as_uuid)))
        .instants("at", each().map(|_| now));
    Ok(Some(RowInsert {
        select: "INSERT INTO jobs (id, kind, payload, priority, state, due_at, created_at, updated_at)
             SELECT v.id, v.job, v.payload, v.priority, 'waiting', v.at, v.at, v.at FROM ",
        rows,
        // Of a deleted event the organizers are in the payload alone.
        rest: " LEFT JOIN occurrences o ON o.id = v.occurrence_id
             LEFT JOIN events e ON e.id = coalesce(v.event_id, o.event_id)
            WHERE EXISTS (SELECT 1 FROM webhooks w JOIN webhook_kinds k ON k.webhook_id = w.id
                    WHERE w.user_id = e.organizer_id AND k.kind = v.kind AND w.disabled_at IS NULL)
                OR EXISTS (SELECT 1 FROM event_organizers g JOIN webhooks w ON w.user_id = g.user_id
                        JOIN webhook_kinds k ON k.webhook_id = w.id
                    WHERE g.event_id = e.id AND k.kind = v.kind AND w.disabled_at IS NULL)
                OR EXISTS (SELECT 1 FROM webhooks w JOIN webhook_kinds k ON k.webhook_id = w.id
                    WHERE w.all_events AND k.kind = v.kind AND w.disabled_at IS NULL)
                OR (e.id IS NULL AND EXISTS (SELECT 1 FROM webhook_kinds k WHERE k.kind = v.kind))",
    }))
}

/// What webhooks are told, grouped by kind and by event or occurrence, in order.
fn news(changes: &[Change], now: Timestamp) -> Vec<WebhookNews> {
    let mut all: Vec<WebhookNews> = Vec::new();
    for (kind, subject) in changes.iter().flat_map(decide) {
        let kind = kind.as_str();
        // Changes of one thing come one after another, so this looks only at the last few.
        let scope = subject.scope();
        let same = all.iter_mut().rev().take(8).find(|news| {
            news.change == kind && news.subjects.first().is_some_and(|first| first.scope() == scope)
        });
        match same {
            // Such as fields and organizer of an event.
            Some(news) if news.subjects.contains(&subject) => {}
            Some(news) => news.subjects.push(subject),
            None => all.push(WebhookNews { change: kind.to_owned(), at: now, subjects: vec![subject] }),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{CategoryId, RegistrationId, UserId};

    #[test]
    fn changes_of_one_kind_in_one_event_are_one_job() {
        let now = Timestamp::from_micros(1_800_000_000_000_000);
        let (event, user) = (EventId::at(now), UserId::at(now));
        let [one, two] = [(); 2].map(|()| OccurrenceId::at(now));
        let registration = RegistrationId::at(now);
        let changes = [
            Change::EventChanged { event, old_location: None },
            Change::CoOrganizerAdded { event, user },
            Change::OccurrenceMoved { event, occurrence: one, old_starts_at: now },
            Change::OccurrenceMoved { event, occurrence: two, old_starts_at: now },
            Change::CategoryCreated { category: CategoryId::at(now) },
            Change::Registered { occurrence: one, registration, user },
            Change::Registered { occurrence: two, registration, user },
        ];
        let told: Vec<(String, usize)> =
            news(&changes, now).into_iter().map(|news| (news.change, news.subjects.len())).collect();
        let told: Vec<(&str, usize)> = told.iter().map(|(kind, count)| (kind.as_str(), *count)).collect();
        assert_eq!(
            told,
            [
                ("event.changed", 1),
                ("occurrence.changed", 2),
                ("registration.confirmed", 1),
                ("registration.confirmed", 1),
            ]
        );
    }
}

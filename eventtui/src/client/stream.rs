//! `/stream`: what changes, as server-sent events.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use eventcore::live::{Followed, LiveEvent, LiveMessage};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::Client;
use super::connection::Call;
use super::event_reader::{EventBlock, EventReader};
use crate::api::{LiveFuture, Result, Updates};

/// A connection on which nothing arrives for so long is lost: the server sends a heartbeat every 15 seconds.
const SILENCE: Duration = Duration::from_secs(45);

/// An open stream.
struct ServerUpdates {
    body: Incoming,
    reader: EventReader,
    /// What has been read and not been taken.
    read: VecDeque<LiveMessage>,
}

impl Client {
    /// Follows occurrences, events and, if somebody is signed in, their notifications.
    pub(crate) async fn updates(&self, wanted: &Followed, resume: Option<&str>) -> Result<Box<dyn Updates>> {
        let occurrences = wanted.occurrences.iter().map(|id| format!("occurrence={id}"));
        let query: Vec<String> =
            occurrences.chain(wanted.events.iter().map(|id| format!("event={id}"))).collect();
        let path = format!("/stream?{}", query.join("&"));
        let body = self.http.stream(Call::get(&path).resume(resume)).await?;
        Ok(Box::new(ServerUpdates { body, reader: EventReader::default(), read: VecDeque::new() }))
    }
}

impl ServerUpdates {
    async fn take(&mut self) -> Option<LiveMessage> {
        loop {
            if let Some(message) = self.read.pop_front() {
                return Some(message);
            }
            let frame = tokio::time::timeout(SILENCE, self.body.frame()).await.ok()??;
            if let Ok(data) = frame.ok()?.into_data() {
                self.read.extend(self.reader.read(&data).ok()?.into_iter().filter_map(message));
            }
        }
    }
}

impl Updates for ServerUpdates {
    fn next(&mut self) -> LiveFuture<'_, Option<LiveMessage>> {
        Box::pin(self.take())
    }
}

/// The message of a block. `None` for what a newer server tells.
fn message(block: EventBlock) -> Option<LiveMessage> {
    let data = &*block.data;
    let event = match &*block.name {
        "" => LiveEvent::Heartbeat,
        "seats" => LiveEvent::Seats(serde_json::from_str(data).ok()?),
        "event" => LiveEvent::Event(serde_json::from_str(data).ok()?),
        "gone" => LiveEvent::Gone(serde_json::from_str(data).ok()?),
        "notifications" => LiveEvent::Inbox(serde_json::from_str(data).ok()?),
        "reset" => LiveEvent::Reset,
        _ => return None,
    };
    Some(LiveMessage { id: block.id.filter(|id| !id.is_empty()).map(Into::into), event: Arc::new(event) })
}

#[cfg(test)]
mod tests {
    use eventcore::live::{GoneNow, InboxNow};
    use eventcore::{OccurrenceId, Timestamp};

    use super::*;

    #[test]
    fn messages_are_read_as_the_library_writes_them() {
        let gone = GoneNow { occurrence_id: Some(OccurrenceId::at(Timestamp::MAX)), event_id: None };
        let inbox = InboxNow { unread_count: 3, notification: None };
        for event in [LiveEvent::Gone(gone), LiveEvent::Inbox(Box::new(inbox)), LiveEvent::Reset] {
            let (name, data) = (event.name().unwrap().to_owned(), event.data().unwrap());
            let read = message(EventBlock { name, data, id: Some("7-1.1".to_owned()) }).unwrap();
            assert_eq!((&*read.event, read.id.as_deref()), (&event, Some("7-1.1")));
        }
        assert_eq!(*message(EventBlock::default()).unwrap().event, LiveEvent::Heartbeat);
        for (name, data) in [("weather", "{}"), ("seats", "{}"), ("gone", "")] {
            let block = EventBlock { name: name.to_owned(), data: data.to_owned(), id: None };
            assert!(message(block).is_none(), "{name}");
        }
    }
}

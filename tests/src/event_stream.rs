//! A live stream as a client reads it.

use std::time::Duration;

use http::HeaderMap;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::Value;

/// The longest wait for an event.
const PATIENCE: Duration = Duration::from_mins(1);

/// An open stream. Dropping it closes the connection.
pub struct EventStream {
    /// The headers of the response.
    pub headers: HeaderMap,
    body: Incoming,
    text: String,
    /// The last id, of events and of heartbeats.
    pub last_id: Option<String>,
}

/// An event with data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamEvent {
    /// The name.
    pub name: String,
    /// Its own id.
    pub id: Option<String>,
    /// The data.
    pub data: Value,
}

impl EventStream {
    pub(crate) const fn new(headers: HeaderMap, body: Incoming) -> Self {
        Self { headers, body, text: String::new(), last_id: None }
    }

    /// The next event; `None` when the stream has ended.
    pub async fn next_if_any(&mut self) -> Option<StreamEvent> {
        loop {
            let block = self.block().await?;
            let event = read(&block);
            if let Some(id) = &event.id {
                self.last_id = Some(id.clone());
            }
            if !event.name.is_empty() {
                return Some(event);
            }
        }
    }

    /// The next event.
    pub async fn next(&mut self) -> StreamEvent {
        self.next_if_any().await.expect("an open stream")
    }

    /// The next event, which must have this name. Returns its data.
    pub async fn expect(&mut self, name: &str) -> Value {
        let event = self.next().await;
        assert_eq!(event.name, name, "{event:?}");
        event.data
    }

    /// The next event that satisfies a condition.
    pub async fn until(&mut self, wanted: impl Fn(&StreamEvent) -> bool) -> StreamEvent {
        loop {
            let event = self.next().await;
            if wanted(&event) {
                return event;
            }
        }
    }

    /// Reads up to a heartbeat, which tells that all that is known was shown. Returns the events before it.
    pub async fn up_to_heartbeat(&mut self) -> Vec<StreamEvent> {
        let mut events = Vec::new();
        loop {
            let block = self.block().await.expect("an open stream");
            let event = read(&block);
            if let Some(id) = &event.id {
                self.last_id = Some(id.clone());
            }
            if !event.name.is_empty() {
                events.push(event);
            } else if block.starts_with(':') {
                return events;
            }
        }
    }

    /// Reads until the stream ends.
    pub async fn ends(&mut self) -> Vec<StreamEvent> {
        let mut events = Vec::new();
        while let Some(event) = self.next_if_any().await {
            events.push(event);
        }
        events
    }

    /// The next block of lines.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await.expect("an event in time")?;
            // A connection that breaks off ends the stream, too.
            let data = frame.ok()?.into_data().ok()?;
            self.text.push_str(std::str::from_utf8(&data).expect("whole characters"));
        }
    }
}

fn read(block: &str) -> StreamEvent {
    let mut event = StreamEvent { name: String::new(), id: None, data: Value::Null };
    for line in block.lines() {
        match line.split_once(": ") {
            Some(("event", name)) => name.clone_into(&mut event.name),
            Some(("id", id)) => event.id = Some(id.to_owned()),
            Some(("data", data)) => event.data = serde_json::from_str(data).expect("JSON"),
            Some(("retry", _)) => {}
            _ => assert!(line.starts_with(':'), "{line:?}"),
        }
    }
    event
}

//! The live stream, as server-sent events (HTML Standard, 9.2).

use std::collections::BTreeSet;
use std::str::FromStr;

use eventcore::live::{Followed, LiveMessage};
use futures_util::{StreamExt, stream};
use http::HeaderName;

use crate::http::call::{Answer, Call};
use crate::http::problem_responses::ApiProblems;
use crate::http::query::Query;
use crate::http::reply;
use crate::http::route::{Route, routes};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// The parameters that may be repeated.
const PARAMETERS: [&str; 2] = ["occurrence", "event"];
/// Milliseconds until a client connects again.
const RETRY: &str = "retry: 2000\n\n";

pub(super) fn routes() -> Vec<Route> {
    routes![follow].into_iter().map(Route::small_body).collect()
}

/// Follow what changes, as server-sent events
///
/// The stream begins with the present state of what is followed, and then tells each change within a second,
/// whichever process made it. The data of an event is a JSON object on one line:
///
/// - `seats`, of an occurrence: `occurrence_id`, `event_id`, `status`, `capacity`, `seats_taken`,
///   `seats_left`, `waitlist_length`, `version`
/// - `event`, when an event has changed, or which occurrences it has: `event_id`, `status`, `visibility`,
///   `version`, `updated_at`
/// - `gone`, for what does not exist or cannot be seen: `occurrence_id` and `event_id`, of which one is null
/// - `notifications`, if a token is given: `unread_count`, and `notification`, as in the list of
///   notifications, or null if only the number has changed
/// - `reset`: an empty object
///
/// Events of other names may be added.
///
/// A client that connects again with the last `id` in `Last-Event-ID` is told what has changed since, within
/// five minutes. After that, or if too much has changed, the stream begins with the event `reset` and the
/// present state. Every 15 seconds a comment shows that the connection works, with a new `id`.
///
/// The stream ends when the token expires or is revoked, when the client does not read, and when the server
/// shuts down.
#[utoipa::path(
    get,
    path = "/api/v1/stream",
    tag = "stream",
    security((), ("bearer" = [])),
    params(
        ("occurrence" = Option<Vec<String>>, Query,
            description = "Ids of occurrences whose seats to follow, up to 100: repeat the parameter"),
        ("event" = Option<Vec<String>>, Query,
            description = "Ids of events to follow, up to 100: repeat the parameter"),
        ("Last-Event-ID" = Option<String>, Header,
            description = "The last `id` of an earlier stream, after which to resume"),
    ),
    responses(
        (status = 200, description = "A stream without an end", content_type = "text/event-stream",
            body = String),
        ApiProblems,
    )
)]
async fn follow(call: Call) -> Answer {
    let caller = call.caller().await?;
    let actor = call.core.identify(&caller).await?;
    let mut query = call.query_with(&PARAMETERS);
    let wanted = Followed {
        occurrences: ids(&mut query, "occurrence", "must be the id of an occurrence"),
        events: ids(&mut query, "event", "must be the id of an event"),
    };
    query.finish()?;
    let open = call.admission.streams.open(call.network, actor.user_id())?;
    let resume = call.headers.get(LAST_EVENT_ID).filter(|id| !id.is_empty());
    // What is no text is no id of ours either.
    let resume = resume.map(|id| id.to_str().unwrap_or("?"));
    let messages = call.core.follow(caller, wanted, resume).await?;
    let texts = messages.map(move |message| {
        // Counted until the response has ended.
        let _counted = &open;
        text(&message)
    });
    let body = stream::iter([Ok(RETRY.to_owned())]).chain(texts);
    Ok(reply::event_stream(&call, body))
}

fn ids<T: FromStr + Ord>(query: &mut Query, name: &'static str, must_be: &'static str) -> BTreeSet<T> {
    query.parsed_list(name, must_be).into_iter().collect()
}

/// A message in the format of event streams.
fn text(message: &LiveMessage) -> Result<String, eventcore::Error> {
    let id = message.id.as_ref().map_or_else(String::new, |id| format!("id: {id}\n"));
    Ok(match message.event.name() {
        Some(name) => format!("event: {name}\n{id}data: {}\n\n", message.event.data()?),
        None => format!(":\n{id}\n"),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use eventcore::live::LiveEvent;

    use super::*;

    #[test]
    fn a_message_is_an_event_and_a_heartbeat_only_an_id() {
        let message =
            |id: Option<&str>, event| LiveMessage { id: id.map(Into::into), event: Arc::new(event) };
        for (message, expected) in [
            (message(None, LiveEvent::Reset), "event: reset\ndata: {}\n\n"),
            (message(Some("7-1.1"), LiveEvent::Reset), "event: reset\nid: 7-1.1\ndata: {}\n\n"),
            (message(Some("7-1.1"), LiveEvent::Heartbeat), ":\nid: 7-1.1\n\n"),
            (message(None, LiveEvent::Heartbeat), ":\n\n"),
        ] {
            assert_eq!(text(&message).unwrap(), expected);
        }
    }
}

//! A client of the HTTP API: one for each identity.

use eventcore::UserId;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::event::EventBuilder;
use crate::event_stream::EventStream;
use crate::registrations::board;

type Http = hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>;

/// A client with the identity of one user, or of nobody.
#[derive(Clone)]
pub struct Client {
    http: Http,
    base: String,
    token: Option<String>,
    id: Option<UserId>,
}

/// The response of the server.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub bytes: Bytes,
    /// The request, for the messages of failed assertions.
    asked: String,
}

impl Client {
    pub(crate) fn new(address: &str, token: Option<String>, id: Option<UserId>) -> Self {
        let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http();
        Self { http, base: format!("http://{address}"), token, id }
    }

    /// An anonymous client of another server.
    pub fn at(address: &str) -> Self {
        Self::new(address, None, None)
    }

    /// This client over HTTP/2 without negotiation.
    #[must_use]
    pub fn over_http_2(&self) -> Self {
        let http =
            hyper_util::client::legacy::Client::builder(TokioExecutor::new()).http2_only(true).build_http();
        Self { http, ..self.clone() }
    }

    /// This client at another address.
    #[must_use]
    pub(crate) fn moved_to(&self, address: &str) -> Self {
        Self { base: format!("http://{address}"), ..self.clone() }
    }

    /// A client of this server with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The access token.
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("a signed-in client")
    }

    /// The id of the user.
    pub fn id(&self) -> UserId {
        self.id.expect("a user")
    }

    /// `GET` below `/api/v1`.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None, &[]).await
    }

    /// `POST` below `/api/v1`.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body), &[]).await
    }

    /// `POST` without a body below `/api/v1`.
    pub async fn poke(&self, path: &str) -> Answer {
        self.call(Method::POST, path, None, &[]).await
    }

    /// `PUT` below `/api/v1`.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(body), &[]).await
    }

    /// `PATCH` below `/api/v1`.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(body), &[]).await
    }

    /// `DELETE` below `/api/v1`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None, &[]).await
    }

    /// Any request with a JSON body, or none, below `/api/v1`.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut all = headers.to_vec();
        if body.is_some() {
            all.push(("content-type", "application/json"));
        }
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        self.raw(method, &format!("/api/v1{path}"), bytes, &all).await
    }

    /// Any request with any body, at any path.
    pub async fn raw(&self, method: Method, path: &str, body: Vec<u8>, headers: &[(&str, &str)]) -> Answer {
        let asked = format!("{method} {path} {}", String::from_utf8_lossy(&body[..body.len().min(300)]));
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Full::new(Bytes::from(body))).expect("a request");
        let response = self.http.request(request).await.unwrap_or_else(|error| panic!("{asked}: {error:?}"));
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        Answer { status: parts.status, headers: parts.headers, bytes, asked }
    }

    /// Opens the live stream with these parameters, such as `event=ID`, after the event with the id `last`.
    pub async fn stream(&self, query: &str, last: Option<&str>) -> EventStream {
        let headers: Vec<(&str, &str)> = last.map(|id| ("last-event-id", id)).into_iter().collect();
        match self.try_stream(query, &headers).await {
            Ok(stream) => stream,
            Err(answer) => panic!("{answer:?}"),
        }
    }

    /// Opens the live stream, or returns the refusal.
    pub async fn try_stream(&self, query: &str, headers: &[(&str, &str)]) -> Result<EventStream, Answer> {
        let asked = format!("GET /stream?{query}");
        let mut request = Request::builder().uri(format!("{}/api/v1/stream?{query}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Full::new(Bytes::new())).expect("a request");
        let response = self.http.request(request).await.unwrap_or_else(|error| panic!("{asked}: {error:?}"));
        let (parts, body) = response.into_parts();
        if parts.status == StatusCode::OK {
            return Ok(EventStream::new(parts.headers, body));
        }
        let bytes = body.collect().await.expect("a body").to_bytes();
        Err(Answer { status: parts.status, headers: parts.headers, bytes, asked })
    }

    /// Creates an event; returns its id and that of its first occurrence.
    pub async fn create_event(&self, event: EventBuilder) -> (String, String) {
        let event = self.post("/events", event.json()).await.expect(201).id();
        let first = self.occurrences(&event).await.remove(0);
        (event, first)
    }

    /// The ids of an event's occurrences, in the order of their starts.
    pub async fn occurrences(&self, event: &str) -> Vec<String> {
        let occurrences = self.all(&format!("/events/{event}/occurrences")).await;
        occurrences.iter().map(|occurrence| occurrence["id"].as_str().expect("an id").to_owned()).collect()
    }

    /// Registers for an occurrence.
    pub async fn register(&self, occurrence: &str, party_size: i64) -> Answer {
        let path = format!("/occurrences/{occurrence}/registration");
        self.put(&path, json!({"party_size": party_size})).await
    }

    /// Makes someone a co-organizer of an event.
    pub async fn add_co_organizer(&self, event: &str, helper: &Self) {
        self.put(&format!("/events/{event}/organizers/{}", helper.id()), json!({})).await.expect(204);
    }

    /// The seated and the waiting parties, as an organizer sees them: `bob 3, cid 1 | dan 2, eve 4` means
    /// that Bob has seats for three and Cid for one, that Dan waits first and Eve second. Those with seats
    /// are in the order of their names.
    pub async fn board(&self, occurrence: &str) -> String {
        let registrations = self.all(&format!("/occurrences/{occurrence}/registrations")).await;
        let (mut seated, mut waiting) = (Vec::new(), Vec::new());
        for registration in registrations.iter().filter(|one| one["status"] != "cancelled") {
            let name = registration["user"]["username"].as_str().expect("a name");
            let party = format!("{name} {}", registration["party_size"]);
            match registration["position"].as_i64() {
                None => seated.push(party),
                Some(position) => waiting.push((position, party)),
            }
        }
        seated.sort();
        waiting.sort();
        let waiting: Vec<String> = waiting.into_iter().map(|(_, party)| party).collect();
        board(&seated, &waiting)
    }

    /// All items of a list, read page by page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let glue = if path.contains('?') { '&' } else { '?' };
            let address = cursor
                .as_ref()
                .map_or_else(|| path.to_owned(), |cursor| format!("{path}{glue}cursor={cursor}"));
            let page = self.get(&address).await.expect(200).json();
            items.extend(page["items"].as_array().expect("items").iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return items,
            }
        }
    }
}

impl Answer {
    /// Asserts the status.
    #[expect(clippy::return_self_not_must_use, reason = "many tests want the assertion alone")]
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}\n{}", self.asked, String::from_utf8_lossy(&self.bytes));
        self
    }

    /// Asserts that this is a problem document: its status and the last part of its type.
    #[expect(clippy::return_self_not_must_use, reason = "many tests want the assertion alone")]
    #[track_caller]
    pub fn expect_problem(self, status: u16, slug: &str) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.asked);
        let problem = answer.json();
        assert_eq!(problem["type"], format!("/problems/{slug}"), "{}\n{problem}", answer.asked);
        assert_eq!(problem["status"], status);
        assert_eq!(problem["instance"], answer.header("x-request-id"));
        answer
    }

    /// A header; empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The path in `Location`, below `/api/v1`.
    #[track_caller]
    pub fn location(&self) -> String {
        let location = self.header("location");
        assert!(location.starts_with("http://") || location.starts_with("https://"), "{location}");
        location.split_once("/api/v1").expect("an address of the API").1.to_owned()
    }

    /// The JSON body.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| {
            panic!("{}: {error}\n{}", self.asked, String::from_utf8_lossy(&self.bytes))
        })
    }

    /// The id in the body.
    #[track_caller]
    pub fn id(&self) -> String {
        self.json()["id"].as_str().expect("an id").to_owned()
    }

    /// The invalid fields of a problem document: pointer and code of each.
    pub fn wrong(&self) -> Vec<(String, String)> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        errors.iter().map(|e| (text(&e["pointer"]), text(&e["code"]))).collect()
    }
}

/// A text as the value of a query parameter.
pub fn url_encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The ids of the items of a page.
pub fn ids_of(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().expect("items").iter();
    items.map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

//! HTTP to an eventd.

use std::fmt::Write;
use std::pin::Pin;
use std::time::Duration;

use chrono::NaiveDate;
use chrono_tz::Tz;
use eventcore::Violation;
use eventcore::accounts::{TokenPair, User};
use eventcore::comments::Comment;
use eventcore::events::{Event, Occurrence};
use eventcore::registrations::{CheckIn, Registration};
use eventcore::{Cursor, EventId, OccurrenceId, Page};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Method, StatusCode, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::sign_in::Store;
use super::{Answer, Backend, COMMENTS, Cause, Detail, MONTH, PAGE, Refusal, Request, Work};
use crate::Failure;

/// Bytes that an answer may have: a server that sends more sends garbage.
const ANSWER_LIMIT: usize = 16 << 20;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);

type Http = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

pub(crate) struct Server {
    http: Http,
    address: String,
    store: Store,
    tokens: Mutex<Tokens>,
}

#[derive(Debug, Default)]
struct Tokens {
    access: Option<String>,
    refresh: Option<String>,
}

/// What a problem (RFC 9457) says, as far as it is shown.
#[derive(Debug, serde::Deserialize)]
struct Problem {
    #[serde(default)]
    detail: String,
    #[serde(default)]
    errors: Vec<Violation>,
}

/// A request as HTTP has it.
struct Call<'a> {
    method: Method,
    path: &'a str,
    body: Option<&'a Value>,
    version: Option<i64>,
}

impl<'a> Call<'a> {
    const fn get(path: &'a str) -> Self {
        Self { method: Method::GET, path, body: None, version: None }
    }

    const fn of(method: Method, path: &'a str, body: Option<&'a Value>) -> Self {
        Self { method, path, body, version: None }
    }
}

impl Server {
    pub(crate) fn open(server: &str) -> Result<Self, Failure> {
        let address = server.trim_end_matches('/').to_owned();
        if !(address.starts_with("http://") || address.starts_with("https://")) {
            return Err(format!("the server must begin with http:// or https://, and is {address:?}").into());
        }
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        let http = Client::builder(TokioExecutor::new()).build(connector);
        let store = Store::of_user();
        let tokens = Mutex::new(Tokens { access: None, refresh: store.get(&address) });
        Ok(Self { http, address, store, tokens })
    }

    /// One exchange; the token that came with it, if any, was tried as it is.
    async fn exchange(&self, call: &Call<'_>, token: Option<&str>) -> Result<(StatusCode, Bytes), Refusal> {
        let mut request = hyper::Request::builder()
            .method(call.method.clone())
            .uri(format!("{}/api/v1{}", self.address, call.path))
            .header(header::ACCEPT, "application/json, application/problem+json")
            .header(header::USER_AGENT, "eventtui");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(version) = call.version {
            request = request.header(header::IF_MATCH, format!("\"{version}\""));
        }
        let body = match call.body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Full::from(body.to_string())
            }
            None => Full::default(),
        };
        let request = request
            .body(body)
            .map_err(|error| Refusal::away(format!("the server's address is none: {error}")))?;
        let answer = async {
            let response = self.http.request(request).await.map_err(|error| away(&error))?;
            let status = response.status();
            let body = Limited::new(response.into_body(), ANSWER_LIMIT).collect().await;
            let body = body.map_err(|_| Refusal::away("the server's answer broke off"))?;
            Ok((status, body.to_bytes()))
        };
        tokio::time::timeout(PATIENCE, answer)
            .await
            .unwrap_or_else(|_| Err(Refusal::away("the server does not answer")))
    }

    /// An exchange as who is signed in; an access token that has run out is renewed once.
    async fn send(&self, call: Call<'_>) -> Result<Bytes, Refusal> {
        let token = self.access(false).await?;
        let (mut status, mut body) = self.exchange(&call, token.as_deref()).await?;
        if status == StatusCode::UNAUTHORIZED && token.is_some() {
            let token = self.access(true).await?;
            (status, body) = self.exchange(&call, token.as_deref()).await?;
        }
        if status.is_success() { Ok(body) } else { Err(refusal(status, &body)) }
    }

    async fn call<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Refusal> {
        sense(&self.send(call).await?)
    }

    /// A token that is good, as far as one knows; none for who is not signed in.
    async fn access(&self, anew: bool) -> Result<Option<String>, Refusal> {
        let mut tokens = self.tokens.lock().await;
        if let Some(access) = tokens.access.clone().filter(|_| !anew) {
            return Ok(Some(access));
        }
        let Some(refresh) = tokens.refresh.clone() else { return Ok(None) };
        let body = json!({"refresh_token": refresh});
        let (status, body) =
            self.exchange(&Call::of(Method::POST, "/auth/refresh", Some(&body)), None).await?;
        if status == StatusCode::UNAUTHORIZED {
            *tokens = Tokens::default();
            self.remember(None);
            let message = "the sign-in has ended: sign in again (A)".to_owned();
            return Err(Refusal { message, fields: Vec::new(), cause: Cause::SignedOut });
        }
        if !status.is_success() {
            return Err(refusal(status, &body));
        }
        let pair: TokenPair = sense(&body)?;
        self.remember(Some(&pair.refresh_token));
        *tokens = Tokens { access: Some(pair.access_token.clone()), refresh: Some(pair.refresh_token) };
        Ok(Some(pair.access_token))
    }

    /// Who can't keep a sign-in signs in anew next time.
    fn remember(&self, refresh: Option<&str>) {
        let _ = self.store.set(&self.address, refresh);
    }

    async fn me(&self) -> Result<Answer, Refusal> {
        if self.access(false).await?.is_none() {
            return Ok(Answer::Me(None));
        }
        let user: User = self.call(Call::get("/users/me")).await?;
        Ok(Answer::Me(Some(Box::new(user))))
    }

    async fn sign_in(&self, login: &str, password: &str) -> Result<Answer, Refusal> {
        let body = json!({"login": login, "password": password});
        let (status, body) = self.exchange(&Call::of(Method::POST, "/auth/login", Some(&body)), None).await?;
        if !status.is_success() {
            return Err(refusal(status, &body));
        }
        let pair: TokenPair = sense(&body)?;
        self.remember(Some(&pair.refresh_token));
        *self.tokens.lock().await =
            Tokens { access: Some(pair.access_token), refresh: Some(pair.refresh_token) };
        self.me().await
    }

    async fn sign_out(&self) -> Result<Answer, Refusal> {
        let refresh = std::mem::take(&mut *self.tokens.lock().await).refresh;
        self.remember(None);
        if let Some(refresh) = refresh {
            let body = json!({"refresh_token": refresh});
            self.exchange(&Call::of(Method::POST, "/auth/logout", Some(&body)), None).await?;
        }
        Ok(Answer::Me(None))
    }

    async fn detail(&self, id: OccurrenceId) -> Result<Answer, Refusal> {
        let date: Occurrence = self.call(Call::get(&format!("/occurrences/{id}"))).await?;
        let event: Event = self.call(Call::get(&format!("/events/{}", date.event_id))).await?;
        let mine = format!("/occurrences/{id}/registration");
        let place = match self.access(false).await? {
            None => None,
            Some(_) => match self.call::<Registration>(Call::get(&mine)).await {
                Ok(place) => Some(place),
                Err(refusal) if refusal.cause == Cause::Other => None,
                Err(refusal) => return Err(refusal),
            },
        };
        let dates: Page<Occurrence> =
            self.call(Call::get(&format!("/occurrences?event={}&limit={PAGE}", event.id))).await?;
        Ok(Answer::Date(Box::new(Detail { date, event, place, dates: dates.items })))
    }

    async fn days(&self, from: String, to: String, tz: Tz) -> Result<Answer, Refusal> {
        let mut dates = Vec::new();
        let mut cursor = None;
        loop {
            let query = query(&[("from", &from), ("to", &to), ("tz", tz.name())], cursor.as_ref());
            let page: Page<Occurrence> = self.call(Call::get(&format!("/occurrences{query}"))).await?;
            dates.extend(page.items);
            cursor = page.next;
            if cursor.is_none() || dates.len() >= MONTH {
                return Ok(Answer::Days(dates));
            }
        }
    }

    async fn work(&self, request: Request) -> Result<Answer, Refusal> {
        Ok(match request {
            Request::Me => self.me().await?,
            Request::SignIn { login, password } => self.sign_in(&login, &password).await?,
            Request::SignUp { username, email, password, timezone } => {
                let body =
                    json!({"username": username, "email": email, "password": password, "timezone": timezone});
                let _: Value = self.call(Call::of(Method::POST, "/users", Some(&body))).await?;
                self.sign_in(&username, &password).await?
            }
            Request::SignOut => self.sign_out().await?,
            Request::Agenda { wish, tz, cursor } => {
                let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
                let (from, to) = (day(wish.from), day(wish.to));
                let narrowed = [
                    ("q", wish.words.as_str()),
                    ("location", &wish.place),
                    ("from", &from),
                    ("to", &to),
                    ("tz", tz.name()),
                    ("available", if wish.free { "true" } else { "" }),
                    ("registered", if wish.mine { "me" } else { "" }),
                ];
                let categories = wish.categories.iter().map(|category| ("category", category.as_str()));
                let tags = wish.tags.iter().map(|tag| ("tag", tag.as_str()));
                let narrowed: Vec<_> = narrowed.into_iter().chain(categories).chain(tags).collect();
                let query = query(&narrowed, cursor.as_ref());
                Answer::Dates(self.call(Call::get(&format!("/occurrences{query}"))).await?)
            }
            Request::Days { from, to, tz } => self.days(from.to_string(), to.to_string(), tz).await?,
            Request::Date(id) => self.detail(id).await?,
            Request::Mine { cursor } => {
                let path = format!("/registrations{}", query(&[], cursor.as_ref()));
                Answer::Mine(self.call(Call::get(&path)).await?)
            }
            Request::Organized { cursor } => {
                let path = format!("/events{}", query(&[("organizer", "me")], cursor.as_ref()));
                Answer::Events(self.call(Call::get(&path)).await?)
            }
            Request::Attendees { occurrence, cursor } => {
                let path = format!("/occurrences/{occurrence}/registrations{}", query(&[], cursor.as_ref()));
                Answer::Attendees(self.call(Call::get(&path)).await?)
            }
            Request::Comments(event) => {
                let mut said = Vec::new();
                for comment in self.said_to(event, None).await? {
                    let (id, replies) = (comment.id.to_string(), comment.reply_count);
                    said.push(comment);
                    if replies > 0 {
                        said.extend(self.said_to(event, Some(&id)).await?);
                    }
                }
                Answer::Comments(said)
            }
            Request::Insights(event) => {
                Answer::Insights(self.call(Call::get(&format!("/events/{event}/insights"))).await?)
            }
            other => self.change(other).await?,
        })
    }

    /// What replies to a comment, or to none.
    async fn said_to(&self, event: EventId, parent: Option<&str>) -> Result<Vec<Comment>, Refusal> {
        let (mut said, mut cursor) = (Vec::new(), None);
        while said.len() < COMMENTS {
            let narrowed = [("parent", parent.unwrap_or_default())];
            let path = format!("/events/{event}/comments{}", query(&narrowed, cursor.as_ref()));
            let page: Page<Comment> = self.call(Call::get(&path)).await?;
            said.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(said)
    }

    async fn change(&self, request: Request) -> Result<Answer, Refusal> {
        let post = Method::POST;
        Ok(match request {
            Request::Register { occurrence, party } => {
                let (path, body) =
                    (format!("/occurrences/{occurrence}/registration"), json!({"party_size": party}));
                Answer::Place(self.call(Call::of(Method::PUT, &path, Some(&body))).await?)
            }
            Request::Unregister(id) => {
                let path = format!("/occurrences/{id}/registration");
                self.send(Call::of(Method::DELETE, &path, None)).await?;
                Answer::Done
            }
            Request::Rate { occurrence, rating, text } => {
                let path = format!("/occurrences/{occurrence}/feedback");
                let body = json!({"rating": rating, "text": text});
                self.send(Call::of(Method::PUT, &path, Some(&body))).await?;
                Answer::Done
            }
            Request::Say { event, reply_to, body } => {
                let path = format!("/events/{event}/comments");
                let body = json!({"body": body, "parent_id": reply_to});
                self.send(Call::of(post, &path, Some(&body))).await?;
                Answer::Done
            }
            Request::SayAgain { comment, version, body } => {
                let (path, body) = (format!("/comments/{comment}"), json!({"body": body}));
                let call = Call { version: Some(version), ..Call::of(Method::PATCH, &path, Some(&body)) };
                self.send(call).await?;
                Answer::Done
            }
            Request::DeleteComment(comment) => {
                self.send(Call::of(Method::DELETE, &format!("/comments/{comment}"), None)).await?;
                Answer::Done
            }
            Request::HideComment { comment, hidden } => {
                let method = if hidden { post } else { Method::DELETE };
                self.send(Call::of(method, &format!("/comments/{comment}/hide"), None)).await?;
                Answer::Done
            }
            Request::CheckIn(id) => {
                checked_in(self.call(Call::of(post, &format!("/registrations/{id}/check-in"), None)).await?)
            }
            Request::UndoCheckIn(id) => {
                let path = format!("/registrations/{id}/check-in");
                Answer::Place(self.call(Call::of(Method::DELETE, &path, None)).await?)
            }
            Request::CheckInCode { occurrence, code } => {
                let body = json!({"code": code, "occurrence_id": occurrence});
                checked_in(self.call(Call::of(post, "/check-in", Some(&body))).await?)
            }
            Request::Create(body) => Answer::Event(self.call(Call::of(post, "/events", Some(&body))).await?),
            Request::Change { event, version, patch: body } => {
                let path = format!("/events/{event}");
                let call = Call { version: Some(version), ..Call::of(Method::PATCH, &path, Some(&body)) };
                Answer::Event(self.call(call).await?)
            }
            Request::ChangeDate { occurrence, version, patch: body } => {
                let path = format!("/occurrences/{occurrence}");
                let call = Call { version: Some(version), ..Call::of(Method::PATCH, &path, Some(&body)) };
                Answer::Changed(self.call(call).await?)
            }
            Request::Split { occurrence, patch: body } => {
                let path = format!("/occurrences/{occurrence}/split");
                Answer::Event(self.call(Call::of(post, &path, Some(&body))).await?)
            }
            Request::Publish(id) => Answer::Event(self.poke(&format!("/events/{id}/publish")).await?),
            Request::CancelEvent(id) => Answer::Event(self.poke(&format!("/events/{id}/cancel")).await?),
            Request::CancelDate(id) => {
                Answer::Changed(self.poke(&format!("/occurrences/{id}/cancel")).await?)
            }
            Request::RestoreDate(id) => {
                Answer::Changed(self.poke(&format!("/occurrences/{id}/restore")).await?)
            }
            _ => Answer::Done,
        })
    }

    async fn poke<T: DeserializeOwned>(&self, path: &str) -> Result<T, Refusal> {
        self.call(Call::of(Method::POST, path, None)).await
    }
}

fn checked_in(check_in: CheckIn) -> Answer {
    Answer::CheckedIn { already: check_in.already, registration: Box::new(check_in.registration) }
}

/// A query string of what is not empty, for a page.
fn query(parameters: &[(&str, &str)], cursor: Option<&Cursor>) -> String {
    let mut query = format!("?limit={PAGE}");
    let cursor = cursor.map(|cursor| ("cursor", cursor.as_str()));
    for (name, value) in parameters.iter().copied().chain(cursor).filter(|(_, value)| !value.is_empty()) {
        let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        // Writing into a String never fails.
        let _ = write!(query, "&{name}={value}");
    }
    query
}

fn sense<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| {
        let message = "the server's answer makes no sense: is it an eventd, of this version?".to_owned();
        Refusal { message, fields: Vec::new(), cause: Cause::Other }
    })
}

fn away(error: &hyper_util::client::legacy::Error) -> Refusal {
    Refusal::away(if error.is_connect() {
        "the server cannot be reached"
    } else {
        "the connection to the server broke off"
    })
}

fn refusal(status: StatusCode, body: &[u8]) -> Refusal {
    let problem = serde_json::from_slice::<Problem>(body).ok().filter(|problem| !problem.detail.is_empty());
    let cause = match status {
        StatusCode::UNAUTHORIZED => Cause::SignedOut,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Cause::Away,
        status if status.is_server_error() => Cause::Away,
        _ => Cause::Other,
    };
    match problem {
        Some(problem) => Refusal { message: problem.detail, fields: problem.errors, cause },
        None => Refusal { message: format!("the server answers {status}"), fields: Vec::new(), cause },
    }
}

impl Backend for Server {
    fn place(&self) -> &str {
        &self.address
    }

    fn run(&self, request: Request) -> Work<'_> {
        Box::pin(self.work(request))
    }

    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_written_as_addresses_want_them() {
        let cursor = Cursor::from("a+b".to_owned());
        let written = query(&[("title", "Köln & co"), ("from", "")], Some(&cursor));
        assert_eq!(written, "?limit=100&title=K%C3%B6ln+%26+co&cursor=a%2Bb");
    }

    #[test]
    fn a_refusal_is_said_in_the_server_s_words_where_it_has_some() {
        let problem = br#"{"type":"/problems/event-full","title":"Full","status":409,"detail":"no seats are left for this party","instance":"x"}"#;
        let full = refusal(StatusCode::CONFLICT, problem);
        assert_eq!((full.message.as_str(), full.cause), ("no seats are left for this party", Cause::Other));
        let garbage = refusal(StatusCode::BAD_GATEWAY, b"<html>");
        assert_eq!(
            (garbage.message.as_str(), garbage.cause),
            ("the server answers 502 Bad Gateway", Cause::Away)
        );
        assert!(sense::<Page<Occurrence>>(b"<html>").unwrap_err().message.contains("is it an eventd"));
    }
}

//! What every call has in common: the exchange, its time limit, the token and its renewal, and what a refusal says.

use std::time::Duration;

use eventcore::Violation;
use eventcore::accounts::TokenPair;
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
use super::{CHANGED, Cause, Refusal, client};
use crate::Failure;

/// Bytes that an answer may have: a server that sends more sends garbage.
const ANSWER_LIMIT: usize = 16 << 20;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);

type Http = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// What a problem (RFC 9457) says, as far as it is shown.
#[derive(Debug, serde::Deserialize)]
struct Problem {
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    errors: Vec<Violation>,
}

/// A request as HTTP has it.
pub(super) struct Call<'a> {
    method: Method,
    path: &'a str,
    body: Option<&'a Value>,
    version: Option<i64>,
    /// The type of the answer.
    kind: &'static str,
}

impl<'a> Call<'a> {
    pub(super) const fn get(path: &'a str) -> Self {
        Self::of(Method::GET, path, None)
    }

    pub(super) const fn of(method: Method, path: &'a str, body: Option<&'a Value>) -> Self {
        Self { method, path, body, version: None, kind: "application/json" }
    }

    /// The same, if that is the version that is there.
    pub(super) fn for_version(self, version: i64) -> Self {
        Self { version: Some(version), ..self }
    }
}

/// The way to a server, and who is signed in there.
pub(super) struct Connection {
    http: Http,
    address: String,
    /// What this program calls itself.
    client: String,
    store: Store,
    tokens: Mutex<Tokens>,
}

#[derive(Debug, Default)]
struct Tokens {
    access: Option<String>,
    refresh: Option<String>,
}

impl Connection {
    pub(super) fn open(server: &str) -> Result<Self, Failure> {
        let address = server.trim_end_matches('/').to_owned();
        if !(address.starts_with("http://") || address.starts_with("https://")) {
            return Err(format!("the server must begin with http:// or https://, and is {address:?}").into());
        }
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        let http = Client::builder(TokioExecutor::new()).build(connector);
        let store = Store::of_user();
        let tokens = Mutex::new(Tokens { access: None, refresh: store.get(&address) });
        Ok(Self { http, address, client: client(), store, tokens })
    }

    /// One exchange; the token that came with it, if any, was tried as it is.
    async fn exchange(&self, call: &Call<'_>, token: Option<&str>) -> Result<(StatusCode, Bytes), Refusal> {
        let mut request = hyper::Request::builder()
            .method(call.method.clone())
            .uri(format!("{}/api/v1{}", self.address, call.path))
            .header(header::ACCEPT, format!("{}, application/problem+json", call.kind))
            .header(header::USER_AGENT, &self.client);
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
    pub(super) async fn send(&self, call: Call<'_>) -> Result<Bytes, Refusal> {
        let token = self.access(None).await?;
        let (mut status, mut body) = self.exchange(&call, token.as_deref()).await?;
        if status == StatusCode::UNAUTHORIZED && token.is_some() && !is_wrong_password(&body) {
            let token = self.access(token.as_deref()).await?;
            (status, body) = self.exchange(&call, token.as_deref()).await?;
        }
        if status.is_success() { Ok(body) } else { Err(refusal(status, &body)) }
    }

    pub(super) async fn call<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Refusal> {
        sense(&self.send(call).await?)
    }

    /// A file for calendars.
    pub(super) async fn calendar(&self, path: &str) -> Result<String, Refusal> {
        let body = self.send(Call { kind: "text/calendar", ..Call::get(path) }).await?;
        let text = String::from_utf8(body.to_vec()).ok();
        text.filter(|text| text.starts_with("BEGIN:VCALENDAR")).ok_or_else(nonsense)
    }

    /// A token that is good, as far as one knows, and another one than that which was refused; none for who is not signed in.
    async fn access(&self, refused: Option<&str>) -> Result<Option<String>, Refusal> {
        let mut tokens = self.tokens.lock().await;
        // Of several calls that were refused at once, the first has renewed it for all.
        if let Some(access) = tokens.access.clone().filter(|access| Some(access.as_str()) != refused) {
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

    /// What to call it: its address.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) async fn is_signed_in(&self) -> Result<bool, Refusal> {
        Ok(self.access(None).await?.is_some())
    }

    pub(super) async fn sign_in(&self, login: &str, password: &str) -> Result<(), Refusal> {
        let body = json!({"login": login, "password": password});
        let (status, body) = self.exchange(&Call::of(Method::POST, "/auth/login", Some(&body)), None).await?;
        if !status.is_success() {
            return Err(refusal(status, &body));
        }
        let pair: TokenPair = sense(&body)?;
        self.remember(Some(&pair.refresh_token));
        *self.tokens.lock().await =
            Tokens { access: Some(pair.access_token), refresh: Some(pair.refresh_token) };
        Ok(())
    }

    pub(super) async fn sign_out(&self) -> Result<(), Refusal> {
        let refresh = std::mem::take(&mut *self.tokens.lock().await).refresh;
        self.remember(None);
        if let Some(refresh) = refresh {
            let body = json!({"refresh_token": refresh});
            self.exchange(&Call::of(Method::POST, "/auth/logout", Some(&body)), None).await?;
        }
        Ok(())
    }

    /// Who can't keep a sign-in signs in anew next time.
    fn remember(&self, refresh: Option<&str>) {
        let _ = self.store.set(&self.address, refresh);
    }

    /// What is at a path, if anything is.
    pub(super) async fn found<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Refusal> {
        match self.call(Call::get(path)).await {
            Ok(found) => Ok(Some(found)),
            Err(refusal) if refusal.cause == Cause::Other => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    pub(super) async fn poke<T: DeserializeOwned>(&self, path: &str) -> Result<T, Refusal> {
        self.call(Call::of(Method::POST, path, None)).await
    }
}

fn sense<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| nonsense())
}

fn nonsense() -> Refusal {
    let message = "the server's answer makes no sense: is it an eventd, of this version?".to_owned();
    Refusal { message, fields: Vec::new(), cause: Cause::Other }
}

fn away(error: &hyper_util::client::legacy::Error) -> Refusal {
    Refusal::away(if error.is_connect() {
        "the server cannot be reached"
    } else {
        "the connection to the server broke off"
    })
}

/// Whether a password that came with the call was wrong; who calls is signed in all the same.
fn is_wrong_password(body: &[u8]) -> bool {
    serde_json::from_slice::<Problem>(body)
        .is_ok_and(|problem| problem.r#type == "/problems/invalid-credentials")
}

fn refusal(status: StatusCode, body: &[u8]) -> Refusal {
    let problem = serde_json::from_slice::<Problem>(body).ok().filter(|problem| !problem.detail.is_empty());
    let cause = match status {
        StatusCode::UNAUTHORIZED if is_wrong_password(body) => Cause::Other,
        StatusCode::UNAUTHORIZED => Cause::SignedOut,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Cause::Away,
        status if status.is_server_error() => Cause::Away,
        _ => Cause::Other,
    };
    match problem {
        _ if status == StatusCode::PRECONDITION_FAILED => {
            Refusal { message: CHANGED.to_owned(), fields: Vec::new(), cause }
        }
        Some(problem) => Refusal { message: problem.detail, fields: problem.errors, cause },
        None => Refusal { message: format!("the server answers {status}"), fields: Vec::new(), cause },
    }
}

#[cfg(test)]
mod tests {
    use eventcore::Page;
    use eventcore::events::Occurrence;

    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn a_refusal_is_said_in_the_server_s_words_where_it_has_some() {
        let problem = br#"{"type":"/problems/event-full","title":"Full","status":409,"detail":"no seats are left for this party","instance":"x"}"#;
        let full = refusal(StatusCode::CONFLICT, problem);
        assert_eq!((full.message.as_str(), full.cause), ("no seats are left for this party", Cause::Other));
        let changed = refusal(StatusCode::PRECONDITION_FAILED, problem);
        assert_eq!(
            changed,
            eventcore::Error::VersionMismatch { current: 7 }.into(),
            "the same as of the library"
        );
        assert!(changed.message.starts_with("it was changed meanwhile: look at it anew"));
        let garbage = refusal(StatusCode::BAD_GATEWAY, b"<html>");
        assert_eq!(
            (garbage.message.as_str(), garbage.cause),
            ("the server answers 502 Bad Gateway", Cause::Away)
        );
        assert!(sense::<Page<Occurrence>>(b"<html>").unwrap_err().message.contains("is it an eventd"));
    }

    /// A server that takes only the token `fresh` and no password, and the number of its refreshes.
    async fn strict() -> (Connection, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let refreshes = Arc::new(AtomicUsize::new(0));
        let counted = refreshes.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let counted = counted.clone();
                tokio::spawn(async move {
                    let mut asked = vec![0; 4_096];
                    let read = stream.read(&mut asked).await.unwrap();
                    let asked = String::from_utf8_lossy(&asked[..read]).into_owned();
                    let (status, body) = if asked.starts_with("POST /api/v1/auth/refresh") {
                        counted.fetch_add(1, Ordering::Relaxed);
                        let pair = r#"{"access_token":"fresh","token_type":"Bearer","expires_in":900,"refresh_token":"next","refresh_expires_in":9000}"#;
                        ("200 OK", pair)
                    } else if !asked.contains("Bearer fresh") {
                        ("401 Unauthorized", r#"{"type":"/problems/token-expired","detail":"sign in again"}"#)
                    } else if asked.starts_with("PUT") {
                        (
                            "401 Unauthorized",
                            r#"{"type":"/problems/invalid-credentials","detail":"not right"}"#,
                        )
                    } else {
                        ("200 OK", "{}")
                    };
                    let answer = format!(
                        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                        body.len()
                    );
                    stream.write_all(answer.as_bytes()).await.unwrap();
                });
            }
        });
        let tokens = Tokens { access: Some("worn".to_owned()), refresh: Some("first".to_owned()) };
        let mut connection = Connection::open(&address).unwrap();
        connection.store = Store::default();
        connection.tokens = Mutex::new(tokens);
        (connection, refreshes)
    }

    #[tokio::test]
    async fn a_token_that_has_run_out_is_renewed_once_for_all_who_need_it() {
        let (connection, refreshes) = strict().await;
        let call = || connection.call::<Value>(Call::get("/users/me"));
        let (one, two, three) = tokio::join!(call(), call(), call());
        assert_eq!((one, two, three), (Ok(json!({})), Ok(json!({})), Ok(json!({}))));
        assert_eq!(refreshes.load(Ordering::Relaxed), 1);
        // Another token would not make a wrong password right.
        let wrong = connection.send(Call::of(Method::PUT, "/users/me/password", None)).await.unwrap_err();
        assert_eq!((wrong.message.as_str(), wrong.cause), ("not right", Cause::Other));
        assert_eq!(refreshes.load(Ordering::Relaxed), 1);
    }
}

//! Calls over HTTP: exchange, time limit, and the bearer token.

use std::time::Duration;

use eventcore::accounts::TokenPair;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, StatusCode, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::bearer::{BearerTokens, Renewal};
use super::error::{Error, Problem};
use super::token_store::TokenStore;
use crate::failure::Failure;
use crate::user_agent::user_agent;

/// The largest response that is read, in bytes.
const MAX_RESPONSE: usize = 16 << 20;
/// Time limit for one exchange, unless a call says otherwise.
const TIMEOUT: Duration = Duration::from_secs(15);

type Http = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// What a request sends.
enum Body {
    Json(Value),
    File { content_type: &'static str, content: Bytes },
}

/// A request to an endpoint of the API.
pub(super) struct Call<'a> {
    method: Method,
    /// Below `/api/v1`, with the query string.
    path: &'a str,
    body: Option<Body>,
    time_limit: Duration,
    version: Option<i64>,
    accept: &'static str,
    /// The last id of an earlier stream.
    resume: Option<&'a str>,
    /// Whether the response is the same for everybody.
    public: bool,
}

impl<'a> Call<'a> {
    const fn new(method: Method, path: &'a str) -> Self {
        let accept = "application/json";
        let (time_limit, resume) = (TIMEOUT, None);
        Self { method, path, body: None, time_limit, version: None, accept, resume, public: false }
    }

    pub(super) const fn get(path: &'a str) -> Self {
        Self::new(Method::GET, path)
    }

    /// A GET whose response is the same for everybody. It is sent without a token, so none is renewed for it.
    pub(super) const fn get_public(path: &'a str) -> Self {
        let mut call = Self::new(Method::GET, path);
        call.public = true;
        call
    }

    pub(super) const fn post(path: &'a str) -> Self {
        Self::new(Method::POST, path)
    }

    pub(super) const fn put(path: &'a str) -> Self {
        Self::new(Method::PUT, path)
    }

    pub(super) const fn patch(path: &'a str) -> Self {
        Self::new(Method::PATCH, path)
    }

    pub(super) const fn delete(path: &'a str) -> Self {
        Self::new(Method::DELETE, path)
    }

    pub(super) fn json(self, body: Value) -> Self {
        Self { body: Some(Body::Json(body)), ..self }
    }

    /// Sends a file.
    pub(super) fn file(self, content_type: &'static str, content: Bytes) -> Self {
        Self { body: Some(Body::File { content_type, content }), ..self }
    }

    /// Waits longer than usual for the response.
    pub(super) fn within(self, time_limit: Duration) -> Self {
        Self { time_limit, ..self }
    }

    /// Sends `Last-Event-ID`.
    pub(super) fn resume(self, last: Option<&'a str>) -> Self {
        Self { resume: last, ..self }
    }

    /// Sends `If-Match`: the call fails if the current version is another one.
    pub(super) fn if_match(self, version: i64) -> Self {
        Self { version: Some(version), ..self }
    }
}

/// A connection to a server, and the tokens of the signed-in user.
pub(super) struct Connection {
    http: Http,
    address: String,
    user_agent: String,
    tokens: BearerTokens,
}

/// The environment variable of an access token or personal access token. It goes before a stored sign-in.
const TOKEN_VARIABLE: &str = "EVENTTUI_TOKEN";

impl Connection {
    /// Does not connect yet. `server` is an address with scheme, such as `https://events.example.org`.
    pub(super) fn open(server: &str) -> Result<Self, Failure> {
        let address = server.trim_end_matches('/').to_owned();
        if !(address.starts_with("http://") || address.starts_with("https://")) {
            let message =
                format!("the server's address must begin with http:// or https://, not {address:?}");
            return Err(message.into());
        }
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        let http = Client::builder(TokioExecutor::new()).build(connector);
        let given = std::env::var(TOKEN_VARIABLE).ok().map(|token| token.trim().to_owned());
        let given = given.filter(|token| !token.is_empty());
        let tokens = BearerTokens::new(&address, TokenStore::of_user(), given);
        Ok(Self { http, address, user_agent: user_agent(), tokens })
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The response to a call, whatever its status. The body is not read yet.
    async fn begin(&self, call: &Call<'_>, token: Option<&str>) -> Result<hyper::Response<Incoming>, Error> {
        let mut request = hyper::Request::builder()
            .method(call.method.clone())
            .uri(format!("{}/api/v1{}", self.address, call.path))
            .header(header::ACCEPT, format!("{}, application/problem+json", call.accept))
            .header(header::USER_AGENT, &self.user_agent);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(version) = call.version {
            request = request.header(header::IF_MATCH, format!("\"{version}\""));
        }
        if let Some(last) = call.resume {
            request = request.header("last-event-id", last);
        }
        let body = match &call.body {
            Some(Body::Json(body)) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Full::from(body.to_string())
            }
            Some(Body::File { content_type, content }) => {
                request = request.header(header::CONTENT_TYPE, *content_type);
                Full::new(content.clone())
            }
            None => Full::default(),
        };
        let request = request
            .body(body)
            .map_err(|error| Error::Connection(format!("the server's address is invalid: {error}")))?;
        Ok(self.http.request(request).await?)
    }

    /// A single exchange, whatever the status of the response.
    async fn exchange(&self, call: &Call<'_>, token: Option<&str>) -> Result<(StatusCode, Bytes), Error> {
        in_time(call.time_limit, async { whole(self.begin(call, token).await?).await }).await
    }

    /// A call as the signed-in user. An expired access token is renewed, and the call repeated once. If the
    /// session has ended, a GET is repeated without a token: what is public can still be read.
    pub(super) async fn send(&self, call: Call<'_>) -> Result<Bytes, Error> {
        let token = match self.token_for(&call, None).await {
            Err(Error::SessionEnded) if call.method == Method::GET => None,
            token => token?,
        };
        let (mut status, mut body) = self.exchange(&call, token.as_deref()).await?;
        if status == StatusCode::UNAUTHORIZED
            && token.is_some()
            && !Problem::read(&body).is_some_and(|problem| problem.is_wrong_password())
        {
            let token = match self.token_for(&call, token.as_deref()).await {
                Err(Error::SessionEnded) if call.method == Method::GET => None,
                token => token?,
            };
            (status, body) = self.exchange(&call, token.as_deref()).await?;
        }
        successful(status, body)
    }

    /// Begins a response without an end, as the signed-in user. If the session has ended, without a token:
    /// what is public can still be followed.
    pub(super) async fn stream(&self, call: Call<'_>) -> Result<Incoming, Error> {
        let call = Call { accept: "text/event-stream", ..call };
        let mut refused = None;
        loop {
            let token = match self.token_for(&call, refused.as_deref()).await {
                Err(Error::SessionEnded) => None,
                token => token?,
            };
            let response = in_time(TIMEOUT, self.begin(&call, token.as_deref())).await?;
            if response.status().is_success() {
                return Ok(response.into_body());
            }
            let (status, body) = in_time(TIMEOUT, whole(response)).await?;
            if status != StatusCode::UNAUTHORIZED || token.is_none() || refused.is_some() {
                return Err(Error::Status(status, Problem::read(&body)));
            }
            refused = token;
        }
    }

    async fn token_for(&self, call: &Call<'_>, refused: Option<&str>) -> Result<Option<String>, Error> {
        if call.public { Ok(None) } else { self.access_token(refused).await }
    }

    pub(super) async fn call<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Error> {
        read(&self.send(call).await?)
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.call(Call::get(path)).await
    }

    pub(super) async fn get_public<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.call(Call::get_public(path)).await
    }

    /// `None` instead of *not found*.
    pub(super) async fn get_optional<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Error> {
        match self.get(path).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// An iCalendar file.
    pub(super) async fn get_calendar(&self, path: &str) -> Result<String, Error> {
        let body = self.send(Call { accept: "text/calendar", ..Call::get(path) }).await?;
        let text = String::from_utf8(body.to_vec()).ok();
        text.filter(|text| text.starts_with("BEGIN:VCALENDAR")).ok_or(Error::UnexpectedResponse)
    }

    /// An access token other than the refused one, renewed if necessary; `None` if nobody is signed in.
    async fn access_token(&self, refused: Option<&str>) -> Result<Option<String>, Error> {
        let renew = async |refresh: &str| {
            let call = Call::post("/auth/refresh").json(json!({"refresh_token": refresh}));
            let (status, body) = self.exchange(&call, None).await?;
            if status == StatusCode::UNAUTHORIZED {
                return Ok(Renewal::Refused);
            }
            Ok(Renewal::Pair(read(&successful(status, body)?)?))
        };
        self.tokens.access(refused, renew).await
    }

    pub(super) async fn is_signed_in(&self) -> Result<bool, Error> {
        Ok(self.access_token(None).await?.is_some())
    }

    /// Whether the session has ended since the last call, unexpectedly.
    pub(super) fn take_signed_out(&self) -> bool {
        self.tokens.take_signed_out()
    }

    pub(super) async fn sign_in(&self, login: &str, password: &str) -> Result<(), Error> {
        let call = Call::post("/auth/login").json(json!({"login": login, "password": password}));
        let (status, body) = self.exchange(&call, None).await?;
        let pair: TokenPair = read(&successful(status, body)?)?;
        self.tokens.sign_in(login, pair).await
    }

    /// The name by which the user signed in, unless a token is given or nobody is signed in.
    pub(super) async fn login(&self) -> Option<String> {
        self.tokens.login().await
    }

    /// A call in a session of its own, which ends with it.
    pub(super) async fn send_with_password(
        &self,
        login: &str,
        password: &str,
        call: Call<'_>,
    ) -> Result<Bytes, Error> {
        let credentials = Call::post("/auth/login").json(json!({"login": login, "password": password}));
        let (status, body) = self.exchange(&credentials, None).await?;
        let pair: TokenPair = read(&successful(status, body)?)?;
        let outcome = self.exchange(&call, Some(&pair.access_token)).await;
        let end = Call::post("/auth/logout").json(json!({"refresh_token": pair.refresh_token}));
        // A session that could not be ended expires.
        let _ = self.exchange(&end, None).await;
        let (status, body) = outcome?;
        successful(status, body)
    }

    /// Forgets the tokens first, so that the user is signed out here even if the server cannot be reached.
    pub(super) async fn sign_out(&self) -> Result<(), Error> {
        if let Some(refresh) = self.tokens.sign_out().await? {
            let call = Call::post("/auth/logout").json(json!({"refresh_token": refresh}));
            self.exchange(&call, None).await?;
        }
        Ok(())
    }
}

/// The status and the body of a response.
async fn whole(response: hyper::Response<Incoming>) -> Result<(StatusCode, Bytes), Error> {
    let status = response.status();
    let body = Limited::new(response.into_body(), MAX_RESPONSE).collect().await;
    let body = body.map_err(|_| Error::Connection("the connection to the server was lost".to_owned()))?;
    Ok((status, body.to_bytes()))
}

async fn in_time<T>(limit: Duration, exchange: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::time::timeout(limit, exchange)
        .await
        .unwrap_or_else(|_| Err(Error::Connection("the server does not answer".to_owned())))
}

pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|_| Error::UnexpectedResponse)
}

fn successful(status: StatusCode, body: Bytes) -> Result<Bytes, Error> {
    if status.is_success() { Ok(body) } else { Err(Error::Status(status, Problem::read(&body))) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use eventcore::Page;
    use eventcore::events::Occurrence;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::api::{ApiError, ErrorKind};

    #[test]
    fn responses_of_other_programs_are_not_read() {
        let error = ApiError::from(read::<Page<Occurrence>>(b"<html>").unwrap_err());
        assert!(error.message.contains("is it an eventd"));
    }

    /// The address of a server that accepts only the token `fresh`, any refresh token but `revoked`, and no
    /// password; and the number of its refreshes.
    async fn strict() -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let refreshes = Arc::new(AtomicUsize::new(0));
        let counted = refreshes.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let counted = counted.clone();
                tokio::spawn(async move {
                    let mut request = vec![0; 4_096];
                    let read = stream.read(&mut request).await.unwrap();
                    let request = String::from_utf8_lossy(&request[..read]).into_owned();
                    let is_refresh = request.starts_with("POST /api/v1/auth/refresh");
                    let (status, body) = if is_refresh && !request.contains("revoked") {
                        counted.fetch_add(1, Ordering::Relaxed);
                        let pair = r#"{"access_token":"fresh","token_type":"Bearer","expires_in":900,
                            "refresh_token":"next","refresh_expires_in":9000}"#;
                        ("200 OK", pair)
                    } else if !request.contains("Bearer fresh") {
                        ("401 Unauthorized", r#"{"type":"/problems/token-expired","detail":"sign in again"}"#)
                    } else if request.starts_with("PUT") {
                        (
                            "401 Unauthorized",
                            r#"{"type":"/problems/invalid-credentials","detail":"not right"}"#,
                        )
                    } else {
                        ("200 OK", "{}")
                    };
                    let response = format!(
                        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                        body.len()
                    );
                    stream.write_all(response.as_bytes()).await.unwrap();
                });
            }
        });
        (address, refreshes)
    }

    /// A connection of a program that shares the file of tokens in `folder` with others.
    fn connection(address: &str, folder: &Path, given: Option<&str>) -> Connection {
        let store = TokenStore::at(folder.join("sign-in.json"));
        let mut connection = Connection::open(address).unwrap();
        connection.tokens = BearerTokens::new(address, store, given.map(str::to_owned));
        connection
    }

    /// Stores an access token that looks valid, and a refresh token.
    fn store(folder: &Path, address: &str, refresh: &str) {
        let tokens = json!({
            "login": "ada", "refresh": refresh, "access": "expired", "expires_at": 253_402_300_799_i64
        });
        std::fs::write(folder.join("sign-in.json"), json!({address: tokens}).to_string()).unwrap();
    }

    #[tokio::test]
    async fn several_programs_renew_an_expired_token_once() {
        let (address, refreshes) = strict().await;
        let folder = tempfile::tempdir().unwrap();
        store(folder.path(), &address, "first");
        let [one, two, three] = [(); 3].map(|()| connection(&address, folder.path(), None));
        let calls = (one.get("/users/me"), two.get("/users/me"), three.get("/users/me"));
        let responses: (Value, Value, Value) = tokio::try_join!(calls.0, calls.1, calls.2).unwrap();
        assert_eq!(responses, (json!({}), json!({}), json!({})));
        assert_eq!(refreshes.load(Ordering::Relaxed), 1);
        assert_eq!(
            connection(&address, folder.path(), None).get::<Value>("/users/me").await.unwrap(),
            json!({})
        );
        assert_eq!(refreshes.load(Ordering::Relaxed), 1, "the stored access token is still valid");
    }

    #[tokio::test]
    async fn public_reads_renew_nothing() {
        let (address, refreshes) = strict().await;
        let folder = tempfile::tempdir().unwrap();
        store(folder.path(), &address, "first");
        let program = connection(&address, folder.path(), None);
        // This server refuses calls without a token.
        program.get_public::<Value>("/occurrences").await.unwrap_err();
        assert_eq!(refreshes.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn the_end_of_the_session_is_told_once() {
        let (address, _) = strict().await;
        let folder = tempfile::tempdir().unwrap();
        store(folder.path(), &address, "revoked");
        let program = connection(&address, folder.path(), None);
        let refused = ApiError::from(program.send(Call::put("/me")).await.unwrap_err());
        assert_eq!((refused.message.as_str(), refused.kind), ("you were signed out", ErrorKind::SignedOut));
        assert!(program.take_signed_out() && !program.take_signed_out());
        assert!(!program.is_signed_in().await.unwrap());
        assert_eq!(std::fs::read_to_string(folder.path().join("sign-in.json")).unwrap(), "{}");
        // Another program that still holds the tokens learns it, too, and does not try them again.
        store(folder.path(), &address, "first");
        let other = connection(&address, folder.path(), None);
        std::fs::write(folder.path().join("sign-in.json"), "{}").unwrap();
        other.send(Call::put("/me")).await.unwrap_err();
        assert!(other.take_signed_out());
    }

    #[tokio::test]
    async fn a_given_token_is_neither_stored_nor_renewed() {
        let (address, refreshes) = strict().await;
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            connection(&address, folder.path(), Some("fresh")).get::<Value>("/users/me").await.unwrap(),
            json!({})
        );
        let wrong = connection(&address, folder.path(), Some("wrong")).get::<Value>("/users/me").await;
        assert!(ApiError::from(wrong.unwrap_err()).message.contains("EVENTTUI_TOKEN is refused"));
        assert_eq!(refreshes.load(Ordering::Relaxed), 0);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn concurrent_calls_renew_an_expired_token_once() {
        let (address, refreshes) = strict().await;
        let folder = tempfile::tempdir().unwrap();
        store(folder.path(), &address, "first");
        let connection = connection(&address, folder.path(), None);
        let call = || connection.get::<Value>("/users/me");
        let responses = tokio::try_join!(call(), call(), call()).unwrap();
        assert_eq!(responses, (json!({}), json!({}), json!({})));
        assert_eq!(refreshes.load(Ordering::Relaxed), 1);
        // A new token would not make a wrong password right.
        let wrong = ApiError::from(connection.send(Call::put("/users/me/password")).await.unwrap_err());
        assert_eq!((wrong.message.as_str(), wrong.kind), ("not right", ErrorKind::Other));
        assert_eq!(refreshes.load(Ordering::Relaxed), 1);
    }
}

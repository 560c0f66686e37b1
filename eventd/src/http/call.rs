//! A call: one request as the handlers read it.

use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use eventcore::accounts::{CalendarOwner, Caller};
use eventcore::{Actor, Error, EventCore};
use http::{HeaderMap, Method, header};
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;
use utoipa::openapi::OpenApi as Document;
use warp::path::FullPath;
use warp::reply::Response;

use super::admission::Admission;
use super::client_network::ClientNetwork;
use super::declaration::{Declaration, SignIn};
use super::json_body;
use super::problem::{Challenge, Problem};
use super::problem_kind::Kind;
use super::query::Query;

/// Who may read `/metrics` on the main listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MetricsAccess {
    /// Clients on the same machine.
    Loopback,
    Everyone,
    /// Nobody: a listener of their own serves them.
    Nobody,
}

/// Headers of a proxy. A request with one of them comes from elsewhere, also if the proxy is on this machine.
const FORWARDED: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

impl MetricsAccess {
    pub(super) fn allows(self, network: ClientNetwork, headers: &HeaderMap) -> bool {
        match self {
            Self::Loopback => {
                network.is_loopback() && !FORWARDED.iter().any(|name| headers.contains_key(*name))
            }
            Self::Everyone => true,
            Self::Nobody => false,
        }
    }
}

/// What all handlers share.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) core: EventCore,
    /// The base of absolute links, without a trailing slash.
    pub(crate) public_url: Arc<str>,
    pub(crate) admission: Arc<Admission>,
    pub(crate) metrics_access: MetricsAccess,
    /// The time limit of a request whose body has been read.
    pub(crate) timeout: Duration,
    /// Builds the OpenAPI document.
    pub(crate) document: fn() -> Document,
}

/// A request whose body has been read.
pub(crate) struct Call {
    pub(crate) core: EventCore,
    pub(crate) public_url: Arc<str>,
    pub(crate) admission: Arc<Admission>,
    pub(crate) network: ClientNetwork,
    pub(crate) may_read_metrics: bool,
    pub(crate) document: fn() -> Document,
    pub(crate) declaration: &'static Declaration,
    pub(super) parameters: Vec<(&'static str, String)>,
    pub(super) path: FullPath,
    pub(crate) headers: HeaderMap,
    pub(super) query: String,
    pub(super) body: Vec<u8>,
    /// The caller, once authenticated.
    pub(super) actor: Option<Actor>,
    /// The user of a calendar program, once authenticated.
    pub(super) calendar_owner: OnceCell<CalendarOwner>,
}

/// The result of a handler.
pub(crate) type Answer = Result<Response, Problem>;

/// The future of a running handler.
pub(crate) type Work = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// The function that handles the requests of a route.
pub(crate) type Handler = fn(Call) -> Work;

impl Call {
    /// The caller by `Authorization: Bearer`; anonymous without that header.
    pub(crate) async fn actor(&self) -> Result<Actor, Problem> {
        if let Some(actor) = self.actor {
            return Ok(actor);
        }
        match self.bearer()? {
            Some(token) => Ok(self.core.authenticate(token).await?),
            None => Ok(Actor::Anonymous),
        }
    }

    /// The caller, if allowed to write, for an operation that itself finds out whether they are still signed
    /// in. Read its input by [`after_sign_in`].
    pub(crate) async fn writing_caller(&self) -> Result<Caller, Problem> {
        let caller = self.caller().await?;
        caller.may_write()?;
        Ok(caller)
    }

    /// The caller, for an operation that itself finds out whether they are still signed in. Read its input by
    /// [`after_sign_in`].
    pub(crate) async fn caller(&self) -> Result<Caller, Problem> {
        Ok(match (self.actor, self.bearer()?) {
            (Some(actor), _) => actor.into(),
            (None, Some(token)) => self.core.caller(token).await?,
            (None, None) => Actor::Anonymous.into(),
        })
    }

    /// The token in `Authorization: Bearer`.
    fn bearer(&self) -> Result<Option<&str>, Error> {
        let Some(value) = self.headers.get(header::AUTHORIZATION) else { return Ok(None) };
        let text = value.to_str().map_err(|_| Error::InvalidToken)?;
        let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
        if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
            return Err(Error::InvalidToken);
        }
        Ok(Some(token.trim()))
    }

    /// Who has signed a calendar program in: by `Authorization: Basic` with their name, and a personal access
    /// token as the password; or by `Bearer` with the token.
    pub(crate) async fn calendar_owner(&self) -> Result<CalendarOwner, Problem> {
        self.calendar_owner.get_or_try_init(|| self.authenticate_calendar_program()).await.cloned()
    }

    async fn authenticate_calendar_program(&self) -> Result<CalendarOwner, Problem> {
        let value = self.headers.get(header::AUTHORIZATION);
        let text = value.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (scheme, credentials) = text.split_once(' ').unwrap_or_default();
        let found = if value.is_none() {
            Err(Error::Unauthenticated)
        } else if scheme.eq_ignore_ascii_case("bearer") {
            self.core.calendar_owner(None, credentials.trim()).await
        } else if let Some((login, token)) = basic(scheme, credentials) {
            self.core.calendar_owner(Some(&login), &token).await
        } else {
            Err(Error::InvalidToken)
        };
        found.map_err(|error| {
            let is_refused = matches!(error, Error::Unauthenticated | Error::InvalidToken);
            let mut problem = Problem::from(error);
            problem.challenge = Challenge::Basic;
            if is_refused {
                "sign in with your username and a personal access token of the scope calendar as the password"
                    .clone_into(&mut problem.detail);
            }
            problem
        })
    }

    /// The caller, if allowed to write. Handlers check this before they read the input, so that 401 and 403
    /// come before 400.
    pub(crate) async fn writer(&self) -> Result<Actor, Problem> {
        let actor = self.actor().await?;
        actor.may_write()?;
        Ok(actor)
    }

    /// Refuses a request before its body is read, if the head alone tells that it will be refused.
    pub(super) async fn check_head(&self) -> Result<(), Problem> {
        match self.declaration.sign_in {
            SignIn::Unused => {}
            SignIn::Optional => drop(self.actor().await?),
            SignIn::Required if self.declaration.method == Method::GET => {
                self.actor().await?.signed_in()?;
            }
            SignIn::Required => drop(self.writer().await?),
            SignIn::CalendarProgram => drop(self.calendar_owner().await?),
        }
        let types = &self.declaration.request_types;
        let has_type = self.headers.contains_key(header::CONTENT_TYPE);
        let has_length = self.headers.contains_key(header::CONTENT_LENGTH);
        if types.is_empty() || !(has_type || has_length) {
            Ok(())
        } else {
            check_media_type(&self.headers, types)
        }
    }

    /// The value of a request header, if it is valid text.
    pub(crate) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The path as sent.
    pub(crate) fn path(&self) -> &str {
        self.path.as_str()
    }

    /// The body.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// A path parameter, not percent-decoded. Empty if the declared path has no such parameter.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        let found = self.parameters.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    }

    /// A path parameter as an id. An invalid id is answered with 404, as an unknown one is.
    pub(crate) fn id<T: FromStr>(&self, name: &'static str) -> Result<T, Error> {
        self.parameter(name).parse().map_err(|_| Error::NotFound(name))
    }

    /// The query string, to be read parameter by parameter.
    pub(crate) fn query(&self) -> Query {
        Query::parse(&self.query)
    }

    /// The query string, in which these parameters may be repeated.
    pub(crate) fn query_with(&self, repeatable: &[&str]) -> Query {
        Query::parse_with(&self.query, repeatable)
    }

    /// The query string as sent.
    pub(crate) fn raw_query(&self) -> &str {
        &self.query
    }

    /// Refuses any query parameter.
    pub(crate) fn no_query(&self) -> Result<(), Problem> {
        Ok(self.query().finish()?)
    }

    /// A form that a page has sent.
    pub(crate) fn form(&self) -> Result<Vec<(String, String)>, Problem> {
        check_media_type(&self.headers, &self.declaration.request_types)?;
        Ok(form_urlencoded::parse(&self.body).into_owned().collect())
    }

    /// A file as the body. Refuses media types that the route does not declare.
    pub(crate) fn file(self) -> Result<Vec<u8>, Problem> {
        check_media_type(&self.headers, &self.declaration.request_types)?;
        Ok(self.body)
    }

    /// The JSON body, or `None` if the body is empty.
    pub(crate) fn json_if_any<T: DeserializeOwned>(self) -> Result<Option<T>, Problem> {
        if self.body.is_empty() { Ok(None) } else { self.json().map(Some) }
    }

    /// The JSON body. Refuses media types that the route does not declare.
    pub(crate) fn json<T: DeserializeOwned>(self) -> Result<T, Problem> {
        let body = self.body;
        if body.is_empty() {
            return Err(Problem::new(Kind::MalformedJson, "the body is empty: send JSON"));
        }
        check_media_type(&self.headers, &self.declaration.request_types)?;
        let value = json_body::parse(&body)?;
        serde_json::from_value(value).map_err(json_body::malformed)
    }
}

/// The name and the password of Basic credentials (RFC 7617).
fn basic(scheme: &str, credentials: &str) -> Option<(String, String)> {
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// The input of an operation that itself finds out whether the caller is still signed in. If the input is
/// invalid, that is found out here, so that 401 comes before 400 and 404.
pub(crate) async fn after_sign_in<T>(
    core: &EventCore,
    caller: &Caller,
    input: Result<T, Problem>,
) -> Result<T, Problem> {
    if input.is_err() {
        core.identify(caller).await?;
    }
    input
}

/// Checks `Content-Type`, parameters aside, against the declared media types.
fn check_media_type(headers: &HeaderMap, declared: &[String]) -> Result<(), Problem> {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let sent = sent.split(';').next().unwrap_or_default().trim();
    if declared.iter().any(|media_type| sent.eq_ignore_ascii_case(media_type)) {
        return Ok(());
    }
    let detail = format!("send the body as {}", declared.join(" or "));
    Err(Problem::new(Kind::UnsupportedMediaType, detail))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_declared_media_types_are_accepted() {
        let json = ["application/json".to_owned()];
        for (sent, accepted) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/merge-patch+json", false),
            ("text/plain", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(sent))]);
            assert_eq!(check_media_type(&headers, &json).is_ok(), accepted, "{sent}");
        }
    }
}

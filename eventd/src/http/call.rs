//! A call: what a request brings, and how routes read it.

use std::sync::Arc;

use eventcore::{Actor, Error, EventCore};
use futures_util::{Stream, StreamExt};
use http::{HeaderMap, Method, StatusCode, header};
use serde::de::DeserializeOwned;
use warp::filters::BoxedFilter;
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Buf, Filter, Rejection};

use super::gate::Gate;
use super::problem::{Kind, Problem};
use super::query::Query;

/// Bytes that a body may have.
const BODY_LIMIT: usize = 1 << 20;
/// How deep JSON may be nested.
const DEPTH_LIMIT: usize = 32;

/// What every route has at hand.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) core: EventCore,
    pub(crate) public_url: Arc<str>,
    /// Where `/metrics` is answered here, and not on a listener of its own.
    pub(crate) figures: Option<Arc<Gate>>,
}

/// A request, read whole.
pub(crate) struct Call {
    pub(crate) core: EventCore,
    pub(crate) public_url: Arc<str>,
    pub(crate) headers: HeaderMap,
    pub(super) method: Method,
    pub(super) path: FullPath,
    pub(super) query: String,
    pub(super) body: Result<Vec<u8>, Problem>,
    /// Who calls, once that is known.
    pub(super) known: Option<Actor>,
}

/// The answer of a route.
pub(crate) type Answer = Result<Response, Problem>;

/// Reads a request; the body only where a method has one.
pub(crate) fn call(context: &Context) -> BoxedFilter<(Call,)> {
    let context = context.clone();
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::method()
        .and(warp::path::full())
        .and(warp::header::headers_cloned())
        .and(query)
        .and(warp::body::stream())
        .then(move |method, path, headers, query, body| {
            let Context { core, public_url, .. } = context.clone();
            async move {
                let body = collect(body).await;
                Call { core, public_url, headers, method, path, query, body, known: None }
            }
        })
        .boxed()
}

async fn collect(body: impl Stream<Item = Result<impl Buf, warp::Error>>) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let mut body = std::pin::pin!(body);
    while let Some(chunk) = body.next().await {
        let mut chunk = chunk.map_err(|_| Problem::new(Kind::MalformedJson, "the body broke off"))?;
        if bytes.len() + chunk.remaining() > BODY_LIMIT {
            return Err(Problem::new(Kind::PayloadTooLarge, "a body has at most 1 MiB"));
        }
        while chunk.has_remaining() {
            let piece = chunk.chunk();
            bytes.extend_from_slice(piece);
            let length = piece.len();
            chunk.advance(length);
        }
    }
    Ok(bytes)
}

/// Turns a route's answer into a response.
pub(crate) fn answer(answer: Answer) -> Response {
    answer.unwrap_or_else(Problem::into_response)
}

impl Call {
    /// Who calls, by `Authorization: Bearer`; anonymous without it.
    pub(crate) async fn actor(&self) -> Result<Actor, Problem> {
        if let Some(actor) = self.known {
            return Ok(actor);
        }
        let Some(value) = self.headers.get(header::AUTHORIZATION) else { return Ok(Actor::Anonymous) };
        let text = value.to_str().map_err(|_| Error::InvalidToken)?;
        let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
        if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
            return Err(Error::InvalidToken.into());
        }
        Ok(self.core.authenticate(token.trim()).await?)
    }

    /// Who calls, if they may change anything: so that whoever may not is told so before their input is read.
    pub(crate) async fn writer(&self) -> Result<Actor, Problem> {
        let actor = self.actor().await?;
        actor.may_write()?;
        Ok(actor)
    }

    /// A value of a request header, if it is text.
    pub(crate) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The query string, to be read parameter by parameter.
    pub(crate) fn query(&self) -> Query {
        Query::of(&self.query)
    }

    /// The query string as it came.
    pub(crate) fn raw_query(&self) -> &str {
        &self.query
    }

    /// Refuses any query parameter.
    pub(crate) fn no_query(&self) -> Result<(), Problem> {
        Ok(self.query().finish()?)
    }

    /// The JSON body, or nothing where there is none.
    pub(crate) fn json_if_any<T: DeserializeOwned>(self) -> Result<Option<T>, Problem> {
        match &self.body {
            Ok(body) if body.is_empty() => Ok(None),
            _ => self.json().map(Some),
        }
    }

    /// The JSON body.
    pub(crate) fn json<T: DeserializeOwned>(self) -> Result<T, Problem> {
        let body = self.body?;
        must_be_json(&self.headers, &body)?;
        must_be_shallow(&body)?;
        let malformed = |error: serde_json::Error| {
            Problem::new(Kind::MalformedJson, format!("the body is not JSON: {error}"))
        };
        serde_json::from_slice(&body).map_err(malformed)
    }
}

fn must_be_json(headers: &HeaderMap, body: &[u8]) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let json = ["application/json", "application/merge-patch+json"]
        .iter()
        .any(|json| kind.eq_ignore_ascii_case(json));
    match (json, body.is_empty()) {
        (_, true) => Err(Problem::new(Kind::MalformedJson, "the body is empty: send JSON")),
        (false, _) => Err(Problem::new(Kind::UnsupportedMediaType, "send the body as application/json")),
        (true, _) => Ok(()),
    }
}

/// Counts brackets outside of strings: cheaper than parsing, and it never recurses.
fn must_be_shallow(body: &[u8]) -> Result<(), Problem> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in body {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_LIMIT {
            return Err(Problem::new(Kind::MalformedJson, "the body is nested more than 32 levels deep"));
        }
    }
    Ok(())
}

/// What became of a request that no route took.
pub(crate) fn unrouted(rejection: &Rejection) -> Problem {
    if rejection.is_not_found() {
        return Problem::new(Kind::NotFound, "there is nothing at this address");
    }
    if rejection.find::<warp::reject::MethodNotAllowed>().is_some() {
        return Problem::of_status(StatusCode::METHOD_NOT_ALLOWED);
    }
    tracing::debug!(?rejection, "a request was rejected");
    Problem::new(Kind::InvalidInput, "the request cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_of_strings() {
        assert!(must_be_shallow(&[b'['; 32]).is_ok());
        assert!(must_be_shallow(&[b'['; 33]).is_err());
        assert!(must_be_shallow(format!("\"{}\\\"[\"", "[".repeat(100)).as_bytes()).is_ok());
        assert!(must_be_shallow("[]".repeat(1000).as_bytes()).is_ok());
    }
}

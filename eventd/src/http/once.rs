//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a POST that is sent again gets the first answer again.

use std::pin::Pin;

use eventcore::Error;
use eventcore::idempotency::IdempotencyKey;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use warp::reply::Response;

use super::call::{Answer, Call};
use super::problem::Problem;

/// A route at work.
pub(crate) type Work = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// The key of a request that takes one.
pub(crate) fn key(call: &Call) -> Option<&str> {
    if call.method != Method::POST {
        return None;
    }
    // What is no text is no key, and is refused as such.
    call.headers.get("idempotency-key").map(|value| unquoted(value.to_str().unwrap_or_default()))
}

/// The draft has a quoted string; most clients send it bare.
fn unquoted(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

/// Answers a call by `work`, or as its key was answered before.
pub(crate) async fn once(mut call: Call, key: &str, work: impl FnOnce(Call) -> Work) -> Answer {
    let Ok(body) = &call.body else { return work(call).await };
    let actor = call.actor().await?;
    let parts = [call.path.as_str().as_bytes(), call.query.as_bytes(), body];
    let key = IdempotencyKey::new(&actor, key, &parts)?;
    call.known = Some(actor);
    let core = call.core.clone();
    let kept = core
        .run_idempotent(key, |core| {
            call.core = core;
            let work = work(call);
            async move { Kept::of(work.await?).await }
        })
        .await?;
    Kept::answer(&kept)
}

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// What of an answer belongs to the thing, and not to the moment.
const HEADERS: [HeaderName; 5] =
    [header::CONTENT_TYPE, header::LOCATION, header::ETAG, header::LAST_MODIFIED, header::CACHE_CONTROL];

impl Kept {
    async fn of(response: Response) -> Result<Vec<u8>, Problem> {
        let (head, body) = response.into_parts();
        let header = |name: &HeaderName| {
            let value = head.headers.get(name)?.to_str().ok()?;
            Some((name.as_str().to_owned(), value.to_owned()))
        };
        let body = body.collect().await.map_err(Error::internal)?.to_bytes();
        let kept = Self {
            status: head.status.as_u16(),
            headers: HEADERS.iter().filter_map(header).collect(),
            body: String::from_utf8(body.into()).map_err(Error::internal)?,
        };
        Ok(serde_json::to_vec(&kept).map_err(Error::internal)?)
    }

    fn answer(bytes: &[u8]) -> Answer {
        let kept: Self = serde_json::from_slice(bytes).map_err(Error::internal)?;
        let mut response = Response::new(kept.body.into());
        *response.status_mut() = StatusCode::from_u16(kept.status).map_err(Error::internal)?;
        for (name, value) in &kept.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(Error::internal)?;
            response.headers_mut().insert(name, HeaderValue::from_str(value).map_err(Error::internal)?);
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_be_quoted() {
        assert_eq!(unquoted("\"8e03978e\""), "8e03978e");
        assert_eq!(unquoted(" 8e03978e "), "8e03978e");
        assert_eq!(unquoted("\"8e03978e"), "\"8e03978e");
    }

    #[tokio::test]
    async fn an_answer_comes_back_as_it_was() {
        let mut response = Response::new("{}".into());
        *response.status_mut() = StatusCode::CREATED;
        response.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/api/v1/events/1"));
        response.headers_mut().insert(header::DATE, HeaderValue::from_static("now"));
        let Ok(kept) = Kept::of(response).await else { panic!("it can be kept") };
        let Ok(again) = Kept::answer(&kept) else { panic!("it can be given again") };
        assert_eq!(again.status(), StatusCode::CREATED);
        assert_eq!(again.headers().get(header::LOCATION).unwrap(), "/api/v1/events/1");
        assert_eq!(again.headers().get(header::DATE), None);
        assert_eq!(again.into_body().collect().await.unwrap().to_bytes(), "{}");
    }
}

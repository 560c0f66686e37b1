//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a repeated POST gets the stored response.

use eventcore::Error;
use eventcore::idempotency::IdempotencyKey;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use warp::reply::Response;

use super::call::{Answer, Call, Handler};
use super::problem::Problem;

/// Whether the header applies: to each POST but those of `/auth`. They create nothing, and a stored answer
/// would keep tokens that the answer itself replaces. CalDAV has no POST that does anything.
pub(crate) fn takes_key(method: &Method, path: &str) -> bool {
    *method == Method::POST && !path.starts_with("/api/v1/auth/") && !path.starts_with("/dav")
}

/// The key of a request.
pub(crate) fn key(call: &Call) -> Option<&str> {
    if !takes_key(&call.declaration.method, &call.declaration.path) {
        return None;
    }
    // A value that is not text becomes the empty key, which the library refuses.
    call.headers.get("idempotency-key").map(|value| unquoted(value.to_str().unwrap_or_default()))
}

/// The draft requires a quoted string, but most clients send the bare value.
fn unquoted(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

/// Calls the handler, or returns the response that is stored for the key.
pub(crate) async fn run_once(mut call: Call, key: &str, handler: Handler) -> Answer {
    let actor = call.actor().await?;
    let request = [call.path.as_str().as_bytes(), call.query.as_bytes(), &call.body];
    let key = IdempotencyKey::new(&actor, key, &request)?;
    call.actor = Some(actor);
    let core = call.core.clone();
    let stored = core
        .run_idempotent(key, |core| {
            // This core runs the handler in the transaction that also stores the response.
            call.core = core;
            let work = handler(call);
            async move { StoredResponse::encode(work.await?).await }
        })
        .await?;
    StoredResponse::decode(&stored)
}

/// A response as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredResponse {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// The headers to store. All others are set anew for each response.
const STORED_HEADERS: [HeaderName; 5] =
    [header::CONTENT_TYPE, header::LOCATION, header::ETAG, header::LAST_MODIFIED, header::CACHE_CONTROL];

impl StoredResponse {
    async fn encode(response: Response) -> Result<Vec<u8>, Problem> {
        let (head, body) = response.into_parts();
        let header = |name: &HeaderName| {
            let value = head.headers.get(name)?.to_str().ok()?;
            Some((name.as_str().to_owned(), value.to_owned()))
        };
        let body = body.collect().await.map_err(Error::internal)?.to_bytes();
        let stored = Self {
            status: head.status.as_u16(),
            headers: STORED_HEADERS.iter().filter_map(header).collect(),
            body: String::from_utf8(body.into()).map_err(Error::internal)?,
        };
        Ok(serde_json::to_vec(&stored).map_err(Error::internal)?)
    }

    fn decode(bytes: &[u8]) -> Answer {
        let stored: Self = serde_json::from_slice(bytes).map_err(Error::internal)?;
        let mut response = Response::new(stored.body.into());
        *response.status_mut() = StatusCode::from_u16(stored.status).map_err(Error::internal)?;
        for (name, value) in &stored.headers {
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
    async fn a_stored_response_is_returned_unchanged() {
        let mut response = Response::new("{}".into());
        *response.status_mut() = StatusCode::CREATED;
        response.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/api/v1/events/1"));
        response.headers_mut().insert(header::DATE, HeaderValue::from_static("now"));
        let Ok(stored) = StoredResponse::encode(response).await else { panic!("it can be stored") };
        let Ok(again) = StoredResponse::decode(&stored) else { panic!("it can be read back") };
        assert_eq!(again.status(), StatusCode::CREATED);
        assert_eq!(again.headers().get(header::LOCATION).unwrap(), "/api/v1/events/1");
        assert_eq!(again.headers().get(header::DATE), None);
        assert_eq!(again.into_body().collect().await.unwrap().to_bytes(), "{}");
    }
}

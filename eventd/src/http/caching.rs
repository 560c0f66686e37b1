//! `Cache-Control` and `Vary`: what caches may store, and what a stored response depends on (RFC 9111).

use http::{HeaderMap, HeaderValue, Method, Request, Response, header};

/// The facts about a request that decide about caching.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CachePolicy {
    /// Whether the response may depend on who asks, or hold what only the asker may know.
    is_personal: bool,
    /// Whether a path of the API was requested, which reads `Authorization` and `Accept`.
    is_api: bool,
}

impl CachePolicy {
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        Self {
            is_personal: !is_read || request.headers().contains_key(header::AUTHORIZATION),
            is_api: request.uri().path().starts_with("/api/"),
        }
    }

    /// Sets `Cache-Control` and `Vary`. A handler that has set `Cache-Control` keeps it, unless the response
    /// is personal.
    pub(crate) fn apply(self, headers: &mut HeaderMap) {
        if self.is_personal {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        } else {
            // Without this, a cache may reuse the response for as long as it likes (RFC 9111 4.2.2).
            headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
        }
        if self.is_api {
            headers.append(header::VARY, HeaderValue::from_static("accept, authorization"));
        }
    }
}

/// Writes `Vary` as one line without repetitions. A response with an entity tag, 304 included, depends on the
/// content coding, also if it is too short to be compressed.
pub(crate) fn complete_vary<B>(mut response: Response<B>) -> Response<B> {
    let mut names: Vec<String> = Vec::new();
    let by_coding = response.headers().contains_key(header::ETAG).then_some("accept-encoding");
    let lines = response.headers().get_all(header::VARY).iter().filter_map(|line| line.to_str().ok());
    for name in lines.flat_map(|line| line.split(',')).chain(by_coding) {
        let name = name.trim().to_ascii_lowercase();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if let Ok(value) = HeaderValue::from_str(&names.join(", "))
        && !names.is_empty()
    {
        response.headers_mut().insert(header::VARY, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(method: Method, path: &str, token: bool) -> HeaderMap {
        let mut request = Request::builder().method(method).uri(path).body(()).unwrap();
        if token {
            request.headers_mut().insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer x"));
        }
        let mut headers = HeaderMap::new();
        CachePolicy::of(&request).apply(&mut headers);
        headers
    }

    #[test]
    fn only_anonymous_reads_are_stored_and_those_are_revalidated() {
        for (method, token, control) in [
            (Method::GET, false, "no-cache"),
            (Method::HEAD, false, "no-cache"),
            (Method::GET, true, "no-store"),
            (Method::POST, false, "no-store"),
        ] {
            let headers = policy(method.clone(), "/api/v1/events", token);
            assert_eq!(headers[header::CACHE_CONTROL], control, "{method} {token}");
            assert_eq!(headers[header::VARY], "accept, authorization");
        }
        assert_eq!(policy(Method::GET, "/docs", false).get(header::VARY), None);
    }

    #[test]
    fn vary_is_one_line() {
        let mut response = Response::new(());
        response.headers_mut().insert(header::ETAG, HeaderValue::from_static("\"1\""));
        for line in ["accept, authorization", "Accept-Encoding", "origin, accept"] {
            response.headers_mut().append(header::VARY, HeaderValue::from_static(line));
        }
        let response = complete_vary(response);
        let lines: Vec<_> = response.headers().get_all(header::VARY).iter().collect();
        assert_eq!(lines, ["accept, authorization, accept-encoding, origin"]);
        assert_eq!(complete_vary(Response::new(())).headers().get(header::VARY), None);
    }
}

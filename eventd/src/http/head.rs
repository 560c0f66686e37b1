//! Checks of the head of a request: its size, and the fields that HTTP allows once.

use std::net::Ipv6Addr;

use http::uri::Authority;
use http::{HeaderMap, HeaderName, Request, Version, header};

use super::problem::Problem;
use super::problem_kind::Kind;

/// The largest request head, in bytes.
pub(crate) const HEAD_LIMIT: u32 = 16 << 10;

/// Fields that a request may have once. With several, a proxy might have read another one than this server.
const SINGLE: [HeaderName; 4] =
    [header::HOST, header::AUTHORIZATION, header::CONTENT_TYPE, HeaderName::from_static("idempotency-key")];

/// Refuses heads that are too large or ambiguous.
pub(crate) fn check<B>(request: &Request<B>) -> Result<(), Problem> {
    check_size(request)?;
    let headers = request.headers();
    for name in &SINGLE {
        if headers.get_all(name).iter().nth(1).is_some() {
            return Err(bad(format!("send the header {name} once")));
        }
    }
    check_host(request)?;
    check_transfer_encoding(headers)
}

fn bad(detail: impl Into<String>) -> Problem {
    Problem::new(Kind::InvalidInput, detail)
}

/// Limits the head to its size in HTTP/1.1, for HTTP/2 too.
fn check_size<B>(request: &Request<B>) -> Result<(), Problem> {
    let uri = request.uri();
    let target = uri.authority().map_or(0, |authority| authority.as_str().len())
        + uri.path_and_query().map_or(0, |path| path.as_str().len());
    let headers: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + ": ".len() + value.len() + "\r\n".len())
        .sum();
    let line = request.method().as_str().len() + " ".len() + target + " HTTP/1.1\r\n".len();
    if line + headers + "\r\n".len() <= HEAD_LIMIT as usize {
        return Ok(());
    }
    let detail = "the URL and the headers must be at most 16 KiB together";
    Err(Problem::new(Kind::HeadTooLarge, detail))
}

/// HTTP/1.1 requires `Host` (RFC 9112 3.2). In HTTP/2 the authority of the target takes its place, and must
/// be the same if both are sent (RFC 9113 8.3.1).
fn check_host<B>(request: &Request<B>) -> Result<(), Problem> {
    let host = match request.headers().get(header::HOST) {
        Some(host) => Some(host.to_str().map_err(|_| bad("Host must be a host name and a port"))?),
        None => None,
    };
    let authority = request.uri().authority().map(Authority::as_str);
    if host.is_none()
        && (request.version() == Version::HTTP_11 || authority.is_none())
        && request.version() != Version::HTTP_10
    {
        return Err(bad("send the header Host"));
    }
    if let Some(wrong) = [host, authority].into_iter().flatten().find(|text| !is_host(text)) {
        return Err(bad(format!("Host must be a host name and a port, but is {wrong:?}")));
    }
    if let (Version::HTTP_2, Some(host), Some(authority)) = (request.version(), host, authority)
        && !host.eq_ignore_ascii_case(authority)
    {
        return Err(bad("Host and :authority differ"));
    }
    Ok(())
}

/// Whether a text is a host with an optional port, and without a user (RFC 9110 4.2.4).
fn is_host(text: &str) -> bool {
    let Ok(authority) = text.parse::<Authority>() else { return false };
    let host = authority.host();
    let is_name = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(|address| address.parse::<Ipv6Addr>().is_ok()),
        None => !host.is_empty(),
    };
    let is_port = match text.strip_prefix(host).map(|rest| rest.strip_prefix(':').unwrap_or(rest)) {
        Some("") => true,
        Some(port) => port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok(),
        None => false,
    };
    is_name && is_port
}

/// A body may be chunked and nothing else (RFC 9112 6.1).
fn check_transfer_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let Some(coding) = codings.next() else { return Ok(()) };
    let is_chunked = coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked");
    if !is_chunked || codings.next().is_some() {
        return Err(bad("Transfer-Encoding must be chunked, once"));
    }
    if headers.contains_key(header::CONTENT_LENGTH) {
        return Err(bad("send either Content-Length or Transfer-Encoding"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(request: http::request::Builder) -> Option<String> {
        check(&request.body(()).unwrap()).err().map(|problem| problem.detail)
    }

    #[test]
    fn a_host_is_a_name_or_an_address_with_a_port() {
        for host in
            ["example.org", "example.org:8080", "EXAMPLE.org:", "127.0.0.1:1", "[::1]", "[::1]:8080", "a_b"]
        {
            assert!(is_host(host), "{host}");
        }
        for host in
            ["", "[::1", "::1", "a@b", "a:b@c", "a b", "a:x", "a:99999", "[x]", "[::1]x", "a/b", ":80"]
        {
            assert!(!is_host(host), "{host}");
        }
    }

    #[test]
    fn http_1_1_needs_one_host_and_http_2_an_authority() {
        let get = || Request::get("/").version(Version::HTTP_11);
        assert_eq!(detail(get()).as_deref(), Some("send the header Host"));
        assert_eq!(detail(get().header("host", "a")), None);
        assert_eq!(
            detail(get().header("host", "a").header("host", "a")).as_deref(),
            Some("send the header host once")
        );
        assert_eq!(detail(Request::get("/").version(Version::HTTP_10)), None);
        let h2 = || Request::get("http://a/").version(Version::HTTP_2);
        assert_eq!(detail(h2()), None);
        assert_eq!(detail(h2().header("host", "A")), None);
        assert_eq!(detail(h2().header("host", "b")).as_deref(), Some("Host and :authority differ"));
        assert!(detail(Request::get("/").version(Version::HTTP_2)).is_some());
    }

    #[test]
    fn a_body_is_chunked_or_has_a_length() {
        let post = || Request::post("/").header("host", "a");
        assert_eq!(detail(post().header("transfer-encoding", "Chunked")), None);
        for coding in ["gzip, chunked", "chunked, chunked", "identity", "", "xchunked"] {
            assert!(detail(post().header("transfer-encoding", coding)).is_some(), "{coding}");
        }
        let twice = post().header("transfer-encoding", "chunked").header("transfer-encoding", "chunked");
        assert!(detail(twice).is_some());
        assert!(
            detail(post().header("transfer-encoding", "chunked").header("content-length", "1")).is_some()
        );
    }
}

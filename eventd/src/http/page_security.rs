//! Headers that tell browsers what a response may do: a page of ours loads nothing from elsewhere, runs no
//! script that is not ours, and cannot be framed.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

use crate::templates::STYLE;

/// For responses that are no pages, should a browser show one: nothing is loaded, nothing runs.
const NO_PAGE: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);

/// For pages in our layout: their style sheet by its hash, and no scripts.
static STATIC_PAGE: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src 'self'; frame-ancestors 'none'; \
         base-uri 'none'; form-action 'self'"
    );
    HeaderValue::from_str(&policy).unwrap_or(NO_PAGE)
});

/// For Swagger UI, which sets `style` attributes and has its icons as `data:` URLs. It calls this server
/// only.
const API_DOCUMENTATION: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);

/// Lets a response be a page in our layout.
pub(crate) fn allow_static_page(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_SECURITY_POLICY, STATIC_PAGE.clone());
}

/// Lets a response be the page that runs Swagger UI.
pub(crate) fn allow_api_documentation(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_SECURITY_POLICY, API_DOCUMENTATION);
}

/// Sets the headers of every response. A page has allowed itself more before.
pub(crate) fn apply(headers: &mut HeaderMap) {
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(NO_PAGE);
    // Addresses with secrets, such as those of tickets, must not reach the servers that pages link to.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // User content in JSON must not be sniffed as HTML by a browser.
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

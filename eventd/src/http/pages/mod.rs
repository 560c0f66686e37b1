//! Pages: what they show, and their frame.

mod item;
mod structured_data;

use eventcore::Error;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::Value;

use super::call::{Answer, Call};
use super::page_security;
use super::problem::Problem;
use super::reply;
use crate::templates;

pub(crate) use item::Item;
pub(crate) use structured_data::{of_occurrence, of_series};

/// What every page needs, beside what it shows.
#[derive(Serialize)]
struct Framed<'a, T> {
    /// The path of this server, which has no trailing slash: empty, unless it is published below a path.
    root: &'a str,
    #[serde(flatten)]
    shown: &'a T,
}

/// The path of a public URL, without a trailing slash.
pub(crate) fn root(public_url: &str) -> &str {
    let after_scheme = public_url.find("://").map_or(0, |at| at + 3);
    public_url[after_scheme..].find('/').map_or("", |slash| &public_url[after_scheme + slash..])
}

/// `200` with a page.
pub(crate) fn page(call: &Call, template: &str, shown: &impl Serialize) -> Answer {
    let html = templates::render(template, &Framed { root: root(&call.public_url), shown })?;
    let mut response = reply::content(call, html);
    page_security::allow_static_page(response.headers_mut());
    Ok(response)
}

/// As [`page`], for a page that only its reader may see: no cache stores it, and no search engine lists it.
pub(crate) fn private_page(call: &Call, template: &str, shown: &impl Serialize) -> Answer {
    let mut response = page(call, template, shown)?;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
    Ok(response)
}

/// A problem as a page.
#[derive(Serialize)]
struct ProblemPage<'a> {
    title: &'a str,
    slug: &'a str,
    status: u16,
    sentence: String,
    errors: &'a [eventcore::Violation],
    request: &'a str,
}

/// The headers and the body of a problem as a page.
pub(crate) fn problem_page(
    public_url: &str,
    problem: &Problem,
    request: &str,
) -> Result<(HeaderMap, Vec<u8>), Error> {
    let status: StatusCode = problem.kind.status();
    let shown = ProblemPage {
        title: problem.kind.title(),
        slug: problem.kind.slug(),
        status: status.as_u16(),
        sentence: sentence(&problem.detail),
        errors: &problem.errors,
        request,
    };
    let html = templates::render("pages/error.html", &Framed { root: root(public_url), shown: &shown })?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    page_security::allow_static_page(&mut headers);
    Ok((headers, html.into_bytes()))
}

/// A message as a sentence.
pub(crate) fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(char::to_uppercase);
    let text: String = first.into_iter().flatten().chain(letters).collect();
    if text.ends_with(['.', '!', '?']) { text } else { text + "." }
}

/// Structured data of a page, for search engines.
pub(crate) type StructuredData = Value;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_the_path_of_the_public_url() {
        for (url, path) in [
            ("http://127.0.0.1:8080", ""),
            ("https://events.example.org/app", "/app"),
            ("https://events.example.org/a/b", "/a/b"),
            ("nonsense", ""),
        ] {
            assert_eq!(root(url), path, "{url}");
        }
    }

    #[test]
    fn messages_become_sentences() {
        assert_eq!(sentence("no such event"), "No such event.");
        assert_eq!(sentence("Is it?"), "Is it?");
        assert_eq!(sentence(""), ".");
    }
}

//! [`CalendarFetcher`]: who fetches calendars.

use std::pin::Pin;

use url::Url;

use crate::webhooks::{WebhookPolicy, normal_url};

/// What a server has said of a file, to ask later whether it has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`: the value of `If-None-Match`.
    pub etag: Option<String>,
    /// `Last-Modified`: the value of `If-Modified-Since`.
    pub last_modified: Option<String>,
}

/// A calendar to fetch by GET.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarRequest {
    /// Where from.
    pub url: String,
    /// Those of what is known already.
    pub validators: Validators,
    /// The largest file that is taken, in bytes.
    pub max_size: usize,
    /// Which addresses may be connected to.
    pub policy: WebhookPolicy,
}

/// What a server has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchedCalendar {
    /// Nothing has changed (304).
    NotModified,
    /// A file (200).
    File {
        /// Its content.
        bytes: Vec<u8>,
        /// What the server has said of it.
        validators: Validators,
    },
    /// The file is gone for good (410).
    Gone,
    /// Any other status.
    Refused(u16),
}

/// Why there was no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Too many calendars are being fetched from this server. It was not tried.
    #[error("too many calendars are being fetched from this server")]
    Busy,
    /// The server could not be reached, or did not answer with a file. A message for the user.
    #[error("{0}")]
    Failed(String),
}

impl CalendarRequest {
    /// This request at the target of a redirect: the value of its `Location`.
    ///
    /// # Errors
    /// If no calendar may be there, as for the URL of a subscription.
    pub fn redirected(&self, location: &str) -> Result<Self, FetchError> {
        let failed = |why: &str| FetchError::Failed(format!("a redirect leads to a URL that {why}"));
        let target = Url::parse(&self.url).and_then(|base| base.join(location));
        let mut target = target.map_err(|_| failed("is none"))?;
        target.set_fragment(None);
        let url = normal_url(target.as_str(), &self.policy).map_err(failed)?;
        Ok(Self { url, ..self.clone() })
    }
}

/// The future of a calendar that is fetched.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<FetchedCalendar, FetchError>> + Send + 'a>>;

/// Fetches calendars.
pub trait CalendarFetcher: Send + Sync {
    /// Fetches a calendar, for less than the time of a lease.
    ///
    /// It connects only to addresses that the policy of the request allows, also for redirects, of which it
    /// follows a few, and takes no more than the largest size.
    fn fetch<'a>(&'a self, request: &'a CalendarRequest) -> Fetching<'a>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_leads_only_where_a_subscription_may() {
        let request = CalendarRequest {
            url: "https://example.org/calendars/a.ics?b=c".to_owned(),
            validators: Validators::default(),
            max_size: 10,
            policy: WebhookPolicy::default(),
        };
        for (location, url) in [
            ("b.ics", "https://example.org/calendars/b.ics"),
            ("/b.ics#x", "https://example.org/b.ics"),
            ("//other.example/", "https://other.example/"),
            ("https://other.example:8443/b.ics", "https://other.example:8443/b.ics"),
        ] {
            assert_eq!(request.redirected(location).unwrap().url, url);
        }
        for location in [
            "http://other.example/",
            "https://127.0.0.1/",
            "https://[::ffff:169.254.169.254]/latest/meta-data",
            "https://ada:pw@other.example/",
            "https://other.example:25/",
            "file:///etc/passwd",
            "https://",
        ] {
            assert!(request.redirected(location).is_err(), "{location}");
        }
    }
}

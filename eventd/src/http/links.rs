//! Absolute links in responses: the library gives paths, and only the server knows its address.

use eventcore::Page;
use eventcore::events::{Event, Links, Occurrence};
use eventcore::registrations::{CheckIn, MyRegistration, Registration};

/// Responses with links of this server.
pub(crate) trait Linked: Sized {
    /// Prefixes the paths of this server with its address, which has no trailing slash.
    fn link(&mut self, base: &str);

    /// This response with absolute links.
    fn linked(mut self, base: &str) -> Self {
        self.link(base);
        self
    }
}

/// The address below which this server serves calendar files.
pub(crate) fn files(base: &str) -> String {
    format!("{base}/api/v1")
}

impl Linked for Links {
    fn link(&mut self, base: &str) {
        self.make_absolute(base, &files(base));
    }
}

impl Linked for Occurrence {
    fn link(&mut self, base: &str) {
        self.links.link(base);
    }
}

impl Linked for Event {
    fn link(&mut self, base: &str) {
        self.links.link(base);
        if let Some(next) = &mut self.next_occurrence {
            next.link(base);
        }
    }
}

impl Linked for Registration {
    fn link(&mut self, base: &str) {
        if let Some(page) = &mut self.links.page {
            page.insert_str(0, base);
        }
    }
}

impl Linked for CheckIn {
    fn link(&mut self, base: &str) {
        self.registration.link(base);
    }
}

impl Linked for MyRegistration {
    fn link(&mut self, base: &str) {
        self.registration.link(base);
        if let Some(occurrence) = &mut self.occurrence {
            occurrence.link(base);
        }
    }
}

impl<T: Linked> Linked for Page<T> {
    fn link(&mut self, base: &str) {
        self.items.iter_mut().for_each(|item| item.link(base));
    }
}

//! The resources below `/dav/` and their addresses.

use eventcore::EventId;
use eventcore::accounts::CalendarOwner;
use eventcore::calendars::CalendarKind;
use percent_encoding::percent_decode_str;
use url::Url;

/// The templates of all paths.
pub(super) const PATHS: [&str; 6] = [
    "/dav",
    "/dav/principals",
    "/dav/principals/{user}",
    "/dav/calendars/{user}",
    "/dav/calendars/{user}/{calendar}",
    "/dav/calendars/{user}/{calendar}/{member}",
];

/// A resource of the user who is signed in: nobody sees those of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    /// Where clients begin.
    Root,
    /// The collection of principals: the user alone.
    Principals,
    /// The user (RFC 3744, 2).
    Principal,
    /// The collection of the calendars of the user (RFC 4791, 6.2.1).
    Home,
    Calendar(CalendarKind),
    Member(CalendarKind, EventId),
}

impl Resource {
    /// The resource at a path, which is percent-encoded. `None` if there can be none for this user.
    pub(super) fn at(path: &str, owner: &CalendarOwner) -> Option<Self> {
        let path = percent_decode_str(path).decode_utf8().ok()?;
        let is_owner = |user: &str| user.eq_ignore_ascii_case(&owner.username);
        let segments: Vec<&str> = path.strip_prefix("/dav")?.trim_matches('/').split('/').collect();
        match segments.as_slice() {
            [""] => Some(Self::Root),
            ["principals"] => Some(Self::Principals),
            ["principals", user] if is_owner(user) => Some(Self::Principal),
            ["calendars", user] if is_owner(user) => Some(Self::Home),
            ["calendars", user, calendar] if is_owner(user) => Some(Self::Calendar(calendar.parse().ok()?)),
            ["calendars", user, calendar, member] if is_owner(user) => {
                Some(Self::Member(calendar.parse().ok()?, member.strip_suffix(".ics")?.parse().ok()?))
            }
            _ => None,
        }
    }

    /// Whether it has members.
    pub(super) const fn is_collection(self) -> bool {
        !matches!(self, Self::Principal | Self::Member(..))
    }
}

/// The addresses of the resources of a user.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    /// The path of the public URL, without a trailing slash: that of this server behind a proxy.
    prefix: String,
    username: String,
}

impl Addresses {
    pub(super) fn new(public_url: &str, owner: &CalendarOwner) -> Self {
        let prefix = Url::parse(public_url).map(|url| url.path().trim_end_matches('/').to_owned());
        Self { prefix: prefix.unwrap_or_default(), username: owner.username.clone() }
    }

    /// The path of a resource, as clients see it. It needs no escaping.
    pub(super) fn href(&self, resource: Resource) -> String {
        let Self { prefix, username } = self;
        match resource {
            Resource::Root => format!("{prefix}/dav/"),
            Resource::Principals => format!("{prefix}/dav/principals/"),
            Resource::Principal => format!("{prefix}/dav/principals/{username}/"),
            Resource::Home => format!("{prefix}/dav/calendars/{username}/"),
            Resource::Calendar(kind) => format!("{prefix}/dav/calendars/{username}/{kind}/"),
            Resource::Member(kind, event) => format!("{prefix}/dav/calendars/{username}/{kind}/{event}.ics"),
        }
    }

    /// The path within this server that a client means: by an absolute URL of any name of this server, or by
    /// a path.
    pub(super) fn path(&self, href: &str) -> Option<String> {
        let href = href.trim();
        let path = match Url::parse(href) {
            Ok(url) => url.path().to_owned(),
            Err(_) => href.split(['?', '#']).next().unwrap_or_default().to_owned(),
        };
        path.strip_prefix(self.prefix.as_str()).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> CalendarOwner {
        let id = uuid::Uuid::nil().into();
        CalendarOwner { id, username: "ada.l".to_owned(), display_name: "Ada".to_owned(), email: None }
    }

    #[test]
    fn a_resource_is_found_at_its_address() {
        let addresses = Addresses { prefix: "/events".to_owned(), username: "ada.l".to_owned() };
        let event: EventId = uuid::Uuid::from_u128(7).into();
        for resource in [
            Resource::Root,
            Resource::Principals,
            Resource::Principal,
            Resource::Home,
            Resource::Calendar(CalendarKind::Attending),
            Resource::Member(CalendarKind::Organizing, event),
        ] {
            let href = addresses.href(resource);
            assert!(href.starts_with("/events/dav/"), "{href}");
            let path = addresses.path(&format!("https://example.org{href}")).unwrap();
            assert_eq!(Some(&path), addresses.path(&href).as_ref());
            assert_eq!(Resource::at(&path, &ada()), Some(resource));
            assert_eq!(Resource::at(path.trim_end_matches('/'), &ada()), Some(resource));
        }
    }

    #[test]
    fn nothing_is_found_elsewhere() {
        for path in [
            "/dav/principals/bob",
            "/dav/calendars/bob/attending",
            "/dav/calendars/ada.l/holidays",
            "/dav/calendars/ada.l/attending/x.ics",
            "/dav/calendars/ada.l/attending/00000000-0000-0000-0000-000000000007",
            "/davx",
            "/api",
            "/dav/%ff",
        ] {
            assert_eq!(Resource::at(path, &ada()), None, "{path}");
        }
        let encoded = Resource::at("/dav/calendars/%61da%2el/attending/", &ada());
        assert_eq!(encoded, Some(Resource::Calendar(CalendarKind::Attending)));
    }
}

//! The properties of resources (RFC 4918, 15; RFC 3744, 5; RFC 4791, 5 and 6; RFC 5397; RFC 6578).

use eventcore::accounts::CalendarOwner;
use eventcore::calendars::CalendarKind;
use uuid::Uuid;

use super::address::{Addresses, Resource};
use super::xml::{CALDAV, CALENDAR_SERVER, DAV, Element, XmlName, escaped};
use crate::http::problem::Problem;
use crate::http::problem_kind::Kind;

/// The media type of the files in calendars.
pub(super) const CALENDAR_FILE: &str = "text/calendar; charset=utf-8; component=VEVENT";

/// All properties that are known. The first ones are told to clients that ask for all (RFC 4918, 9.1).
static KNOWN: [XmlName; 22] = [
    XmlName::new(DAV, "resourcetype"),
    XmlName::new(DAV, "displayname"),
    XmlName::new(DAV, "getetag"),
    XmlName::new(DAV, "getcontenttype"),
    XmlName::new(DAV, "current-user-principal"),
    XmlName::new(DAV, "current-user-privilege-set"),
    XmlName::new(DAV, "owner"),
    XmlName::new(DAV, "principal-collection-set"),
    XmlName::new(DAV, "principal-URL"),
    XmlName::new(DAV, "alternate-URI-set"),
    XmlName::new(DAV, "group-membership"),
    XmlName::new(DAV, "supported-report-set"),
    XmlName::new(DAV, "sync-token"),
    XmlName::new(CALDAV, "calendar-home-set"),
    XmlName::new(CALDAV, "calendar-user-address-set"),
    XmlName::new(CALDAV, "calendar-user-type"),
    XmlName::new(CALDAV, "calendar-description"),
    XmlName::new(CALDAV, "supported-calendar-component-set"),
    XmlName::new(CALDAV, "supported-calendar-data"),
    XmlName::new(CALDAV, "supported-collation-set"),
    XmlName::new(CALDAV, "calendar-data"),
    XmlName::new(CALENDAR_SERVER, "getctag"),
];
/// How many of the known properties are told to clients that ask for all.
const FOR_ALL: usize = 4;

/// The properties that a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// `allprop`, with more that it includes.
    All(Vec<XmlName>),
    /// `propname`: the names alone.
    Names,
    /// `prop`.
    These(Vec<XmlName>),
}

/// A resource with what its properties need.
#[derive(Debug, Clone, Copy)]
pub(super) struct Described<'a> {
    pub(super) resource: Resource,
    /// The tag of a member.
    pub(super) tag: Option<u64>,
    /// The token of a calendar.
    pub(super) token: Option<Uuid>,
    /// The file of a member.
    pub(super) data: Option<&'a str>,
}

/// What the properties of all resources need.
#[derive(Debug, Clone)]
pub(super) struct Describer {
    pub(super) owner: CalendarOwner,
    pub(super) addresses: Addresses,
    pub(super) wanted: Wanted,
    /// Whether properties that a resource does not have are left out (RFC 8144, 2.1).
    pub(super) is_minimal: bool,
}

impl Wanted {
    /// What the root of a request asks for: `prop`, `allprop` or `propname`.
    pub(super) fn of(root: &Element) -> Result<Self, Problem> {
        if let Some(prop) = root.child(DAV, "prop") {
            return Ok(Self::These(unique(prop.children.iter().map(|child| child.name.clone()))));
        }
        if root.child(DAV, "propname").is_some() {
            return Ok(Self::Names);
        }
        if root.child(DAV, "allprop").is_some() {
            let included = root.child(DAV, "include").map_or(&[][..], |include| include.children.as_slice());
            return Ok(Self::All(unique(included.iter().map(|child| child.name.clone()))));
        }
        Err(Problem::new(Kind::InvalidInput, "the body must have one of prop, propname and allprop"))
    }

    /// Whether a property is asked for by its name.
    pub(super) fn names(&self, namespace: &str, local: &str) -> bool {
        match self {
            Self::All(names) | Self::These(names) => names.iter().any(|name| name.is(namespace, local)),
            Self::Names => false,
        }
    }

    /// Whether what is asked for needs the token of a calendar.
    pub(super) fn needs_token(&self) -> bool {
        *self == Self::Names || self.names(DAV, "sync-token") || self.names(CALENDAR_SERVER, "getctag")
    }
}

/// Names without repetitions, in their order.
fn unique(names: impl Iterator<Item = XmlName>) -> Vec<XmlName> {
    let mut seen = std::collections::HashSet::new();
    names.filter(|name| seen.insert(name.clone())).collect()
}

impl Describer {
    /// The `response` of a resource, with the properties that are asked for.
    pub(super) fn response(&self, described: &Described<'_>) -> String {
        let mut found = String::new();
        let mut missing = String::new();
        match &self.wanted {
            Wanted::Names => {
                for name in &KNOWN {
                    if self.value(described, name).is_some() {
                        found += &empty_element(name);
                    }
                }
            }
            Wanted::All(included) => {
                for name in KNOWN[..FOR_ALL].iter().chain(included) {
                    if let Some(value) = self.value(described, name) {
                        found += &element(name, &value);
                    }
                }
            }
            Wanted::These(names) => {
                for name in names {
                    match self.value(described, name) {
                        Some(value) => found += &element(name, &value),
                        None if self.is_minimal => {}
                        None => missing += &empty_element(name),
                    }
                }
            }
        }
        let href = self.addresses.href(described.resource);
        let mut response = format!("<D:response><D:href>{}</D:href>", escaped(&href));
        // A response has one part at least.
        if !found.is_empty() || missing.is_empty() {
            response += &propstat(&found, "200 OK");
        }
        if !missing.is_empty() {
            response += &propstat(&missing, "404 Not Found");
        }
        response + "</D:response>\n"
    }

    /// The content of a property; `None` if the resource does not have it.
    fn value(&self, described: &Described<'_>, name: &XmlName) -> Option<String> {
        let resource = described.resource;
        match &*name.namespace {
            DAV => self.dav_value(described, &name.local),
            CALDAV => match (&*name.local, resource) {
                ("calendar-home-set", Resource::Principal) => Some(self.link(Resource::Home)),
                ("calendar-user-address-set", Resource::Principal) => {
                    let mail = self.owner.email.as_ref().map_or(String::new(), |email| {
                        format!("<D:href preferred=\"1\">mailto:{}</D:href>", escaped(email))
                    });
                    Some(mail + &self.link(Resource::Principal))
                }
                ("calendar-user-type", Resource::Principal) => Some("INDIVIDUAL".to_owned()),
                ("calendar-description", Resource::Calendar(kind)) => Some(description(kind).to_owned()),
                ("supported-calendar-component-set", Resource::Calendar(_)) => {
                    Some("<C:comp name=\"VEVENT\"/>".to_owned())
                }
                ("supported-calendar-data", Resource::Calendar(_)) => {
                    Some("<C:calendar-data content-type=\"text/calendar\" version=\"2.0\"/>".to_owned())
                }
                ("supported-collation-set", Resource::Calendar(_)) => Some(
                    "<C:supported-collation>i;ascii-casemap</C:supported-collation>\
                     <C:supported-collation>i;octet</C:supported-collation>"
                        .to_owned(),
                ),
                ("calendar-data", Resource::Member(..)) => described.data.map(escaped),
                _ => None,
            },
            CALENDAR_SERVER if name.local == "getctag" => Some(token_uri(described.token?)),
            _ => None,
        }
    }

    fn dav_value(&self, described: &Described<'_>, local: &str) -> Option<String> {
        let resource = described.resource;
        match (local, resource) {
            ("resourcetype", _) => Some(resource_type(resource).to_owned()),
            ("displayname", Resource::Principal) => Some(escaped(&self.owner.display_name)),
            ("displayname", Resource::Calendar(kind)) => Some(kind.title().to_owned()),
            ("displayname", Resource::Home) => Some("Calendars".to_owned()),
            ("displayname", Resource::Root) => Some("Events".to_owned()),
            ("getetag", Resource::Member(..)) => described.tag.map(|tag| escaped(&etag(tag))),
            ("getcontenttype", Resource::Member(..)) => Some(CALENDAR_FILE.to_owned()),
            ("current-user-privilege-set", _) => Some(
                "<D:privilege><D:read/></D:privilege>\
                 <D:privilege><D:read-current-user-privilege-set/></D:privilege>"
                    .to_owned(),
            ),
            ("current-user-principal", _)
            | ("owner", Resource::Home | Resource::Calendar(_) | Resource::Member(..))
            | ("principal-URL", Resource::Principal) => Some(self.link(Resource::Principal)),
            ("principal-collection-set", _) => Some(self.link(Resource::Principals)),
            ("supported-report-set", Resource::Calendar(_)) => Some(
                ["<C:calendar-query/>", "<C:calendar-multiget/>", "<D:sync-collection/>"]
                    .map(|report| {
                        format!("<D:supported-report><D:report>{report}</D:report></D:supported-report>")
                    })
                    .concat(),
            ),
            ("supported-report-set", _) | ("alternate-URI-set" | "group-membership", Resource::Principal) => {
                Some(String::new())
            }
            ("sync-token", Resource::Calendar(_)) => Some(token_uri(described.token?)),
            _ => None,
        }
    }

    fn link(&self, resource: Resource) -> String {
        format!("<D:href>{}</D:href>", escaped(&self.addresses.href(resource)))
    }
}

const fn resource_type(resource: Resource) -> &'static str {
    match resource {
        Resource::Root | Resource::Principals | Resource::Home => "<D:collection/>",
        Resource::Principal => "<D:principal/>",
        Resource::Calendar(_) => "<D:collection/><C:calendar/>",
        Resource::Member(..) => "",
    }
}

const fn description(kind: CalendarKind) -> &'static str {
    match kind {
        CalendarKind::Attending => "What you attend or wait for",
        CalendarKind::Organizing => "What you organize",
    }
}

/// The entity tag of a member.
pub(super) fn etag(tag: u64) -> String {
    format!("\"{tag:016x}\"")
}

/// A token as a URI, as RFC 6578, 4 wants it.
pub(super) fn token_uri(token: Uuid) -> String {
    token.urn().to_string()
}

/// The prefix that responses declare for a namespace.
fn prefix(namespace: &str) -> Option<&'static str> {
    match namespace {
        DAV => Some("D"),
        CALDAV => Some("C"),
        CALENDAR_SERVER => Some("CS"),
        _ => None,
    }
}

fn element(name: &XmlName, content: &str) -> String {
    if content.is_empty() {
        return empty_element(name);
    }
    match prefix(&name.namespace) {
        Some(prefix) => format!("<{prefix}:{local}>{content}</{prefix}:{local}>", local = name.local),
        None => {
            let (namespace, local) = (escaped(&name.namespace), &name.local);
            format!("<{local} xmlns=\"{namespace}\">{content}</{local}>")
        }
    }
}

fn empty_element(name: &XmlName) -> String {
    match prefix(&name.namespace) {
        Some(prefix) => format!("<{prefix}:{}/>", name.local),
        None => format!("<{} xmlns=\"{}\"/>", name.local, escaped(&name.namespace)),
    }
}

fn propstat(properties: &str, status: &str) -> String {
    format!("<D:propstat><D:prop>{properties}</D:prop><D:status>HTTP/1.1 {status}</D:status></D:propstat>")
}

//! REPORT (RFC 3253, 3.6): a query, some files by their addresses, and what has changed.

use std::collections::HashSet;

use eventcore::calendars::{CalendarCollection, CalendarKind, CalendarMember, CalendarPeriod};
use eventcore::{Error, EventId};
use uuid::Uuid;

use super::address::Resource;
use super::properties::{Described, Describer, Wanted, token_uri};
use super::propfind::Depth;
use super::refusal::{precondition, unknown_report};
use super::xml::{CALDAV, DAV, Element};
use super::{filter, multistatus};
use crate::http::call::{Answer, Call};
use crate::http::problem::Problem;
use crate::http::problem_kind::Kind;

/// The number of files that are in memory at once.
const FILES_AT_ONCE: usize = 100;

/// What the body of a `sync-collection` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SyncRequest {
    /// Without it, all members are new.
    since: Option<Uuid>,
    /// The greatest number of members that the client takes.
    limit: Option<usize>,
}

/// What a report tells.
struct Report {
    describer: Describer,
    collection: CalendarCollection,
    members: Vec<CalendarMember>,
    /// The period whose occurrences files have in place of their series.
    expanded: Option<CalendarPeriod>,
    /// What comes after the members.
    rest: String,
}

pub(super) async fn answer(call: &Call, resource: Resource, root: &Element, describer: Describer) -> Answer {
    let Resource::Calendar(kind) = resource else { return Err(unknown_report()) };
    let report = if root.name.is(CALDAV, "calendar-query") {
        query(call, kind, root, describer).await?
    } else if root.name.is(CALDAV, "calendar-multiget") {
        multiget(call, kind, root, describer).await?
    } else if root.name.is(DAV, "sync-collection") {
        changes(call, kind, root, describer).await?
    } else {
        return Err(unknown_report());
    };
    report.send().await
}

/// What a report asks for: a body without properties asks for none.
pub(super) fn wanted(root: &Element) -> Result<Wanted, Problem> {
    let is_given = ["prop", "propname", "allprop"].iter().any(|name| root.child(DAV, name).is_some());
    let wanted = if is_given { Wanted::of(root)? } else { Wanted::These(Vec::new()) };
    let data = root.child(DAV, "prop").and_then(|prop| prop.child(CALDAV, "calendar-data"));
    let is_other = |attribute: &str, expected: &str| {
        data.and_then(|data| data.attribute(attribute))
            .is_some_and(|value| !value.eq_ignore_ascii_case(expected))
    };
    if is_other("content-type", "text/calendar") || is_other("version", "2.0") {
        let detail = "calendar-data is text/calendar of version 2.0";
        return Err(precondition("<C:supported-calendar-data/>", detail));
    }
    Ok(wanted)
}

/// The period of which a report wants each occurrence by itself.
pub(super) fn expanded(root: &Element) -> Result<Option<CalendarPeriod>, Problem> {
    let data = root.child(DAV, "prop").and_then(|prop| prop.child(CALDAV, "calendar-data"));
    data.and_then(|data| data.child(CALDAV, "expand")).map(filter::period).transpose()
}

/// RFC 4791, 7.8.
async fn query(
    call: &Call,
    kind: CalendarKind,
    root: &Element,
    describer: Describer,
) -> Result<Report, Problem> {
    let Some(filter) = root.child(CALDAV, "filter") else {
        return Err(precondition("<C:valid-filter/>", "a calendar-query must have a filter"));
    };
    let filter = filter::parse(filter)?;
    let collection = call.core.calendar_collection(&describer.owner, kind).await?;
    // Clients mean the members, also those that leave the header out.
    let members = match Depth::of(call)? {
        Some(Depth::Zero) => Vec::new(),
        None | Some(Depth::One | Depth::Infinity) => collection.matching(&filter).await?,
    };
    let expanded = expanded(root)?;
    Ok(Report { describer, collection, members, expanded, rest: String::new() })
}

/// RFC 4791, 7.9.
async fn multiget(
    call: &Call,
    kind: CalendarKind,
    root: &Element,
    describer: Describer,
) -> Result<Report, Problem> {
    let collection = call.core.calendar_collection(&describer.owner, kind).await?;
    let (mut members, mut rest) = (Vec::new(), String::new());
    // An event may be asked for by several addresses.
    let (mut seen, mut events) = (HashSet::new(), HashSet::new());
    for href in root.children(DAV, "href").map(|href| href.text.trim()) {
        if !seen.insert(href) {
            continue;
        }
        let path = describer.addresses.path(href);
        let resource = path.and_then(|path| Resource::at(&path, &describer.owner));
        let found = match resource {
            Some(Resource::Member(of, event)) if of == kind => collection.member(event),
            _ => None,
        };
        match found {
            Some(member) if events.insert(member.event) => members.push(member),
            Some(_) => {}
            None => rest += &multistatus::missing(href),
        }
    }
    Ok(Report { describer, collection, members, expanded: expanded(root)?, rest })
}

/// RFC 6578, 3.2.
async fn changes(
    call: &Call,
    kind: CalendarKind,
    root: &Element,
    describer: Describer,
) -> Result<Report, Problem> {
    let SyncRequest { since, limit } = SyncRequest::of(root)?;
    let told =
        call.core.calendar_changes(&describer.owner, kind, since, limit).await?.ok_or_else(token_unknown)?;
    let mut rest = String::new();
    let addresses = &describer.addresses;
    for event in &told.removed {
        rest += &multistatus::missing(&addresses.href(Resource::Member(kind, *event)));
    }
    if told.is_truncated {
        rest += &multistatus::truncated(&addresses.href(Resource::Calendar(kind)));
    }
    rest += &multistatus::token(&token_uri(told.token));
    let (collection, members) = (told.collection, told.changed);
    Ok(Report { describer, collection, members, expanded: None, rest })
}

/// The refusal of a token that is not one, or not known any more.
fn token_unknown() -> Problem {
    let detail = "the token is too old, or of another calendar: ask without one";
    precondition("<D:valid-sync-token/>", detail)
}

impl SyncRequest {
    pub(super) fn of(root: &Element) -> Result<Self, Problem> {
        let token = root.child(DAV, "sync-token").map_or("", |token| token.text.trim());
        let since = match token {
            "" => None,
            uri => {
                let id = uri.strip_prefix("urn:uuid:").and_then(|id| id.parse::<Uuid>().ok());
                Some(id.ok_or_else(token_unknown)?)
            }
        };
        let limit = match root.child(DAV, "limit").and_then(|limit| limit.child(DAV, "nresults")) {
            None => None,
            Some(limit) => match limit.text.trim().parse::<usize>() {
                Ok(limit) if limit > 0 => Some(limit),
                _ => return Err(Problem::new(Kind::InvalidInput, "nresults must be a number from 1 on")),
            },
        };
        Ok(Self { since, limit })
    }
}

impl Report {
    /// Sends the report in parts if it has files, so that they are not all in memory.
    async fn send(self) -> Answer {
        if !self.describer.wanted.names(CALDAV, "calendar-data") {
            let members = self.members.iter().map(|member| self.response(*member, None));
            return Ok(multistatus::whole(&(members.collect::<String>() + &self.rest)));
        }
        // The first part is made before the status is sent, so that a database that is away is told.
        let first = multistatus::begin() + &self.part(0).await?;
        let (sender, receiver) = tokio::sync::mpsc::channel(1);
        tokio::spawn(async move {
            let mut part: Result<String, Error> = Ok(first);
            let mut next = FILES_AT_ONCE;
            loop {
                let failed = part.is_err();
                // The client has gone if nobody receives.
                if sender.send(part).await.is_err() || failed {
                    return;
                }
                if next >= self.members.len() {
                    break;
                }
                part = self.part(next).await;
                next += FILES_AT_ONCE;
            }
            // As above.
            drop(sender.send(Ok(self.rest + multistatus::END)).await);
        });
        Ok(multistatus::streamed(receiver))
    }

    /// The responses of some members from a position on. One whose event was deleted meanwhile is missing.
    async fn part(&self, first: usize) -> Result<String, Error> {
        let later = self.members.get(first..).unwrap_or_default();
        let some = &later[..later.len().min(FILES_AT_ONCE)];
        let files = self.collection.files(some, self.expanded).await?;
        let mut found = files.iter().peekable();
        let mut responses = String::new();
        for member in some {
            match found.next_if(|(of, _)| of == member) {
                Some((_, file)) => responses += &self.response(*member, Some(&file.text)),
                None => responses += &multistatus::missing(&self.href(member.event)),
            }
        }
        Ok(responses)
    }

    fn response(&self, member: CalendarMember, data: Option<&str>) -> String {
        self.describer.response(&Described {
            resource: Resource::Member(self.collection.kind(), member.event),
            tag: Some(member.tag),
            token: None,
            data,
        })
    }

    fn href(&self, event: EventId) -> String {
        self.describer.addresses.href(Resource::Member(self.collection.kind(), event))
    }
}

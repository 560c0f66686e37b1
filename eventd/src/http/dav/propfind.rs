//! PROPFIND (RFC 4918, 9.1): the properties of a resource, and of its members.

use eventcore::EventCore;
use eventcore::calendars::{CalendarCollection, CalendarKind};
use uuid::Uuid;

use super::address::Resource;
use super::multistatus;
use super::properties::{Described, Describer, Wanted};
use super::refusal::precondition;
use super::xml::{DAV, Element};
use crate::http::call::{Answer, Call};
use crate::http::problem::Problem;
use crate::http::problem_kind::Kind;

/// How far a request reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    Zero,
    One,
    Infinity,
}

impl Depth {
    /// `None` without the header.
    pub(super) fn of(call: &Call) -> Result<Option<Self>, Problem> {
        match call.headers.get("depth").map(http::HeaderValue::as_bytes) {
            None => Ok(None),
            Some(b"0") => Ok(Some(Self::Zero)),
            Some(b"1") => Ok(Some(Self::One)),
            Some(depth) if depth.eq_ignore_ascii_case(b"infinity") => Ok(Some(Self::Infinity)),
            Some(_) => Err(Problem::new(Kind::InvalidInput, "Depth must be 0, 1 or infinity")),
        }
    }
}

pub(super) async fn answer(call: &Call, resource: Resource, describer: &Describer) -> Answer {
    // Without the header it is infinite (RFC 4918, 9.1), which a server may refuse.
    let depth = Depth::of(call)?.unwrap_or(Depth::Infinity);
    if depth == Depth::Infinity && resource.is_collection() {
        return Err(precondition("<D:propfind-finite-depth/>", "send the header Depth with 0 or 1"));
    }
    let is_deep = depth != Depth::Zero;
    let core = &call.core;
    let plain = |resource| describer.response(&Described { resource, tag: None, token: None, data: None });
    let mut body = String::new();
    match resource {
        Resource::Root => {
            body += &plain(resource);
            if is_deep {
                body += &[Resource::Principals, Resource::Home].map(plain).concat();
            }
        }
        Resource::Principals => {
            body += &plain(resource);
            if is_deep {
                body += &plain(Resource::Principal);
            }
        }
        Resource::Principal => body += &plain(resource),
        Resource::Home => {
            body += &plain(resource);
            for kind in CalendarKind::ALL.iter().copied().filter(|_| is_deep) {
                let token = if describer.wanted.needs_token() {
                    Some(token(core, &core.calendar_collection(&describer.owner, kind).await?).await?)
                } else {
                    None
                };
                body += &of_calendar(describer, kind, token);
            }
        }
        Resource::Calendar(kind) => {
            let needs_token = describer.wanted.needs_token();
            if !is_deep && !needs_token {
                body += &of_calendar(describer, kind, None);
            } else {
                let collection = core.calendar_collection(&describer.owner, kind).await?;
                let token = if needs_token { Some(token(core, &collection).await?) } else { None };
                body += &of_calendar(describer, kind, token);
                for member in collection.members().iter().filter(|_| is_deep) {
                    body += &describer.response(&Described {
                        resource: Resource::Member(kind, member.event),
                        tag: Some(member.tag),
                        token: None,
                        data: None,
                    });
                }
            }
        }
        Resource::Member(kind, event) => {
            let collection = core.calendar_collection(&describer.owner, kind).await?;
            let member = collection.member(event).ok_or_else(not_found)?;
            let tag = Some(member.tag);
            body += &describer.response(&Described { resource, tag, token: None, data: None });
        }
    }
    Ok(multistatus::whole(&body))
}

fn of_calendar(describer: &Describer, kind: CalendarKind, token: Option<Uuid>) -> String {
    let resource = Resource::Calendar(kind);
    describer.response(&Described { resource, tag: None, token, data: None })
}

async fn token(core: &EventCore, collection: &CalendarCollection) -> Result<Uuid, Problem> {
    Ok(core.calendar_token(collection).await?)
}

pub(super) fn not_found() -> Problem {
    Problem::new(Kind::NotFound, "no such calendar or file")
}

/// What a body asks for.
pub(super) fn wanted(root: &Element) -> Result<Wanted, Problem> {
    if root.name.is(DAV, "propfind") {
        Wanted::of(root)
    } else {
        Err(Problem::new(Kind::InvalidInput, "the body must be a propfind element of the namespace DAV:"))
    }
}

//! Refusals that name the precondition that is not met (RFC 4918, 16; RFC 3744, 7.1.1).

use http::Method;

use super::address::{Addresses, Resource};
use super::xml::escaped;
use crate::http::problem::Problem;
use crate::http::problem_kind::Kind;

/// `403` with the element of a precondition, as XML with the prefixes `D` and `C`.
pub(super) fn precondition(element: &str, detail: impl Into<String>) -> Problem {
    let mut problem = Problem::new(Kind::Forbidden, detail);
    problem.dav_error = Some(element.into());
    problem
}

/// The refusal of a method that changes something: the user lacks the privilege for it.
pub(super) fn read_only(method: &Method, resource: Resource, addresses: &Addresses) -> Problem {
    let privilege = match method.as_str() {
        "PROPPATCH" => "write-properties",
        "MKCALENDAR" | "MKCOL" => "bind",
        "DELETE" | "MOVE" => "unbind",
        "ACL" => "write-acl",
        _ => "write-content",
    };
    let href = escaped(&addresses.href(resource));
    let element = format!(
        "<D:need-privileges><D:resource><D:href>{href}</D:href><D:privilege><D:{privilege}/></D:privilege>\
         </D:resource></D:need-privileges>"
    );
    precondition(
        &element,
        "calendars are read-only over CalDAV: register and organize in a client or over the API",
    )
}

/// The refusal of a report that a resource does not have.
pub(super) fn unknown_report() -> Problem {
    let detail = "this resource does not have this report: see its property supported-report-set";
    precondition("<D:supported-report/>", detail)
}

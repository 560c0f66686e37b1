//! CalDAV, read-only (RFC 4791): the calendars of a user for programs that follow them.
//!
//! - [`address`] has the resources: the root, the user as a principal, the collection of their calendars, the
//!   calendars, and a file for each event in them;
//! - [`properties`] has what PROPFIND tells of them, [`report`] the queries and the changes since a token;
//! - [`xml`] reads the bodies of requests, within bounds; [`filter`] reads what queries ask for;
//! - [`refusal`] has the errors that name a precondition.
//!
//! These routes are not in the OpenAPI document, which has no methods but those of HTTP itself: their
//! contract is that of the RFCs.

mod address;
#[cfg(any(test, fuzzing))]
mod body_check;
#[cfg(test)]
mod damaged_bodies_tests;
mod filter;
mod multistatus;
mod properties;
mod propfind;
mod refusal;
mod report;
mod xml;

#[cfg(fuzzing)]
pub(crate) use body_check::check_body;
use eventcore::accounts::CalendarOwner;
use http::{HeaderValue, Method, StatusCode, header};
use warp::reply::Response;

use super::call::{Answer, Call};
use super::etag;
use super::reply;
use super::route::{DavMethod, Route};
use address::{Addresses, PATHS, Resource};
use properties::{CALENDAR_FILE, Describer, Wanted};
use xml::Element;

/// Where clients that know the host alone begin (RFC 6764).
const WELL_KNOWN: &str = "/.well-known/caldav";
/// The value of `DAV`: the classes that the server complies with.
const COMPLIANCE: &str = "1, 3, access-control, calendar-access";
/// The value of `Allow`.
const ALLOW: &str = "OPTIONS, GET, HEAD, PROPFIND, REPORT";
/// The methods that resources have.
const METHODS: [&str; 4] = ["OPTIONS", "GET", "PROPFIND", "REPORT"];
/// The methods that change something: known, and refused.
const CHANGES: [&str; 11] =
    ["PUT", "DELETE", "POST", "PATCH", "PROPPATCH", "MKCALENDAR", "MKCOL", "COPY", "MOVE", "ACL", "BIND"];

/// The routes of all methods and paths.
pub(super) fn routes() -> Vec<Route> {
    let method = |name: &str| Method::from_bytes(name.as_bytes()).unwrap_or_default();
    let mut routes = Vec::new();
    for path in PATHS {
        for name in METHODS {
            let kind = if name == "OPTIONS" { DavMethod::Open } else { DavMethod::SignedIn };
            routes.push(Route::of_dav(path, method(name), kind, |call| Box::pin(answer(call))));
        }
        for name in CHANGES {
            routes.push(Route::of_dav(path, method(name), DavMethod::Refused, |call| Box::pin(answer(call))));
        }
    }
    for name in METHODS {
        routes.push(Route::of_dav(WELL_KNOWN, method(name), DavMethod::Open, |call| {
            Box::pin(std::future::ready(Ok(redirect(&call))))
        }));
    }
    routes
}

/// Whether a path is that of a resource, or leads to one.
pub(super) fn is_address(path: &str) -> bool {
    path == WELL_KNOWN || path == "/dav" || path.starts_with("/dav/")
}

/// Leads to the root. The client signs in there.
fn redirect(call: &Call) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    if let Ok(location) = HeaderValue::from_str(&format!("{}/dav/", call.public_url)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

async fn answer(call: Call) -> Answer {
    let mut response = respond(call).await?;
    response.headers_mut().insert("dav", HeaderValue::from_static(COMPLIANCE));
    Ok(response)
}

async fn respond(call: Call) -> Answer {
    let method = call.declaration.method.clone();
    if method == Method::OPTIONS {
        // Also of what may not be there: clients ask before they sign in.
        let mut response = Response::default();
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(ALLOW));
        return Ok(response);
    }
    let owner = call.calendar_owner().await?;
    let addresses = Addresses::new(&call.public_url, &owner);
    let resource = Resource::at(call.path(), &owner);
    if CHANGES.contains(&method.as_str()) {
        return Err(refusal::read_only(&method, resource.unwrap_or(Resource::Home), &addresses));
    }
    let resource = resource.ok_or_else(propfind::not_found)?;
    let describer = |wanted| {
        let is_minimal = call.headers.get("prefer").is_some_and(|prefer| {
            String::from_utf8_lossy(prefer.as_bytes()).to_ascii_lowercase().contains("return=minimal")
        });
        Describer { owner: owner.clone(), addresses: addresses.clone(), wanted, is_minimal }
    };
    match method.as_str() {
        "PROPFIND" => {
            let body = call.body();
            // Without a body, all properties (RFC 4918, 9.1).
            let wanted = if body.trim_ascii().is_empty() {
                Wanted::All(Vec::new())
            } else {
                propfind::wanted(&Element::parse(body)?)?
            };
            propfind::answer(&call, resource, &describer(wanted)).await
        }
        "REPORT" => {
            let root = Element::parse(call.body())?;
            let describer = describer(report::wanted(&root)?);
            report::answer(&call, resource, &root, describer).await
        }
        _ => file(&call, resource, &owner).await,
    }
}

/// GET: the file of a member. Collections have a word for people who open the address in a browser.
async fn file(call: &Call, resource: Resource, owner: &CalendarOwner) -> Answer {
    let Resource::Member(kind, event) = resource else {
        let text =
            "This is the address of your calendars. Give it to a calendar program that knows CalDAV.\n";
        return Ok(reply::content_of_type("text/plain; charset=utf-8", text));
    };
    let collection = call.core.calendar_collection(owner, kind).await?;
    let member = collection.member(event).ok_or_else(propfind::not_found)?;
    let tag = HeaderValue::from_str(&properties::etag(member.tag)).map_err(eventcore::Error::internal)?;
    if let Some(known) = etag::known(&call.headers, &tag) {
        return Ok(reply::not_modified(known));
    }
    let (_, file) = collection.files(&[member], None).await?.pop().ok_or_else(propfind::not_found)?;
    let mut response = reply::content_of_type(CALENDAR_FILE, file.text.clone());
    reply::set_version(&mut response, tag, Some(file.updated_at));
    // Its tag must be that which PROPFIND tells.
    reply::keep_uncompressed(&mut response);
    Ok(response)
}

//! A client of CalDAV: it writes its XML itself, and reads that of the server with a parser.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use quick_xml::NsReader;
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;
use serde_json::json;

use crate::client::{Answer, Client};
use crate::daemon::Daemon;

/// The namespaces of the bodies: `D`, `C` and `S`.
const NAMESPACES: &str =
    "xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\" xmlns:S=\"http://calendarserver.org/ns/\"";

/// A calendar program of one user.
pub struct DavClient {
    http: Client,
    /// The value of `Authorization`.
    authorization: String,
    /// The path of the user's calendars, with a slash at the end.
    pub home: String,
}

/// A response about a resource.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct DavResponse {
    /// Its own status, if it has no properties.
    pub status: Option<u16>,
    /// The properties that were found, by their local names: their texts, and the names of the elements in
    /// them in angle brackets.
    pub found: BTreeMap<String, String>,
    /// The properties that the resource does not have, as `namespace name`.
    pub missing: BTreeSet<String>,
}

/// A `207` response.
#[derive(Debug, Default)]
pub struct Multistatus {
    /// By the paths of the resources.
    pub responses: BTreeMap<String, DavResponse>,
    /// The token for the next request.
    pub token: Option<String>,
}

/// What has changed in a calendar.
#[derive(Debug)]
pub struct Synced {
    /// The files that are new or changed, by their paths: their tags.
    pub changed: BTreeMap<String, String>,
    /// The paths of files that have left.
    pub removed: Vec<String>,
    /// Whether there is more.
    pub is_truncated: bool,
    /// The token for the next request.
    pub token: String,
}

impl DavClient {
    /// A program to which a user of this name has given a token of the scope `calendar`.
    pub async fn of(daemon: &Daemon, user: &Client, name: &str) -> Self {
        let token =
            user.post("/tokens", json!({"name": "phone", "scope": "calendar"})).await.expect(201).json();
        let token = token["secret"].as_str().expect("a secret");
        Self::signed_in(daemon, name, token)
    }

    /// A program that signs in by any name and password.
    pub fn signed_in(daemon: &Daemon, name: &str, password: &str) -> Self {
        let credentials = STANDARD.encode(format!("{name}:{password}"));
        Self {
            http: daemon.anonymous(),
            authorization: format!("Basic {credentials}"),
            home: format!("/dav/calendars/{name}/"),
        }
    }

    /// This program with another value of `Authorization`.
    #[must_use]
    pub fn with_authorization(mut self, value: &str) -> Self {
        value.clone_into(&mut self.authorization);
        self
    }

    /// Any request, with more headers.
    pub async fn ask(&self, method: &str, path: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut all = vec![("authorization", self.authorization.as_str())];
        if !body.is_empty() {
            all.push(("content-type", "application/xml; charset=utf-8"));
        }
        all.extend(headers);
        self.http.raw(method, path, body.as_bytes().to_vec(), &all).await
    }

    /// PROPFIND with these properties, such as `<D:getetag/>`.
    pub async fn find(&self, path: &str, depth: &str, properties: &str) -> Multistatus {
        let body = format!("<D:propfind {NAMESPACES}><D:prop>{properties}</D:prop></D:propfind>");
        Multistatus::of(&self.ask("PROPFIND", path, &body, &[("depth", depth)]).await)
    }

    /// REPORT of a root element, such as `C:calendar-query`, with this content.
    pub async fn try_report(&self, path: &str, root: &str, content: &str) -> Answer {
        let body = format!("<?xml version=\"1.0\"?><{root} {NAMESPACES}>{content}</{root}>");
        self.ask("REPORT", path, &body, &[("depth", "1")]).await
    }

    /// As [`Self::try_report`], which succeeds.
    pub async fn report(&self, path: &str, root: &str, content: &str) -> Multistatus {
        Multistatus::of(&self.try_report(path, root, content).await)
    }

    /// The paths of a calendar's files that meet the filter of an event, with their texts.
    pub async fn query(&self, calendar: &str, filter: &str) -> BTreeMap<String, String> {
        let content = format!(
            "<D:prop><D:getetag/><C:calendar-data/></D:prop><C:filter><C:comp-filter name=\"VCALENDAR\">\
             <C:comp-filter name=\"VEVENT\">{filter}</C:comp-filter></C:comp-filter></C:filter>"
        );
        let told = self.report(&format!("{}{calendar}/", self.home), "C:calendar-query", &content).await;
        told.responses.into_iter().map(|(path, one)| (path, one.found["calendar-data"].clone())).collect()
    }

    /// What has changed in a calendar since a token; everything if it is empty.
    pub async fn sync(&self, calendar: &str, token: &str) -> Synced {
        self.sync_some(calendar, token, "").await
    }

    /// As [`Self::sync`], with more content, such as a limit.
    pub async fn sync_some(&self, calendar: &str, token: &str, more: &str) -> Synced {
        let path = format!("{}{calendar}/", self.home);
        let content = format!(
            "<D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>{more}\
             <D:prop><D:getetag/></D:prop>"
        );
        let told = self.report(&path, "D:sync-collection", &content).await;
        let mut synced = Synced {
            changed: BTreeMap::new(),
            removed: Vec::new(),
            is_truncated: false,
            token: told.token.expect("a token"),
        };
        for (href, one) in told.responses {
            match one.status {
                Some(404) => synced.removed.push(href),
                Some(507) if href == path => synced.is_truncated = true,
                None => drop(synced.changed.insert(href, one.found["getetag"].clone())),
                other => panic!("{href}: {other:?}"),
            }
        }
        synced
    }
}

impl Multistatus {
    /// Reads the response.
    pub fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 207, "{answer:?}");
        assert_eq!(answer.header("content-type"), "application/xml; charset=utf-8");
        let text = std::str::from_utf8(&answer.bytes).expect("UTF-8");
        let mut told = Self::default();
        let mut reading = Reading::default();
        let mut reader = NsReader::from_str(text);
        loop {
            let (namespace, event) = reader.read_resolved_event().expect("XML");
            let name = |local: &str| match namespace {
                ResolveResult::Bound(namespace) => format!("{} {local}", namespace.into_inner()),
                _ => format!(" {local}"),
            };
            match event {
                Event::Start(tag) => reading.open(&name(tag.local_name().into_inner())),
                Event::Empty(tag) => {
                    reading.open(&name(tag.local_name().into_inner()));
                    reading.close(&mut told);
                }
                Event::End(_) => reading.close(&mut told),
                Event::Text(text) => reading.text.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => reading.text.push(match &*reference {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    "apos" => '\'',
                    _ => reference.resolve_char_ref().expect("a number").expect("no entity of its own"),
                }),
                Event::Eof => break,
                _ => {}
            }
        }
        assert!(reading.path.is_empty(), "{text}");
        told
    }

    /// The only response.
    pub fn only(&self) -> &DavResponse {
        assert_eq!(self.responses.len(), 1, "{:?}", self.responses);
        self.responses.values().next().expect("a response")
    }
}

/// The state of the parser.
#[derive(Default)]
struct Reading {
    /// The elements that are open, as `namespace name`.
    path: Vec<String>,
    text: String,
    href: String,
    response: DavResponse,
    /// The properties of the open propstat: whole names and values.
    properties: Vec<(String, String)>,
}

impl Reading {
    fn open(&mut self, name: &str) {
        // Elements within a property are part of its value.
        if self.path.len() > 4 && self.path[3] == "DAV: prop" {
            self.text.extend(["<", name.rsplit(' ').next().unwrap_or_default(), ">"]);
        } else {
            self.text.clear();
        }
        self.path.push(name.to_owned());
    }

    fn close(&mut self, told: &mut Multistatus) {
        let names: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let status = || {
            let code = self.text.split(' ').nth(1).and_then(|code| code.parse::<u16>().ok());
            code.unwrap_or_else(|| panic!("{}", self.text))
        };
        match names.as_slice() {
            ["DAV: multistatus", "DAV: response", "DAV: href"] => self.href = self.text.trim().to_owned(),
            ["DAV: multistatus", "DAV: response", "DAV: status"] => self.response.status = Some(status()),
            ["DAV: multistatus", "DAV: response", "DAV: propstat", "DAV: prop", name] => {
                self.properties.push(((*name).to_owned(), std::mem::take(&mut self.text)));
            }
            ["DAV: multistatus", "DAV: response", "DAV: propstat", "DAV: status"] => {
                let code = status();
                for (name, value) in self.properties.drain(..) {
                    match code {
                        200 => {
                            let local = name.rsplit(' ').next().unwrap_or_default().to_owned();
                            self.response.found.insert(local, value);
                        }
                        404 => drop(self.response.missing.insert(name)),
                        other => panic!("{other}"),
                    }
                }
            }
            ["DAV: multistatus", "DAV: response"] => {
                let former = told.responses.insert(self.href.clone(), std::mem::take(&mut self.response));
                assert_eq!(former, None, "one response for {}", self.href);
            }
            ["DAV: multistatus", "DAV: sync-token"] => told.token = Some(self.text.trim().to_owned()),
            _ => {}
        }
        self.path.pop();
    }
}

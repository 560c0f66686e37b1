//! The test kit: databases of both kinds, the daemon and the terminal client as real processes, and builders
//! and operations for test scenarios.

// The futures of what a daemon needs to start are nested about as deep as the default allows.
#![recursion_limit = "256"]

mod calendar_source;
mod client;
mod daemon;
mod database;
mod dav;
mod event;
mod event_stream;
mod finished;
mod html;
mod http_receiver;
mod jwt;
mod mailbox;
mod page;
mod pgbouncer;
mod postgres;
mod qr;
mod random;
mod registrations;
mod smtp;
mod statement_log;
mod terminal;
mod waiting;
mod webhook_receiver;
mod wire;

pub use calendar_source::{CalendarServer, CalendarSource};
pub use client::{Answer, Client, ids_of, url_encoded};
pub use daemon::{Daemon, command, eventd_check, importer};
pub use database::{Kind, START, TestDb, at, id_of};
pub use dav::{DavClient, DavResponse, Multistatus, Synced};
pub use event::{EventBuilder, new_event, new_event_in_2031};
pub use event_stream::{EventStream, StreamEvent};
pub use finished::{Finished, finish};
pub use html::{harm, tries};
pub use http_receiver::{HttpReceiver, ReceivedRequest, Reply};
pub use jwt::sign_jwt;
pub use mailbox::{MailFile, Mailbox, mails_in};
pub use page::{Element, HtmlPage};
pub use pgbouncer::Pgbouncer;
pub use qr::{scanned, scanned_png};
pub use random::Random;
pub use registrations::refusal_code;
pub use smtp::{Fault, ReceivedMail, SmtpServer};
pub use statement_log::StatementLog;
pub use terminal::{Terminal, tui};
pub use waiting::{eventually, pause, wait_until};
pub use webhook_receiver::WebhookReceiver;
pub use wire::{Wire, WireResponse};

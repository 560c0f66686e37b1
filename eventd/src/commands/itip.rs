//! `eventd itip`.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use eventcore::calendars::{InvitationAnswer, InvitationReply, ReplyOutcome, read_replies};
use eventcore::registrations::RegistrationStatus;
use eventcore::{Actor, Error};
use mail_parser::{HeaderName, HeaderValue, MessageParser, MimeHeaders};

use crate::config::Config;
use crate::failure::Failure;
use crate::output::{print_line, report};

/// The largest mail that is read, in bytes.
const MAX_SIZE: u64 = 10 * 1024 * 1024;
/// What mail servers take for "try again later" (`EX_TEMPFAIL` of sysexits.h).
const TRY_AGAIN: u8 = 75;

/// Takes the answers to invitations in a mail, or in the iCalendar file of one. `-` is standard input.
pub(crate) async fn itip(config: &Config, file: &Path) -> Result<ExitCode, Failure> {
    let replies = replies(&read(file)?)?;
    let core = match super::open_existing(config).await {
        Ok(core) => core,
        Err(error) => return failed(error),
    };
    let mut outcome = Ok(ExitCode::SUCCESS);
    for reply in &replies {
        outcome = match core.answer_invitation(&Actor::System, reply).await {
            Ok(done) => tell(reply, done).map(|()| ExitCode::SUCCESS),
            Err(error) => failed(error),
        };
        if !matches!(&outcome, Ok(exit) if *exit == ExitCode::SUCCESS) {
            break;
        }
    }
    core.close().await;
    outcome
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let opened: std::io::Result<Box<dyn Read>> = if file == Path::new("-") {
        Ok(Box::new(std::io::stdin()))
    } else {
        std::fs::File::open(file).map(|file| Box::new(file) as Box<dyn Read>)
    };
    let read = opened.and_then(|input| input.take(MAX_SIZE + 1).read_to_end(&mut bytes));
    read.map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err("the mail is larger than 10 MiB".into());
    }
    Ok(bytes)
}

/// The answers. Those of a mail must be the sender's own: its reader may have forwarded the invitation.
fn replies(bytes: &[u8]) -> Result<Vec<InvitationReply>, Failure> {
    let text = String::from_utf8_lossy(bytes);
    if text.trim_start_matches('\u{feff}').trim_start().to_ascii_uppercase().starts_with("BEGIN:VCALENDAR") {
        return Ok(read_replies(&text)?);
    }
    let mail = MessageParser::default().parse(bytes).ok_or("this is neither a mail nor an iCalendar file")?;
    let of_type = |main: &'static str, sub: &'static str| {
        mail.parts.iter().find(|part| part.is_content_type(main, sub)).and_then(|part| part.text_contents())
    };
    let calendar = of_type("text", "calendar").or_else(|| of_type("application", "ics"));
    let replies = read_replies(calendar.ok_or("the mail has no text/calendar part")?)?;
    // Of several senders, none could have been checked by the mail server (RFC 7489, 6.6.1).
    let mut senders = mail.header_values(HeaderName::From).filter_map(HeaderValue::as_address);
    let sender = match (senders.next().map(|from| from.iter().collect::<Vec<_>>()), senders.next()) {
        (Some(from), None) if from.len() == 1 => from.first().and_then(|from| from.address()),
        _ => None,
    };
    let sender = sender.ok_or("the mail must have one sender")?;
    match replies.iter().find(|reply| !is_same_address(&reply.attendee, sender)) {
        Some(other) => Err(format!("the mail is from {sender}, but answers for {}", other.attendee).into()),
        None => Ok(replies),
    }
}

fn is_same_address(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

fn tell(reply: &InvitationReply, outcome: ReplyOutcome) -> Result<(), Failure> {
    let answer = match reply.answer {
        InvitationAnswer::Accepted => "accepts",
        InvitationAnswer::Declined => "declines",
        InvitationAnswer::Tentative => "is not sure",
    };
    let outcome = match outcome {
        ReplyOutcome::Registered(RegistrationStatus::Waitlisted) => "on the waitlist",
        ReplyOutcome::Registered(_) => "registered",
        ReplyOutcome::Cancelled => "the registration is cancelled",
        ReplyOutcome::Unchanged => "nothing changes",
        ReplyOutcome::Outdated => "nothing changes: it answers an earlier invitation",
    };
    print_line(format_args!("{} {answer}: {outcome}", reply.attendee))
}

/// A failure that passes has an exit code of its own.
fn failed(error: Error) -> Result<ExitCode, Failure> {
    if !error.is_unavailable() {
        return Err(error.into());
    }
    report(format_args!("eventd: {error}"));
    Ok(ExitCode::from(TRY_AGAIN))
}

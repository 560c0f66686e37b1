//! Reading a file: its components, and which of them belong together.

use std::collections::HashMap;

use chrono_tz::Tz;

use super::content::{self, RawComponent};
use super::note::ImportNote;
use super::occurrence::{Fault, Index, ZoneOfDates};
use super::plan::UidComponents;
use super::report::ImportedComponent;
use super::vevent::{self, FileStatus, Vevent};
use super::zones::{self, Zones};
use crate::error::Result;
use crate::seal::digest;
use crate::time::Timestamp;

/// The greatest length of a UID in bytes. A longer one is stored as its digest.
const MAX_UID: usize = 255;

/// A file with its components, read as far as they can be.
pub(super) struct ParsedFile {
    pub(super) components: Vec<ImportedComponent>,
    pub(super) events: HashMap<Index, (Vevent, ZoneOfDates)>,
    pub(super) groups: Vec<UidGroup>,
}

/// The components of a UID, and why one of them cannot be read.
#[derive(Debug, Default)]
pub(super) struct UidGroup {
    pub(super) group: UidComponents,
    pub(super) fault: Option<Fault>,
    pub(super) only_cancels: bool,
}

impl ParsedFile {
    pub(super) fn read(file: &[u8], named: Option<Tz>, own: Tz, now: Timestamp) -> Result<Self> {
        let mut parsed = Self { components: Vec::new(), events: HashMap::new(), groups: Vec::new() };
        let mut by_uid: HashMap<String, usize> = HashMap::new();
        for calendar in content::read(file)? {
            let of_calendar = calendar.timezone.as_deref().and_then(zones::by_name).map(|(tz, _)| tz);
            let mut zones = Zones::new(&calendar, named.or(of_calendar), own, now);
            let refusal = match calendar.method.as_deref() {
                None | Some("PUBLISH" | "REQUEST" | "CANCEL") => None,
                Some(_) => Some("the METHOD of its calendar is an answer, which has no events"),
            };
            let only_cancels = calendar.method.as_deref() == Some("CANCEL");
            for raw in &calendar.components {
                let refusal = refusal.or((raw.kind != "VEVENT").then_some("only events are imported"));
                parsed.add(raw, &mut zones, refusal, only_cancels, &mut by_uid);
            }
        }
        Ok(parsed)
    }

    fn add(
        &mut self,
        raw: &RawComponent,
        zones: &mut Zones<'_>,
        refusal: Option<&str>,
        only_cancels: bool,
        by_uid: &mut HashMap<String, usize>,
    ) {
        let index = self.components.len();
        let mut report = ImportedComponent::of(raw);
        if let Some(refusal) = refusal {
            report.skip(ImportNote::at("unsupported", raw.place, refusal));
            self.components.push(report);
            return;
        }
        let read = vevent::read(raw, zones, &mut report);
        let uid = vevent::uid(raw).unwrap_or_else(|| {
            let message = "UID is missing: it is known again by its start and title";
            report.notes.push(ImportNote::at("uid_filled", raw.place, message));
            uid_of_content(raw)
        });
        self.components.push(report);
        // Those that differ by what is not stored are the same.
        let uid = stored_uid(&uid);
        let groups = &mut self.groups;
        let group = *by_uid.entry(uid.clone()).or_insert_with(|| {
            groups.push(UidGroup {
                group: UidComponents { uid, ..UidComponents::default() },
                ..UidGroup::default()
            });
            groups.len() - 1
        });
        let Some(UidGroup { group, fault, only_cancels: cancels }) = self.groups.get_mut(group) else {
            return;
        };
        *cancels |= only_cancels;
        let is_override = raw.lines.iter().any(|line| line.name == "RECURRENCE-ID");
        if is_override {
            group.overrides.push(index)
        } else {
            group.masters.push(index)
        }
        match read {
            Ok(mut event) => {
                if only_cancels {
                    event.status = Some(FileStatus::Cancelled);
                }
                let zone = ZoneOfDates { tz: zones.default, is_named: zones.is_named };
                self.events.insert(index, (event, zone));
            }
            Err(note) => _ = fault.get_or_insert((index, note)),
        }
    }
}

/// A UID for a component that has none.
fn uid_of_content(raw: &RawComponent) -> String {
    let identity = raw.lines.iter().filter(|line| matches!(line.name.as_str(), "DTSTART" | "SUMMARY"));
    let parts: Vec<&[u8]> = identity.map(|line| line.text.as_bytes()).collect();
    hex(&digest(&parts))
}

/// The form in which a UID is stored.
pub(super) fn stored_uid(uid: &str) -> String {
    let visible: String = uid.chars().filter(|c| !c.is_control()).collect();
    if visible.len() <= MAX_UID { visible } else { hex(&digest(&[visible.as_bytes()])) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("sha256-".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

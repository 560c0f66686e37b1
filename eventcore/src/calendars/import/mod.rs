//! Importing iCalendar files of any origin.
//!
//! 1. `content` unfolds the file, bounds it, and keeps the lines that an import reads, with their numbers;
//! 2. `vevent` reads each component, `zones` and `definition` its time zones;
//! 3. `plan` and `series` turn the components of a UID into inputs of events and occurrences, without a
//!    database;
//! 4. `batch` creates the events of new UIDs, of many in one transaction, and `store` changes those of a UID
//!    that is stored, in one of its own. A dry run is the same, rolled back.
//!
//! What can be decided without a database is decided before the transaction, so that others wait for writing
//! alone. A UID whose batch fails is tried by itself: `run`.
//!
//! An import does what its actor could do by hand: permissions, validation, quotas and notifications are
//! those of creating and changing events. Only a new event may have started already.
//!
//! # Why `calcard`
//!
//! `calcard` 0.3.14 and `icalendar` 0.17.17, both kept, were run on 27 November 2026 on 3,253 files with
//! events, 25 MB with 221 values of PRODID, from 87 public repositories: Google Calendar, Outlook, Exchange,
//! Apple Calendar, Lotus Notes, GroupWise, KOrganizer, Evolution, Thunderbird, timetables, holidays, and test
//! files of other libraries. PyPI's `icalendar` 7.3.2 was the judge where they differed.
//!
//! - `icalendar` refuses 145 whole files for one line, a byte order mark, mixed line ends or a second
//!   VCALENDAR, of which the judge reads 110. `calcard` finds 47,529 of 47,530 events, `icalendar` 44,723.
//! - In 3,107 files that both read, 780 of 252,446 values differ. In nearly 400 texts `calcard` is right,
//!   which reads `\"` and quoted-printable. The rest is broken in the file, and `calcard` guesses: it makes
//!   times of `20131009T170000T` and `20210527Z`, reads `COUNT=-1` as 1, drops rule parts such as
//!   `UNTL=20191023`, and takes the first of two dates with `;` between them. `icalendar` passes such values
//!   on as they are.
//! - `icalendar` refuses files that end early without telling where, `calcard` takes 15 of 17 for whole. Both
//!   leave latin-1 (14 files) to the caller. `calcard` knows Windows zones, but cuts
//!   `TZID=tzone://Microsoft/Utc` at its first colon.
//! - No file makes either panic. At 10,000 nested components `icalendar` overflows the stack, which ends the
//!   process; `calcard` reads 100,000. One component of 10 MB takes `calcard` 0.6 to 6 s and 190 MB,
//!   `icalendar` 0.5 to 6 s and 300 MB. `calcard` reads all files in 3.5 s, `icalendar` in 32 s.
//!
//! Texts and names are therefore the part of `calcard`, line by line. Bounds, components, times and rules are
//! those of this library, which refuses what it does not understand. Of the files, 2,555 were imported, too:
//! `definition` and what `vevent` forgives come from them.

mod batch;
mod content;
mod definition;
mod known;
mod listed;
mod note;
mod occurrence;
mod options;
mod parsed;
mod plan;
mod report;
mod run;
mod series;
mod store;
mod texts;
mod vevent;
mod zones;

use std::collections::HashMap;

use chrono_tz::Tz;

use self::known::UidOwner;
use self::parsed::ParsedFile;
use self::plan::PlanContext;
use self::run::Import;
use crate::actor::Actor;
use crate::categories::CategoryName;
use crate::core::EventCore;
use crate::db::{Queries, sql};
use crate::error::{Error, Result};
use crate::events::{Importer, zone};
use crate::fold::fold;
use crate::id::{SubscriptionId, UserId};
use crate::time::Timestamp;
pub use known::ImportedUid;
pub(crate) use known::forget_imports;
pub use listed::{EventImport, ImportMode, ListedEvent};
pub use note::ImportNote;
pub use options::ImportOptions;
pub use report::{ImportOutcome, ImportReport, ImportedComponent};

impl EventCore {
    /// The greatest size of a file in bytes: 10 MiB.
    pub const MAX_IMPORT: usize = 10 * 1024 * 1024;

    /// Imports an iCalendar file (RFC 5545): each UID becomes an event of the actor, with its occurrences
    /// that differ. A UID that the actor has imported before, or that is the id of an event that they
    /// organize, changes that event, as an edit would. Properties that the file lacks keep their values.
    ///
    /// Each UID is stored whole or not at all. The report says what became of each component.
    ///
    /// # Errors
    /// `invalid_input` if the options are invalid, or if the file is no complete iCalendar file in UTF-8 with
    /// at most 10 MiB and 20,000 components: then nothing is stored. `email_not_verified` unless all new
    /// events are drafts, see [`Builder::require_verified_email`](crate::Builder::require_verified_email).
    pub async fn import_calendar(
        &self,
        actor: &Actor,
        file: Vec<u8>,
        options: &ImportOptions,
    ) -> Result<ImportReport> {
        Ok(self.import_file(actor, file, options, None).await?.0)
    }

    /// Imports the file of a calendar that the actor follows, as [`EventCore::import_calendar`] does. A UID
    /// changes only what came from that calendar. Also returns all UIDs of the file, in the form in which
    /// they are stored.
    ///
    /// # Errors
    /// Those of [`EventCore::import_calendar`].
    pub(crate) async fn import_subscribed(
        &self,
        actor: &Actor,
        file: Vec<u8>,
        options: &ImportOptions,
        subscription: SubscriptionId,
    ) -> Result<(ImportReport, Vec<String>)> {
        self.import_file(actor, file, options, Some(subscription)).await
    }

    async fn import_file(
        &self,
        actor: &Actor,
        file: Vec<u8>,
        options: &ImportOptions,
        subscription: Option<SubscriptionId>,
    ) -> Result<(ImportReport, Vec<String>)> {
        let user = actor.writer()?.id;
        options.violations().into_result()?;
        let named = options.zone();
        if options.may_publish() {
            self.must_be_verified(actor).await?;
        }
        if file.len() > Self::MAX_IMPORT {
            return Err(content::refused("too_large", "the file is larger than 10 MiB: split it"));
        }
        let now = self.now();
        let (own, categories) = self.import_context(user).await?;
        let parsed = tokio::task::spawn_blocking(move || ParsedFile::read(&file, named, own, now));
        let parsed = parsed.await.map_err(Error::internal)??;
        let uids: Vec<String> = parsed.groups.iter().map(|group| group.group.uid.clone()).collect();
        let owner = UidOwner { actor: *actor, user, subscription };
        let known = self.known_uids(&owner, &uids).await?;
        let importer = self.importer(&owner, &categories, options, now);
        let context = PlanContext { now, categories: by_label(&categories) };
        let import = Import::new(self, owner, importer, context, known, options);
        Ok((import.run(parsed).await?, uids))
    }

    /// What new events of a list depend on besides the list.
    async fn importer_of_events(&self, actor: &Actor, user: UserId) -> Result<Importer> {
        let (zone, categories) = self.import_context(user).await?;
        let owner = UidOwner { actor: *actor, user, subscription: None };
        let importer = self.importer(&owner, &categories, &ImportOptions::default(), self.now());
        Ok(Importer { default_zone: zone, ..importer })
    }

    fn importer(
        &self,
        owner: &UidOwner,
        categories: &[LabelledCategory],
        options: &ImportOptions,
        now: Timestamp,
    ) -> Importer {
        Importer {
            dialect: self.db().dialect(),
            organizer: owner.user,
            subscription: owner.subscription,
            default_zone: Tz::UTC,
            defaults: options.defaults(now),
            categories: categories.iter().map(|one| (one.name.slug.clone(), one.name.clone())).collect(),
            now,
            horizon: self.horizon(&owner.actor, now),
        }
    }

    /// The time zone of a user, and all categories.
    async fn import_context(&self, user: UserId) -> Result<(Tz, Vec<LabelledCategory>)> {
        let mut db = self.db().read().await?;
        let own: Option<(String,)> =
            db.query(sql!("SELECT timezone FROM users WHERE id = $1")).bind(user).optional().await?;
        let (own,) = own.ok_or(Error::Unauthenticated)?;
        let categories: Vec<LabelledCategory> =
            db.query(sql!("SELECT id, slug, name AS label FROM categories ORDER BY id")).all().await?;
        Ok((zone(&own), categories))
    }
}

/// A category, by which files may name it.
#[derive(sqlx::FromRow)]
struct LabelledCategory {
    #[sqlx(flatten)]
    name: CategoryName,
    label: String,
}

/// The slugs of categories by their folded names and slugs.
fn by_label(categories: &[LabelledCategory]) -> HashMap<String, String> {
    let by_slug = categories.iter().map(|one| (fold(&one.name.slug), one.name.slug.clone()));
    let by_name = categories.iter().map(|one| (fold(&one.label), one.name.slug.clone()));
    by_slug.chain(by_name).collect()
}

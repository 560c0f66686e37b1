//! Calendars to subscribe to, written in parts, and the same lists as feeds for readers of news.

use std::collections::{BTreeMap, HashMap};

use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use super::content_lines::ContentLines;
use super::entry::{begin_calendar, end_calendar};
use super::feed_summary::{Period, summaries};
use super::feed_version::{FeedState, FeedVersion};
use super::shown::{FeedEvent, Shown, add_reminders};
use super::source::{self, CalendarOccurrenceRow, Source};
use super::syndication::{self, FeedLinks, SyndicationFormat};
use super::{atom, json_feed, timezone};
use crate::actor::Actor;
use crate::agenda::{self, AgendaFilter};
use crate::core::EventCore;
use crate::db::Queries;
use crate::error::Result;
use crate::events::zone;
use crate::id::EventId;
use crate::time::{LeadTime, Timestamp};

/// Greatest number of events in a feed. Those that start soonest are in it.
const MAX_EVENTS: usize = 10_000;
/// Number of events of a part.
const EVENTS_OF_PART: usize = 100;
/// Number of events whose versions one statement reads.
const EVENTS_OF_STATEMENT: usize = 1_000;
/// How often programs should fetch the feed again, as a DURATION.
const REFRESH_INTERVAL: &str = "PT1H";

/// A feed of many events, to be written part by part: no part holds more than a hundred events, and the
/// database is not in use between two parts.
#[derive(Debug)]
pub struct CalendarFeed {
    core: EventCore,
    content: FeedContent,
    version: FeedVersion,
    /// When the next of its occurrences ends.
    ends_at: Option<Timestamp>,
    /// The time zones of the events, with the first and the last instant for which each is needed.
    zones: Vec<(Tz, Period)>,
    /// `None` for iCalendar.
    syndication: Option<(SyndicationFormat, FeedLinks)>,
    /// Whether an item was written.
    has_items: bool,
    next: NextPart,
}

/// What a feed is made of.
#[derive(Debug)]
pub(super) struct FeedContent {
    /// The hash of what selects the events.
    pub(super) feed: [u8; 32],
    /// What programs show.
    pub(super) name: String,
    pub(super) events: Vec<FeedEvent>,
    /// When programs remind of events that are shown whole.
    pub(super) reminders: Vec<LeadTime>,
}

/// What is written next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NextPart {
    /// The properties of the calendar and its time zones.
    Head,
    /// The events from this index on.
    Events(usize),
    Nothing,
}

impl EventCore {
    /// A calendar of the events with an occurrence that matches the filter, and all their occurrences. Of
    /// more than 10,000 events it has those that start soonest. `name` is what programs show.
    ///
    /// Occurrences that take place now are matched too, so that an event does not leave the calendar while it
    /// lasts.
    ///
    /// # Errors
    /// As for [`EventCore::events`].
    pub async fn calendar_feed(
        &self,
        actor: &Actor,
        filter: &AgendaFilter,
        name: &str,
    ) -> Result<CalendarFeed> {
        let filter = AgendaFilter { current: true, ..filter.clone() };
        let feed = feed_key(actor, &filter);
        let key = known_key(feed, name);
        let is_knowable = self.is_knowable(actor, &filter);
        let (now, known) = (self.now(), self.calendar_cache());
        let epoch = if is_knowable { Some(known.epoch(self.db(), now).await?) } else { None };
        let mut db = self.db().read().await?;
        let ids = agenda::event_ids(&mut db, actor, &filter, MAX_EVENTS, now).await?;
        let events = ids.into_iter().map(|id| FeedEvent { id, shown: Shown::Whole }).collect();
        let content = FeedContent { feed, name: name.to_owned(), events, reminders: Vec::new() };
        let feed = self.feed_of(&mut db, content, now).await?;
        drop(db);
        if let Some(epoch) = epoch {
            known.put(key, feed.version.clone(), epoch, (now, feed.ends_at)).await;
        }
        Ok(feed)
    }

    /// The version of such a calendar, without reading its events: `None` if it is not known. `shows_names`
    /// is whether it shows the names of organizers, as feeds for readers of news do.
    ///
    /// # Errors
    /// `unavailable` if the database cannot be read.
    pub async fn known_feed(
        &self,
        actor: &Actor,
        filter: &AgendaFilter,
        name: &str,
        shows_names: bool,
    ) -> Result<Option<FeedVersion>> {
        let filter = AgendaFilter { current: true, ..filter.clone() };
        if !self.is_knowable(actor, &filter) {
            return Ok(None);
        }
        let key = known_key(feed_key(actor, &filter), name);
        self.calendar_cache().get(self.db(), &key, shows_names, self.now()).await
    }

    /// Whether the log of changes and the ends of occurrences tell when a feed changes. Occurrences that
    /// began before `from` are in it while they last, and whether seats are free is not logged.
    fn is_knowable(&self, actor: &Actor, filter: &AgendaFilter) -> bool {
        let AgendaFilter { available, registered, from, overlaps, .. } = filter;
        let is_by_time = *available || registered.is_some() || from.is_some() || *overlaps;
        matches!(actor, Actor::Anonymous) && !is_by_time && self.db().may_batch()
    }

    /// The feed of events that the caller may see and that are not over at `now`.
    pub(super) async fn feed_of(
        &self,
        db: &mut impl Queries,
        content: FeedContent,
        now: Timestamp,
    ) -> Result<CalendarFeed> {
        let mut zones: BTreeMap<&str, (Tz, Period)> = BTreeMap::new();
        let mut digest = Sha256::new().chain_update(&content.name);
        let mut organizers = Sha256::new();
        let mut ends_at = None::<Timestamp>;
        add_reminders(&mut digest, &content.reminders);
        for some in content.events.chunks(EVENTS_OF_STATEMENT) {
            for event in some {
                event.shown.add_to(&mut digest);
            }
            for summary in summaries(db, some, now).await? {
                ends_at = [ends_at, summary.next_end].into_iter().flatten().min();
                summary.add_to(&mut digest);
                summary.add_organizer_to(&mut organizers);
                let tz = zone(&summary.timezone);
                let period = summary.period()?;
                let (_, known) = zones.entry(tz.name()).or_insert((tz, period));
                *known = (known.0.min(period.0), known.1.max(period.1));
            }
        }
        Ok(CalendarFeed {
            core: self.clone(),
            version: FeedVersion {
                state: FeedState { feed: content.feed, fingerprint: digest.finalize().into() },
                organizers: organizers.finalize().into(),
            },
            ends_at,
            content,
            zones: zones.into_values().filter(|(tz, _)| !timezone::is_utc(*tz)).collect(),
            syndication: None,
            has_items: false,
            next: NextPart::Head,
        })
    }
}

impl CalendarFeed {
    /// The same list as a feed for readers of news, the newest event first.
    #[must_use]
    pub fn syndicated(mut self, format: SyndicationFormat, links: FeedLinks) -> Self {
        self.content.events.reverse();
        self.version = self.version.syndicated(format, &links);
        self.syndication = Some((format, links));
        self
    }

    /// Which text it has.
    pub const fn version(&self) -> &FeedVersion {
        &self.version
    }

    /// When the feed was found to have this content. It does not go back when events leave the feed.
    ///
    /// # Errors
    /// `unavailable` if the database cannot be read or, after a change, written.
    pub async fn changed_at(&self) -> Result<Timestamp> {
        self.core.feed_changed_at(&self.version.state).await
    }

    /// The next part of the file, in UTF-8. `None` at its end.
    ///
    /// # Errors
    /// `unavailable` if the database cannot be read: the file is incomplete.
    pub async fn next_part(&mut self) -> Result<Option<String>> {
        let first = match self.next {
            NextPart::Head => {
                self.next = NextPart::Events(0);
                return self.head().await.map(Some);
            }
            NextPart::Events(first) => first,
            NextPart::Nothing => return Ok(None),
        };
        let later = self.content.events.get(first..).unwrap_or_default();
        let events = &later[..later.len().min(EVENTS_OF_PART)];
        if events.is_empty() {
            self.next = NextPart::Nothing;
            return Ok(Some(self.end()));
        }
        let after = first + events.len();
        let (part, has_items) = self.part(events).await?;
        self.has_items |= has_items;
        self.next = NextPart::Events(after);
        Ok(Some(part))
    }

    async fn head(&self) -> Result<String> {
        let name = &self.content.name;
        Ok(match &self.syndication {
            None => self.calendar_head(),
            Some((SyndicationFormat::Atom, links)) => {
                let id: [u8; 16] = self.content.feed.first_chunk().copied().unwrap_or_default();
                let id = uuid::Builder::from_custom_bytes(id).into_uuid().urn().to_string();
                atom::head(name, &id, links, self.changed_at().await?)
            }
            Some((SyndicationFormat::JsonFeed, links)) => json_feed::head(name, links),
        })
    }

    /// The text of some events, and whether it has items of a feed for readers of news.
    async fn part(&self, events: &[FeedEvent]) -> Result<(String, bool)> {
        let ids: Vec<EventId> = events.iter().map(|event| event.id).collect();
        let loaded = source::load(&mut self.core.db().read().await?, &ids).await?;
        let mut loaded: HashMap<EventId, _> = loaded.into_iter().map(|one| (one.0.id(), one)).collect();
        let found = events.iter().filter_map(|event| {
            let (source, rows) = loaded.remove(&event.id)?;
            Some((source, rows, &event.shown))
        });
        let Some((format, links)) = &self.syndication else {
            let mut lines = ContentLines::default();
            for (source, rows, shown) in found {
                self.write_event(&mut lines, &source, rows, shown)?;
            }
            return Ok((lines.finish(), false));
        };
        let mut items = Vec::new();
        for (source, rows, shown) in found {
            items.extend(syndication::items(&source, rows, shown)?);
        }
        let items = syndication::render(items).await?;
        let text = match format {
            SyndicationFormat::Atom => atom::items(&items, &links.base),
            SyndicationFormat::JsonFeed => json_feed::items(&items, &links.base, !self.has_items),
        };
        Ok((text, !items.is_empty()))
    }

    fn end(&self) -> String {
        match &self.syndication {
            None => {
                let mut lines = ContentLines::default();
                end_calendar(&mut lines);
                lines.finish()
            }
            Some((SyndicationFormat::Atom, _)) => atom::END.to_owned(),
            Some((SyndicationFormat::JsonFeed, _)) => json_feed::END.to_owned(),
        }
    }

    fn calendar_head(&self) -> String {
        let mut lines = ContentLines::default();
        begin_calendar(&mut lines);
        // NAME and REFRESH-INTERVAL are those of RFC 7986; older programs know the others.
        lines.text_property("NAME", &self.content.name);
        lines.text_property("X-WR-CALNAME", &self.content.name);
        lines.property("REFRESH-INTERVAL;VALUE=DURATION", REFRESH_INTERVAL);
        lines.property("X-PUBLISHED-TTL", REFRESH_INTERVAL);
        for (tz, (first, last)) in &self.zones {
            timezone::write(&mut lines, *tz, *first, *last);
        }
        lines.finish()
    }

    fn write_event(
        &self,
        lines: &mut ContentLines,
        source: &Source,
        rows: Vec<CalendarOccurrenceRow>,
        shown: &Shown,
    ) -> Result<()> {
        let event = &source.event;
        let Shown::Some(attended) = shown else {
            let all = rows.into_iter().map(CalendarOccurrenceRow::into_occurrence);
            let all = event.identified(all.collect::<Result<Vec<_>>>()?);
            let mut entries = event.entries(&all);
            for entry in &mut entries {
                entry.reminders.clone_from(&self.content.reminders);
            }
            return source.write(lines, &entries);
        };
        let is_one_of_many = event.recurrence.is_some() || rows.len() > 1;
        for row in rows {
            let Some(attendance) = attended.get(&row.id) else { continue };
            for occurrence in event.identified(vec![row.into_occurrence()?]) {
                source.write(lines, &[attendance.entry(event, &occurrence, is_one_of_many)])?;
            }
        }
        Ok(())
    }
}

/// The hash of what selects the events.
fn feed_key(actor: &Actor, filter: &AgendaFilter) -> [u8; 32] {
    Sha256::digest(format!("{:?} {filter:?}", actor.user_id())).into()
}

/// By what a feed with a name is known.
fn known_key(feed: [u8; 32], name: &str) -> [u8; 32] {
    Sha256::new().chain_update(feed).chain_update(name).finalize().into()
}

//! Calendars to subscribe to, written in parts, and the same lists as feeds for readers of news.

use std::collections::{BTreeMap, HashMap};

use chrono_tz::Tz;
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use super::content_lines::ContentLines;
use super::entry::{begin_calendar, end_calendar};
use super::feed_summary::{Period, summaries};
use super::feed_version::{FeedOutline, FeedState, FeedVersion};
use super::shown::{FeedEvent, Shown, add_reminders};
use super::source::{self, CalendarOccurrenceRow, Source};
use super::syndication::{self, FeedLinks, SyndicationFormat};
use super::{atom, json_feed, timezone};
use crate::actor::Actor;
use crate::agenda::{self, AgendaFilter};
use crate::core::EventCore;
use crate::db::Queries;
use crate::error::{Error, Result};
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

/// A feed of many events, to be written part by part: no part holds more than a hundred events. After a part
/// was written, the database is in use only until the events of the next one are loaded.
#[derive(Debug)]
pub struct CalendarFeed {
    core: EventCore,
    content: FeedContent,
    outline: FeedOutline,
    /// `None` for iCalendar.
    syndication: Option<(SyndicationFormat, FeedLinks)>,
    /// Whether an item was written.
    has_items: bool,
    next: NextPart,
    /// Loads the events of the next part, while those of the part before are written.
    loading: JoinSet<(usize, Result<Vec<LoadedEvent>>)>,
}

/// An event with the rows of its occurrences.
type LoadedEvent = (Source, Vec<CalendarOccurrenceRow>);

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
        let (now, cache) = (self.now(), self.calendar_cache());
        let (known, epoch) = if is_knowable {
            let (known, epoch) = cache.feed(self.db(), &key, now).await?;
            (known, Some(epoch))
        } else {
            (None, None)
        };
        let mut db = self.db().read().await?;
        let ids = agenda::event_ids(&mut db, actor, &filter, MAX_EVENTS, now).await?;
        let events = ids.into_iter().map(|id| FeedEvent { id, shown: Shown::Whole }).collect();
        let content = FeedContent { feed, name: name.to_owned(), events, reminders: Vec::new() };
        if let Some(known) = known {
            return Ok(CalendarFeed::new(self.clone(), content, known));
        }
        let outline = outline(&mut db, &content, now).await?;
        drop(db);
        if let Some(epoch) = epoch {
            cache.keep_feed(key, outline.clone(), epoch, now).await;
        }
        Ok(CalendarFeed::new(self.clone(), content, outline))
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
        let outline = outline(db, &content, now).await?;
        Ok(CalendarFeed::new(self.clone(), content, outline))
    }
}

/// Reads what is known of a feed without its events.
async fn outline(db: &mut impl Queries, content: &FeedContent, now: Timestamp) -> Result<FeedOutline> {
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
    let state = FeedState { feed: content.feed, fingerprint: digest.finalize().into() };
    Ok(FeedOutline {
        version: FeedVersion { state, organizers: organizers.finalize().into() },
        ends_at,
        zones: zones.into_values().filter(|(tz, _)| !timezone::is_utc(*tz)).collect(),
    })
}

impl CalendarFeed {
    fn new(core: EventCore, content: FeedContent, outline: FeedOutline) -> Self {
        let (next, loading) = (NextPart::Head, JoinSet::new());
        Self { core, content, outline, syndication: None, has_items: false, next, loading }
    }

    /// The same list as a feed for readers of news, the newest event first.
    #[must_use]
    pub fn syndicated(mut self, format: SyndicationFormat, links: FeedLinks) -> Self {
        self.content.events.reverse();
        self.outline.version = self.outline.version.syndicated(format, &links);
        self.syndication = Some((format, links));
        self
    }

    /// Which text it has.
    pub const fn version(&self) -> &FeedVersion {
        &self.outline.version
    }

    /// When the feed was found to have this content. It does not go back when events leave the feed.
    ///
    /// # Errors
    /// `unavailable` if the database cannot be read or, after a change, written.
    pub async fn changed_at(&self) -> Result<Timestamp> {
        self.core.feed_changed_at(&self.outline.version.state).await
    }

    /// The next part of the file, in UTF-8. `None` at its end.
    ///
    /// # Errors
    /// `unavailable` if the database cannot be read: the file is incomplete.
    pub async fn next_part(&mut self) -> Result<Option<String>> {
        let first = match self.next {
            NextPart::Head => {
                let head = self.head().await?;
                self.next = NextPart::Events(0);
                return Ok(Some(head));
            }
            NextPart::Events(first) => first,
            NextPart::Nothing => return Ok(None),
        };
        if first >= self.content.events.len() {
            self.next = NextPart::Nothing;
            return Ok(Some(self.end()));
        }
        let loaded = self.load(first).await?;
        let (part, has_items) = self.part(first, loaded).await?;
        self.has_items |= has_items;
        self.next = NextPart::Events(first + EVENTS_OF_PART);
        Ok(Some(part))
    }

    /// The events of the part from an index on.
    fn events_of_part(&self, first: usize) -> &[FeedEvent] {
        let later = self.content.events.get(first..).unwrap_or_default();
        &later[..later.len().min(EVENTS_OF_PART)]
    }

    /// Loads the events of the part from an index on, and begins to load those of the next part.
    async fn load(&mut self, first: usize) -> Result<Vec<LoadedEvent>> {
        let loaded = match self.loading.join_next().await.transpose().map_err(Error::internal)? {
            Some((index, loaded)) if index == first => loaded?,
            // Nothing is loaded ahead, or a call of before was dropped.
            _ => source::load(&mut self.core.db().read().await?, &self.ids_of_part(first)).await?,
        };
        let (next, core) = (first + EVENTS_OF_PART, self.core.clone());
        let ids = self.ids_of_part(next);
        // A transaction of the caller may end before a task of its own has read.
        if !ids.is_empty() && core.db().may_batch() {
            self.loading.spawn(async move {
                let load = async { source::load(&mut core.db().read().await?, &ids).await };
                (next, load.await)
            });
        }
        Ok(loaded)
    }

    fn ids_of_part(&self, first: usize) -> Vec<EventId> {
        self.events_of_part(first).iter().map(|event| event.id).collect()
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

    /// The text of the part from an index on, and whether it has items of a feed for readers of news.
    async fn part(&self, first: usize, loaded: Vec<LoadedEvent>) -> Result<(String, bool)> {
        let mut loaded: HashMap<EventId, _> = loaded.into_iter().map(|one| (one.0.id(), one)).collect();
        let found = self.events_of_part(first).iter().filter_map(|event| {
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
        for (tz, (first, last)) in &self.outline.zones {
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

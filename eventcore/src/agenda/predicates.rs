//! Conditions on what is found by words, categories, tags, seats and registrations.

use std::collections::BTreeSet;

use super::filter::AgendaFilter;
use super::query::{Conditions, Lookup, Value};
use crate::categories;
use crate::db::{Dialect, Queries};
use crate::error::Result;
use crate::events::{EventStatus, OccurrenceStatus};
use crate::fold::fold;
use crate::page::Keyset;
use crate::search::{Part, Question};

/// What no start in microseconds reaches: so far one part of a ranked list lies behind the other.
const BEHIND: i64 = 1_000_000_000_000_000_000;

/// The parts of a list: one, or, where it is sorted by relevance, what is found in the title, in title, tags and location, and elsewhere. Within each,
/// dates are sorted by their start, so that a page takes no more than it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stretch {
    Whole,
    Title,
    Head,
    Rest,
}

impl Stretch {
    /// How far from the top of the list it begins.
    const fn offset(self) -> i64 {
        match self {
            Self::Whole | Self::Title => 0,
            Self::Head => BEHIND,
            Self::Rest => 2 * BEHIND,
        }
    }
}

impl Conditions {
    /// What someone asks for in words.
    pub(super) fn asked(&mut self, filter: &AgendaFilter) {
        let Some(text) = filter.question() else { return };
        let question = Question::parse(text);
        if question.is_empty() {
            // Only signs: they stand nowhere.
            self.wheres.push("1 = 0".to_owned());
            return;
        }
        self.words = true;
        self.lookups.extend(Lookup::words(&question, Part::Whole, self.dialect));
        for needle in question.wanted_needles() {
            let condition = format!("{} > 0", self.first_place(needle));
            self.wanted.push(condition.clone());
            self.wheres.push(condition);
        }
        for needle in question.unwanted_needles() {
            let condition = format!("{} = 0", self.first_place(needle));
            self.wheres.push(condition);
        }
        self.ranked = (filter.by_relevance && question.wants_something()).then_some(question);
    }

    /// Where something stands first in the words of a date, from 1; 0 where it does not.
    fn first_place(&mut self, needle: String) -> String {
        let place = self.place(Value::Text(needle));
        match self.dialect {
            Dialect::Sqlite => format!("instr({{t}}.words, {place})"),
            Dialect::Postgres => format!("strpos({{t}}.words, {place})"),
        }
    }

    /// The stretches of the list that a page may reach into, in the direction in which it is read.
    pub(super) fn stretches(&self, keyset: &Keyset) -> Vec<Stretch> {
        if self.ranked.is_none() {
            return vec![Stretch::Whole];
        }
        let reached = |stretch: &Stretch| {
            keyset.position.is_none_or(|key| {
                if keyset.comparison() == ">" {
                    key.number < stretch.offset() + BEHIND
                } else {
                    key.number >= stretch.offset()
                }
            })
        };
        let mut stretches: Vec<_> =
            [Stretch::Title, Stretch::Head, Stretch::Rest].into_iter().filter(reached).collect();
        if keyset.comparison() == "<" {
            stretches.reverse();
        }
        stretches
    }

    /// Keeps what lies in one stretch of the list.
    pub(super) fn within(&mut self, stretch: Stretch) {
        self.offset = stretch.offset();
        let Some(question) = self.ranked.clone() else { return };
        let (inside, outside) = match stretch {
            Stretch::Whole => (None, None),
            Stretch::Title => (Some(Part::Title), None),
            Stretch::Head => (Some(Part::Head), Some(Part::Title)),
            Stretch::Rest => (None, Some(Part::Head)),
        };
        if let Some(part) = inside {
            // Of what stands in a part of the words there is no more than of what stands anywhere.
            self.lookups.retain(|lookup| !matches!(lookup, Lookup::Words(..)));
            self.lookups.extend(Lookup::words(&question, part, self.dialect));
            let stands = self.stands_in(&question, part);
            self.wheres.push(stands);
        }
        if let Some(part) = outside {
            let stands = self.stands_in(&question, part);
            self.wheres.push(format!("NOT ({stands})"));
        }
    }

    /// That all that is wanted stands in a part of the words.
    fn stands_in(&mut self, question: &Question, part: Part) -> String {
        let end = if part == Part::Title { "title_end" } else { "head_end" };
        let mut each = Vec::new();
        for needle in question.wanted_needles() {
            let at = self.first_place(needle);
            each.push(format!("{at} BETWEEN 1 AND {{t}}.{end}"));
        }
        each.join(" AND ")
    }

    /// Category, tags, free seats, and one's own registrations.
    pub(super) async fn labelled(&mut self, db: &mut impl Queries, filter: &AgendaFilter) -> Result<()> {
        match filter.categories.as_slice() {
            [] => {}
            [slug] => {
                let place = self.place(Value::Text(categories::as_slug(slug)));
                self.wheres.push(format!("{{o}}.category_id = ({} = {place})", categories::ID_BY_SLUG));
            }
            slugs => {
                let known = categories::find_many(db, slugs).await?;
                let places: Vec<String> =
                    known.iter().map(|id| self.place(Value::Id(id.as_uuid()))).collect();
                // A slug that names nothing has no dates.
                let any = if places.is_empty() { "NULL".to_owned() } else { places.join(", ") };
                self.wheres.push(format!("{{o}}.category_id IN ({any})"));
            }
        }
        self.tagged(&filter.tags);
        if filter.available {
            self.wheres.push("{o}.seats_taken < {o}.capacity".to_owned());
            self.compare("{o}.status =", Value::Text(OccurrenceStatus::Scheduled.as_str().to_owned()));
        }
        if let Some(user) = filter.registered {
            let place = self.place(Value::Id(user.as_uuid()));
            self.wheres.push(format!(
                "{{o}}.id IN (SELECT r.occurrence_id FROM registrations r WHERE r.user_id = {place} AND r.status <> 'cancelled')"
            ));
            self.of_event = true;
            self.compare("e.status <>", Value::Text(EventStatus::Draft.as_str().to_owned()));
        }
        Ok(())
    }

    /// All of these tags. The first few each by themselves, so that PostgreSQL can begin with the rarest of them; it would take seconds to think of
    /// all orders in which twenty could be looked up.
    fn tagged(&mut self, tags: &[String]) {
        const EACH: usize = 3;
        let folded: BTreeSet<String> =
            tags.iter().map(|tag| fold(tag.trim().trim_start_matches('#'))).collect();
        if folded.len() > categories::MAX_TAGS {
            // No event has so many.
            self.wheres.push("1 = 0".to_owned());
            return;
        }
        let mut places = Vec::new();
        for (n, tag) in folded.into_iter().enumerate() {
            if n < EACH && self.dialect == Dialect::Sqlite {
                self.lookups.push(Lookup::Tag(tag.clone()));
            }
            places.push(self.place(Value::Text(tag)));
        }
        let all_of = |tags: &[String]| {
            let (count, tags) = (tags.len(), tags.join(", "));
            format!(
                "(SELECT count(*) FROM event_tags g WHERE g.event_id = {{o}}.event_id AND g.folded IN ({tags})) = {count}"
            )
        };
        let (first, rest) = places.split_at(places.len().min(EACH));
        let one = |tag: &String| {
            format!(
                "EXISTS (SELECT 1 FROM event_tags g WHERE g.event_id = {{o}}.event_id AND g.folded = {tag})"
            )
        };
        self.tagged = first.iter().map(one).collect();
        if !rest.is_empty() {
            self.tagged.push(all_of(rest));
        }
        self.wheres.extend(self.tagged.clone());
        self.tags = (!places.is_empty()).then(|| all_of(&places));
    }
}

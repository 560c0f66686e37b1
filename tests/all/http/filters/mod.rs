//! All filters of the agenda combined: lists, pages in both directions, totals, facets and calendars match a
//! plain model in Rust.

use std::collections::{BTreeMap, HashMap};

use chrono_tz::Tz;
use eventcore::fold::fold;
use eventcore::search::SearchQuery;
use rstest::rstest;
use serde_json::Value;
use tests::{Client, Daemon, Kind, Random, ids_of, url_encoded};

use world::{CATEGORIES, DAYS, Occurrence, TAGS, WORDS, World, ZONES, world};

mod world;

/// A query, and the results of the model.
struct Query<'w> {
    who: &'w Client,
    /// The parameters that apply to facets and calendars as well as lists.
    filters: Vec<String>,
    /// The period.
    period: Vec<String>,
    zone: Tz,
    sort: Option<&'static str>,
    /// The results without the period.
    found: Vec<&'w Occurrence>,
    within: Vec<&'w Occurrence>,
    q: Option<String>,
}

impl<'w> Query<'w> {
    fn draw(world: &'w World, random: &mut Random) -> Self {
        let who = *random.pick(&[&world.anonymous, &world.guest, &world.organizers[0], &world.admin]);
        let (is_guest, is_ada, is_admin) = (
            std::ptr::eq(who, &raw const world.guest),
            std::ptr::eq(who, &raw const world.organizers[0]),
            std::ptr::eq(who, &raw const world.admin),
        );
        let sample = random.pick(&world.occurrences);
        let mut found: Vec<&Occurrence> = world.occurrences.iter().collect();
        let mut filters = Vec::new();
        let (mut all, mut q) = (false, None);
        if random.one_in(6) {
            filters.push(format!("organizer={}", ["ada", "bob", "eve"][sample.organizer]));
            found.retain(|occurrence| occurrence.organizer == sample.organizer);
            all |= is_admin || (is_ada && sample.organizer == 0);
        }
        if is_guest && random.one_in(2) {
            filters.push("registered=me".to_owned());
            found.retain(|occurrence| occurrence.registered);
            all = true;
        }
        let seen = sample.event_status != "draft" && (!sample.private || (is_guest && sample.registered));
        if random.one_in(8) && (seen || is_admin || (is_ada && sample.organizer == 0)) {
            filters.push(format!("event={}", sample.event));
            found.retain(|occurrence| occurrence.event == sample.event);
            all = true;
        }
        found.retain(|occurrence| all || occurrence.listed);
        if random.one_in(2) {
            let asked = question(random, sample);
            let read = SearchQuery::parse(&asked);
            found.retain(|occurrence| read.matches(&occurrence.texts[0]));
            filters.push(format!("q={}", url_encoded(&asked)));
            q = Some(asked);
        }
        for (name, text) in [("title", &sample.title), ("location", &sample.location)] {
            if random.one_in(6) {
                let piece: String = text.chars().skip(random.below(2)).take(1 + random.below(5)).collect();
                let needle = fold(&piece);
                found.retain(|occurrence| {
                    fold(if name == "title" { &occurrence.title } else { &occurrence.location })
                        .contains(&needle)
                });
                filters.push(format!("{name}={}", url_encoded(&piece.to_uppercase())));
            }
        }
        if random.one_in(4) {
            let chosen = [*random.pick(&CATEGORIES), *random.pick(&CATEGORIES)];
            found.retain(|occurrence| {
                occurrence.category.as_deref().is_some_and(|category| chosen.contains(&category))
            });
            filters.extend(chosen.map(|category| format!("category={category}")));
        }
        for _ in 0..random.below(2) {
            let tag = random.pick(&TAGS);
            let folded = fold(tag.trim().trim_start_matches('#'));
            found.retain(|occurrence| occurrence.tags.iter().any(|other| fold(other) == folded));
            filters.push(format!("tag={}", url_encoded(&tag.to_uppercase())));
        }
        if random.one_in(5) {
            found.retain(|occurrence| occurrence.available);
            filters.push("available=true".to_owned());
        }
        let mut asked = Self {
            who,
            filters,
            period: Vec::new(),
            zone: *random.pick(&ZONES),
            sort: None,
            within: found.clone(),
            found,
            q,
        };
        asked.limit(random, sample);
        asked.sort = match random.below(4) {
            0 => Some("-starts_at"),
            1 | 2 if asked.q.is_some() => Some("relevance"),
            _ => None,
        };
        asked
    }

    /// Adds a period, by instants or by days of the time zone.
    fn limit(&mut self, random: &mut Random, sample: &Occurrence) {
        let zone = self.zone;
        let day = sample.at.with_timezone(&zone).date_naive();
        match random.below(5) {
            0 => {
                self.period.push(format!("from={}", url_encoded(&sample.at.to_rfc3339())));
                self.within.retain(|occurrence| occurrence.at >= sample.at);
            }
            1 => {
                self.period.push(format!("from={day}"));
                self.within.retain(|occurrence| occurrence.at.with_timezone(&zone).date_naive() >= day);
            }
            2 => {
                self.period.push(format!("to={day}"));
                self.within.retain(|occurrence| occurrence.at.with_timezone(&zone).date_naive() <= day);
            }
            3 => {
                self.period.push(format!("from={day}&to={day}"));
                self.within.retain(|occurrence| occurrence.at.with_timezone(&zone).date_naive() == day);
            }
            _ => {}
        }
        self.filters.push(format!("tz={}", url_encoded(zone.name())));
    }

    fn rank(&self, occurrence: &Occurrence) -> usize {
        let Some(q) = self.q.as_ref().filter(|_| self.sort == Some("relevance")) else { return 0 };
        let question = SearchQuery::parse(q);
        if q.trim().is_empty() || q.split_whitespace().all(|word| word.starts_with('-')) {
            return 0;
        }
        usize::from(!question.matches(&occurrence.texts[1]))
            + usize::from(!question.matches(&occurrence.texts[2]))
    }

    fn sorted<'d>(&self, mut occurrences: Vec<&'d Occurrence>) -> Vec<&'d Occurrence> {
        occurrences.sort_by(|a, b| (self.rank(a), a.at, &a.id).cmp(&(self.rank(b), b.at, &b.id)));
        if self.sort == Some("-starts_at") {
            occurrences.reverse();
        }
        occurrences
    }

    fn query(&self) -> String {
        let sort = self.sort.map(|sort| format!("sort={sort}"));
        self.filters.iter().chain(&self.period).cloned().chain(sort).collect::<Vec<_>>().join("&")
    }
}

/// Words of an occurrence, whole or in part, with quotes and minus signs.
fn question(random: &mut Random, sample: &Occurrence) -> String {
    let text = if random.one_in(3) { &sample.location } else { &sample.title };
    let words: Vec<&str> = text.split_whitespace().collect();
    match random.below(7) {
        0 => format!("\"{text}\""),
        1 => format!("{} -{}", random.pick(&words), random.pick(&WORDS)),
        2 => random.pick(&words).chars().take(2).collect(),
        3 => format!("-{}", random.pick(&WORDS)),
        4 => format!("{} {}", random.pick(&WORDS), random.pick(&words)),
        _ => (*random.pick(&words)).to_owned(),
    }
}

/// Reads all pages forwards and backwards; each has the total.
async fn read(client: &Client, path: &str, expected: &[&str]) {
    let mut page = client.get(path).await.expect(200).json();
    let mut there = ids_of(&page);
    while let Some(next) = page["next"].as_str() {
        assert_eq!(page["total"], expected.len(), "{path}");
        page = client.get(&format!("{path}&cursor={next}")).await.expect(200).json();
        there.extend(ids_of(&page));
    }
    assert_eq!(page["total"], expected.len(), "{path}");
    assert_eq!(there, expected, "{path}");
    let mut back = vec![ids_of(&page)];
    while let Some(previous) = page["previous"].as_str() {
        page = client.get(&format!("{path}&cursor={previous}")).await.expect(200).json();
        back.push(ids_of(&page));
    }
    assert_eq!(back.into_iter().rev().flatten().collect::<Vec<_>>(), expected, "{path}, backwards");
}

fn counted(list: &Value, label: &str) -> BTreeMap<String, i64> {
    let items = list.as_array().unwrap().iter();
    let counts: Vec<_> = items
        .map(|item| (item[label].as_str().unwrap_or_default().to_owned(), item["count"].as_i64().unwrap()))
        .collect();
    let map: BTreeMap<String, i64> = counts.iter().cloned().collect();
    assert_eq!(map.len(), counts.len(), "each once: {counts:?}");
    map
}

fn tally(labels: impl Iterator<Item = String>) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for label in labels {
        *counts.entry(label).or_default() += 1;
    }
    counts
}

async fn facets(asked: &Query<'_>) {
    let query = asked.filters.iter().chain(&asked.period).cloned().collect::<Vec<_>>().join("&");
    let facets = asked.who.get(&format!("/occurrences/facets?{query}")).await.expect(200).json();
    let occurrences = || asked.within.iter();
    assert_eq!(facets["total"], asked.within.len(), "{query}");
    let categories = tally(occurrences().map(|occurrence| occurrence.category.clone().unwrap_or_default()));
    assert_eq!(counted(&facets["categories"], "category"), categories, "{query}");
    let tags = tally(occurrences().flat_map(|occurrence| occurrence.tags.iter().map(|tag| fold(tag))));
    let told = counted(&facets["tags"], "tag");
    assert_eq!(
        told.into_iter().map(|(tag, count)| (fold(&tag), count)).collect::<BTreeMap<_, _>>(),
        tags,
        "{query}"
    );
    let month =
        |occurrence: &&Occurrence| occurrence.at.with_timezone(&asked.zone).format("%Y-%m").to_string();
    assert_eq!(counted(&facets["months"], "month"), tally(asked.within.iter().map(month)), "{query}");
}

async fn calendar(asked: &Query<'_>, month: &str) {
    let query = asked.filters.join("&");
    let path = format!("/occurrences/calendar?month={month}&{query}");
    let calendar = asked.who.get(&path).await.expect(200).json();
    let day = |occurrence: &&Occurrence| occurrence.at.with_timezone(&asked.zone).date_naive().to_string();
    let days = tally(asked.found.iter().map(day).filter(|day| day.starts_with(month)));
    let told = counted(&calendar["days"], "date");
    assert!((28..=31).contains(&told.len()));
    assert_eq!(told.into_iter().filter(|(_, count)| *count > 0).collect::<BTreeMap<_, _>>(), days, "{path}");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_filters_together_find_what_a_model_finds(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let world = world(&daemon).await;
    let mut random = Random(3);
    let mut some = 0;
    for round in 0..250 {
        let asked = Query::draw(&world, &mut random);
        some += usize::from(!asked.within.is_empty());
        let query = asked.query();
        let limit = 1 + random.below(20);
        let occurrences = asked.sorted(asked.within.clone());
        let expected: Vec<&str> = occurrences.iter().map(|occurrence| occurrence.id.as_str()).collect();
        read(
            asked.who,
            &format!("/occurrences?{query}&count=true&limit={}", limit.max(expected.len() / 6)),
            &expected,
        )
        .await;
        // Each event once, by its first matching occurrence.
        let mut first: HashMap<&str, &Occurrence> = HashMap::new();
        for occurrence in &asked.within {
            first.entry(&occurrence.event).or_insert(occurrence);
        }
        let occurrences = asked.sorted(first.into_values().collect());
        let expected: Vec<&str> = occurrences.iter().map(|occurrence| occurrence.event.as_str()).collect();
        read(
            asked.who,
            &format!("/events?{query}&count=true&limit={}", limit.max(expected.len() / 4)),
            &expected,
        )
        .await;
        facets(&asked).await;
        let month = DAYS[round % DAYS.len()];
        calendar(&asked, &month[..7]).await;
    }
    assert!(some > 120, "{some} of 250 found something");
}

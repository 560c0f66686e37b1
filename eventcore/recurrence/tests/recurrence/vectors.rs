//! Test vectors in `tests/data`: the examples of RFC 5545, the test data of other engines, clock changes, and
//! random rules on which other engines agree.
//!
//! One vector differs from this engine on purpose: see [`START_NOT_COUNTED`].

use chrono_tz::Tz;
use eventcore_recurrence::{DateValue, Instance, Recurrence, Series, SeriesStart};
use serde_json::Value;

/// Vectors that omit a start which the rule does not match. RFC 5545, 3.3.10: "The DTSTART property value
/// always counts as the first occurrence" of COUNT; 3.8.5.3: "The DTSTART property value SHOULD be
/// synchronized with the recurrence rule, if specified. The recurrence set generated with a DTSTART property
/// value not synchronized with the recurrence rule is undefined", and this project defines it: the start is
/// always the first occurrence and counts. These vectors are checked with the start put first, and the last
/// one that it displaces left out.
const START_NOT_COUNTED: [&str; 1] = ["dst-009"];

/// One line of a file: a start, a rule, and the local times of the instances.
struct Vector {
    id: String,
    series: Series,
    all_day: bool,
    utc: bool,
    expected: Vec<String>,
    instants: Option<Vec<String>>,
    complete: bool,
}

impl Vector {
    fn read(line: &str) -> Self {
        let value: Value = serde_json::from_str(line).unwrap();
        let id = value["id"].as_str().unwrap().to_owned();
        let start = DateValue::from_basic(value["dtstart"].as_str().unwrap()).unwrap();
        let tz: Tz = value["tzid"].as_str().unwrap_or("UTC").parse().unwrap();
        let (utc, start) = match start {
            DateValue::Date(date) => (false, SeriesStart::on(date, tz)),
            DateValue::Local(local) => (false, SeriesStart::at(local, tz)),
            DateValue::Utc(instant) => (true, SeriesStart::at(instant.to_utc().naive_utc(), Tz::UTC)),
        };
        let texts = |name: &str| -> Vec<String> {
            let texts = value[name].as_array().into_iter().flatten();
            texts.map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        let rrule = value["rrule"].as_str();
        let recurrence = Recurrence::parse(rrule, &texts("rdate"), &texts("exdate"))
            .unwrap_or_else(|e| panic!("{id}: {e:?}"));
        if let (Some(rule), Some(text)) = (&recurrence.rrule, rrule) {
            assert_eq!(rule.to_string(), text.trim_end_matches(';'), "{id}: Display does not round-trip");
        }
        let series = Series::new(start, recurrence).unwrap_or_else(|e| panic!("{id}: {e}"));
        let instants =
            ["expected_utc", "utc"].iter().find(|name| value[**name].is_array()).map(|name| texts(name));
        let complete = value["complete"].as_bool().unwrap();
        let mut vector =
            Self { id, all_day: start.all_day, utc, expected: texts("expected"), instants, complete, series };
        if START_NOT_COUNTED.contains(&vector.id.as_str()) {
            vector.put_start_first();
        }
        vector
    }

    fn put_start_first(&mut self) {
        let start = self.series.first(1, None).unwrap().instances[0];
        self.expected.insert(0, self.clock(start));
        self.expected.pop();
        if let Some(instants) = &mut self.instants {
            instants.insert(0, DateValue::Utc(start.original_start()).to_basic());
            instants.pop();
        }
    }

    fn clock(&self, instance: Instance) -> String {
        let local = match (self.all_day, self.utc) {
            (true, _) => DateValue::Date(instance.date()),
            (_, true) => DateValue::Utc(instance.original_start()),
            _ => DateValue::Local(instance.local()),
        };
        local.to_basic()
    }

    fn check(&self) {
        let first = self.series.first(self.expected.len(), None).unwrap();
        let clocks: Vec<_> = first.instances.iter().map(|i| self.clock(*i)).collect();
        assert_eq!(clocks, self.expected, "{}", self.id);
        assert!(first.complete || !self.complete, "{}: has more than the expected", self.id);
        if let Some(expected) = &self.instants {
            let instants = first.instances.iter().map(|i| DateValue::Utc(i.original_start()).to_basic());
            assert_eq!(&instants.collect::<Vec<_>>(), expected, "{}", self.id);
        }
        self.check_from_the_middle(&first.instances);
    }

    /// Expansion from any instance on gives the same instances.
    fn check_from_the_middle(&self, instances: &[Instance]) {
        for at in [instances.len() / 2, instances.len().saturating_sub(1)] {
            let rest = self.series.first(instances.len() - at, Some(instances[at].original_start())).unwrap();
            assert_eq!(rest.instances, instances[at..], "{} from the {at}th", self.id);
        }
    }
}

fn check(file: &str, at_least: usize) {
    let path = format!("{}/../../tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let vectors: Vec<_> = text.lines().map(Vector::read).collect();
    assert!(vectors.len() >= at_least, "{file} has {} vectors", vectors.len());
    vectors.iter().for_each(Vector::check);
}

#[test]
fn rules_of_the_rfc_and_of_other_engines() {
    check("rrule-vectors.jsonl", 248);
}

#[test]
fn clock_changes() {
    check("rrule-dst.jsonl", 40);
}

#[test]
fn random_rules_on_which_others_agree() {
    check("rrule-random.jsonl", 1_000);
}

//! What becomes of dates and people when a schedule changes.

use std::collections::BTreeSet;

use chrono::NaiveDateTime;
use chrono_tz::Tz;
use eventcore::Timestamp;
use eventcore::recurrence::{Existing, Limits, Realignment, Recurrence, Removal, Series, Start, realign};

use crate::properties::rules;
use crate::random::{Random, Spec};

/// The dates of a schedule, those before 2028 only.
fn dates(start: &str, tz: Tz, rule: &str) -> Vec<Timestamp> {
    let start: NaiveDateTime = start.parse().unwrap();
    let series = Series::new(Start::at(start, tz), Recurrence::of(rule.parse().unwrap())).unwrap();
    let instances =
        series.schedule(eventcore::Timestamp::MIN, at("2028-01-01T00:00:00Z"), Limits::default()).unwrap();
    instances.iter().map(eventcore::recurrence::Instance::original_start).collect()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The old dates, those before `now` over, each with people.
fn existing(old: &[Timestamp], now: Timestamp) -> Vec<Existing> {
    let date =
        |start: &Timestamp| Existing { original_start: *start, settled: *start < now, registered: true };
    old.iter().map(date).collect()
}

const BERLIN: Tz = Tz::Europe__Berlin;

struct Change {
    old: Vec<Timestamp>,
    new: Vec<Timestamp>,
    plan: Realignment,
}

/// Plans a change in the middle of February 2027.
fn change(from: (&str, Tz, &str), to: (&str, Tz, &str)) -> Change {
    let now = at("2027-02-15T12:00:00Z");
    let (old, new) = (dates(from.0, from.1, from.2), dates(to.0, to.1, to.2));
    let plan = realign(&existing(&old, now), &new, (from.1, to.1), now);
    Change { old, new, plan }
}

impl Change {
    /// How many are kept, added, removed, settled, passed.
    fn counts(&self) -> [usize; 5] {
        let Realignment { kept, added, removed, settled, passed } = &self.plan;
        [kept.len(), added.len(), removed.len(), settled.len(), passed.len()]
    }

    /// By how many seconds the kept ones move.
    fn moves(&self) -> BTreeSet<i64> {
        let by = |(old, new): &(usize, usize)| {
            (self.new[*new].as_micros() - self.old[*old].as_micros()) / 1_000_000
        };
        self.plan.kept.iter().map(by).collect()
    }
}

const THURSDAYS: (&str, Tz, &str) = ("2027-01-07T18:30:00", BERLIN, "FREQ=WEEKLY;COUNT=20");

#[test]
fn later_by_an_hour_all_move_in_order() {
    let change = change(THURSDAYS, ("2027-01-07T19:30:00", BERLIN, "FREQ=WEEKLY;COUNT=20"));
    assert_eq!(change.counts(), [14, 0, 0, 6, 6]);
    assert_eq!(change.moves(), BTreeSet::from([3_600]));
}

#[test]
fn later_by_a_day_all_move_in_order() {
    let change = change(THURSDAYS, ("2027-01-08T18:30:00", BERLIN, "FREQ=WEEKLY;COUNT=20"));
    assert_eq!(change.counts(), [14, 0, 0, 6, 6]);
    assert_eq!(change.moves(), BTreeSet::from([86_400]));
}

#[test]
fn later_by_a_day_every_weekday_moves() {
    let change = change(
        ("2027-01-07T18:30:00", BERLIN, "FREQ=WEEKLY;BYDAY=TH,FR;COUNT=20"),
        ("2027-01-08T18:30:00", BERLIN, "FREQ=WEEKLY;BYDAY=FR,SA;COUNT=20"),
    );
    assert_eq!((change.counts()[0], change.counts()[2]), (8, 0));
    assert_eq!(change.moves(), BTreeSet::from([86_400]));
}

#[test]
fn a_daily_one_that_begins_a_day_later_moves_nobody() {
    let change = change(
        ("2027-02-10T18:30:00", BERLIN, "FREQ=DAILY;COUNT=20"),
        ("2027-02-20T18:30:00", BERLIN, "FREQ=DAILY;COUNT=20"),
    );
    assert_eq!(change.moves(), BTreeSet::from([0]));
    assert_eq!(change.counts(), [10, 10, 5, 5, 0]);
}

#[test]
fn a_quarter_later_all_move_in_order() {
    let change = change(
        ("2027-02-18T18:30:00", BERLIN, "FREQ=WEEKLY;COUNT=12"),
        ("2027-05-20T18:30:00", BERLIN, "FREQ=WEEKLY;COUNT=12"),
    );
    assert_eq!(change.counts(), [12, 0, 0, 0, 0]);
    assert_eq!(change.moves(), BTreeSet::from([91 * 86_400, 91 * 86_400 - 3_600]));
}

#[test]
fn every_second_week_keeps_every_second_date() {
    let change = change(THURSDAYS, ("2027-01-07T18:30:00", BERLIN, "FREQ=WEEKLY;INTERVAL=2;COUNT=20"));
    assert_eq!(change.moves(), BTreeSet::from([0]));
    assert_eq!(change.counts(), [7, 10, 7, 6, 3]);
    assert!(change.plan.removed.iter().all(|(_, removal)| *removal == Removal::Cancel));
}

#[test]
fn a_weekday_less_removes_only_its_dates() {
    let change = change(
        ("2027-01-04T18:30:00", BERLIN, "FREQ=WEEKLY;BYDAY=MO,WE,FR;UNTIL=20270601"),
        ("2027-01-04T18:30:00", BERLIN, "FREQ=WEEKLY;BYDAY=MO,FR;UNTIL=20270601"),
    );
    assert_eq!(change.moves(), BTreeSet::from([0]));
    assert_eq!((change.counts()[1], change.counts()[2]), (0, 15));
}

#[test]
fn another_weekday_beside_one_that_stays_moves_nobody() {
    let change = change(
        ("2027-01-04T18:30:00", BERLIN, "FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20270601"),
        ("2027-01-04T18:30:00", BERLIN, "FREQ=WEEKLY;BYDAY=MO,FR;UNTIL=20270601"),
    );
    assert_eq!(change.moves(), BTreeSet::from([0]));
    assert_eq!(change.counts()[1], change.counts()[2]);
}

#[test]
fn another_zone_keeps_every_date_by_its_clock() {
    for tz in [Tz::America__New_York, Tz::Africa__Lagos, Tz::Asia__Kolkata] {
        let change = change(THURSDAYS, ("2027-01-07T18:30:00", tz, "FREQ=WEEKLY;COUNT=20"));
        assert_eq!(change.counts(), [14, 0, 0, 6, 6], "{tz}");
    }
}

#[test]
fn more_or_fewer_dates_touch_no_other() {
    let more = change(THURSDAYS, ("2027-01-07T18:30:00", BERLIN, "FREQ=WEEKLY;COUNT=25"));
    assert_eq!(more.counts(), [14, 5, 0, 6, 6]);
    let fewer = change(THURSDAYS, ("2027-01-07T18:30:00", BERLIN, "FREQ=WEEKLY;UNTIL=20270331"));
    assert_eq!(fewer.counts(), [6, 0, 8, 6, 6]);
    assert_eq!((more.moves(), fewer.moves()), (BTreeSet::from([0]), BTreeSet::from([0])));
}

#[test]
fn a_night_without_that_hour_moves_with_the_others() {
    let change = change(
        ("2027-02-21T02:30:00", BERLIN, "FREQ=WEEKLY;COUNT=10"),
        ("2027-02-21T04:30:00", BERLIN, "FREQ=WEEKLY;COUNT=10"),
    );
    assert_eq!(change.counts(), [10, 0, 0, 0, 0]);
    assert_eq!(change.moves(), BTreeSet::from([3_600, 7_200]));
}

#[test]
fn nobody_is_moved_months_away_by_another_rule() {
    let change = change(THURSDAYS, ("2027-01-12T18:30:00", BERLIN, "FREQ=MONTHLY;BYDAY=2TU;COUNT=20"));
    assert_eq!(change.counts(), [0, 18, 14, 6, 2]);
}

#[test]
fn what_nobody_registered_for_is_deleted() {
    let now = at("2027-01-01T00:00:00Z");
    let old = [Existing { original_start: at("2027-02-01T10:00:00Z"), settled: false, registered: false }];
    let plan = realign(&old, &[], (Tz::UTC, Tz::UTC), now);
    assert_eq!(plan.removed, [(0, Removal::Delete)]);
}

/// Two schedules that may have anything to do with each other or nothing.
fn random_schedules(random: &mut Random) -> Option<(Spec, Vec<Timestamp>, Spec, Vec<Timestamp>)> {
    let some = |spec: &Spec| {
        let series = Series::new(spec.start(), Recurrence::of(spec.text().parse().ok()?)).ok()?;
        let instances = series.all().take(40).collect::<Result<Vec<_>, _>>().ok()?;
        Some(instances.iter().map(eventcore::recurrence::Instance::original_start).collect::<Vec<_>>())
    };
    let from = Spec::random(random);
    let mut to = if random.one_in(3) { Spec::random(random) } else { from.clone() };
    match random.between(0, 4) {
        0 => to.start += chrono::TimeDelta::minutes(random.between(1, 6_000)),
        1 => to.interval = random.between(1, 4),
        2 => to.tz = Tz::America__New_York,
        3 => to.count = Some(random.between(1, 50)).filter(|_| to.until.is_none()),
        _ => {}
    }
    let (old, new) = (some(&from)?, some(&to)?);
    Some((from, old, to, new))
}

#[test]
fn nothing_is_lost_and_nothing_is_twice() {
    let mut random = Random::new(7);
    for seed in 0..rules() {
        let Some((from, old, to, new)) = random_schedules(&mut random) else { continue };
        let now = old[random.index(old.len())];
        let old: Vec<_> = old
            .iter()
            .map(|start| Existing {
                original_start: *start,
                settled: *start < now,
                registered: random.one_in(2),
            })
            .collect();
        let plan = realign(&old, &new, (from.tz, to.tz), now);
        let shown = format!("{seed}: {} → {} {plan:?}", from.text(), to.text());

        let mut was: Vec<usize> = plan.kept.iter().map(|pair| pair.0).collect();
        was.extend(plan.removed.iter().map(|removed| removed.0));
        was.extend(&plan.settled);
        was.sort_unstable();
        assert!(was.iter().copied().eq(0..old.len()), "each old date has one place: {shown}");

        let mut is: Vec<usize> = plan.kept.iter().map(|pair| pair.1).collect();
        is.extend(&plan.added);
        is.extend(&plan.passed);
        is.sort_unstable();
        assert!(is.iter().copied().eq(0..new.len()), "each new date has one place: {shown}");

        assert!(plan.settled.iter().all(|i| old[*i].settled), "{shown}");
        assert_eq!(
            plan.settled.len(),
            old.iter().filter(|date| date.settled).count(),
            "the past is untouched: {shown}"
        );
        for (i, removal) in &plan.removed {
            assert_eq!(
                *removal == Removal::Cancel,
                old[*i].registered,
                "people are told, not deleted: {shown}"
            );
        }
        for (_, to) in &plan.kept {
            let begun = old.iter().any(|date| date.settled && date.original_start == new[*to]);
            assert!(new[*to] >= now && !begun, "nobody is moved into the past: {shown}");
        }
        assert!(plan.added.iter().all(|i| new[*i] >= now), "nothing is made in the past: {shown}");
        let mut pairs: Vec<_> =
            plan.kept.iter().map(|(from, to)| (old[*from].original_start, new[*to])).collect();
        pairs.sort_unstable();
        assert!(pairs.windows(2).all(|two| two[0].1 < two[1].1), "nobody overtakes: {shown}");
    }
}

#[test]
fn the_same_schedule_changes_nothing() {
    let mut random = Random::new(8);
    for _ in 0..rules() {
        let Some((from, old, _, _)) = random_schedules(&mut random) else { continue };
        let now = old[random.index(old.len())];
        let plan = realign(&existing(&old, now), &old, (from.tz, from.tz), now);
        assert!(plan.added.is_empty() && plan.removed.is_empty(), "{}", from.text());
        assert!(plan.kept.iter().all(|(from, to)| from == to));
    }
}

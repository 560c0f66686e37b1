//! What a change of schedule does to occurrences and registrations.

use std::collections::BTreeSet;

use chrono::NaiveDateTime;
use chrono_tz::Tz;
use eventcore_recurrence::Timestamp;
use eventcore_recurrence::{
    ExistingOccurrence, ExistingState, NominalStart, Recurrence, Removal, Rule, ScheduleChange, ScheduleDiff,
    ScheduleLimits, Series, SeriesStart,
};

use crate::properties::rules;
use crate::random::{Random, Spec};

/// The starts of a schedule before 2028.
fn starts(start: &str, tz: Tz, rule: &str) -> Vec<NominalStart> {
    let start: NaiveDateTime = start.parse().unwrap();
    let series = Series::new(SeriesStart::at(start, tz), Recurrence::of(rule.parse().unwrap())).unwrap();
    let instances = series
        .schedule(eventcore_recurrence::Timestamp::MIN, at("2028-01-01T00:00:00Z"), ScheduleLimits::default())
        .unwrap();
    instances.iter().map(NominalStart::from).collect()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Occurrences at the starts `old`, each with registrations; those before `now` have begun.
fn existing(old: &[NominalStart], now: Timestamp) -> Vec<ExistingOccurrence> {
    let occurrence = |start: &NominalStart| ExistingOccurrence {
        start: *start,
        state: state(*start, now),
        has_registrations: true,
    };
    old.iter().map(occurrence).collect()
}

fn state(start: NominalStart, now: Timestamp) -> ExistingState {
    if start.at < now { ExistingState::Begun } else { ExistingState::Scheduled }
}

const BERLIN: Tz = Tz::Europe__Berlin;

struct Change {
    old: Vec<NominalStart>,
    new: Vec<NominalStart>,
    diff: ScheduleDiff,
}

/// A change in the middle of February 2027.
fn change(from: (&str, Tz, &str), to: (&str, Tz, &str)) -> Change {
    let now = at("2027-02-15T12:00:00Z");
    let (old, new) = (starts(from.0, from.1, from.2), starts(to.0, to.1, to.2));
    let (existing, rule): (_, Rule) = (existing(&old, now), from.2.parse().unwrap());
    let change = ScheduleChange {
        existing: &existing,
        rule: Some(&rule),
        new: &new,
        was_all_day: false,
        all_day: false,
        from: now,
    };
    let diff = ScheduleDiff::between(&change);
    Change { old, new, diff }
}

impl Change {
    /// The numbers of matched, added, removed, unchanged and skipped ones.
    fn counts(&self) -> [usize; 5] {
        let ScheduleDiff { matched, added, removed, unchanged, skipped, .. } = &self.diff;
        [matched.len(), added.len(), removed.len(), unchanged.len(), skipped.len()]
    }

    /// The distances in seconds by which the matched ones move.
    fn moves(&self) -> BTreeSet<i64> {
        let by = |(old, new): &(usize, usize)| {
            (self.new[*new].at.as_micros() - self.old[*old].at.as_micros()) / 1_000_000
        };
        self.diff.matched.iter().map(by).collect()
    }
}

const THURSDAYS: (&str, Tz, &str) = ("2027-01-07T18:30:00", BERLIN, "FREQ=WEEKLY;COUNT=20");

#[test]
fn one_hour_later_moves_all_in_order() {
    let change = change(THURSDAYS, ("2027-01-07T19:30:00", BERLIN, "FREQ=WEEKLY;COUNT=20"));
    assert_eq!(change.counts(), [14, 0, 0, 6, 6]);
    assert_eq!(change.moves(), BTreeSet::from([3_600]));
}

#[test]
fn one_day_later_moves_all_in_order() {
    let change = change(THURSDAYS, ("2027-01-08T18:30:00", BERLIN, "FREQ=WEEKLY;COUNT=20"));
    assert_eq!(change.counts(), [14, 0, 0, 6, 6]);
    assert_eq!(change.moves(), BTreeSet::from([86_400]));
}

#[test]
fn one_day_later_moves_every_weekday() {
    let change = change(
        ("2027-01-07T18:30:00", BERLIN, "FREQ=WEEKLY;BYDAY=TH,FR;COUNT=20"),
        ("2027-01-08T18:30:00", BERLIN, "FREQ=WEEKLY;BYDAY=FR,SA;COUNT=20"),
    );
    assert_eq!((change.counts()[0], change.counts()[2]), (8, 0));
    assert_eq!(change.moves(), BTreeSet::from([86_400]));
}

#[test]
fn a_daily_series_that_begins_later_keeps_common_starts() {
    let change = change(
        ("2027-02-10T18:30:00", BERLIN, "FREQ=DAILY;COUNT=20"),
        ("2027-02-20T18:30:00", BERLIN, "FREQ=DAILY;COUNT=20"),
    );
    assert_eq!(change.moves(), BTreeSet::from([0]));
    assert_eq!(change.counts(), [10, 10, 5, 5, 0]);
}

#[test]
fn a_quarter_later_moves_all_in_order() {
    let change = change(
        ("2027-02-18T18:30:00", BERLIN, "FREQ=WEEKLY;COUNT=12"),
        ("2027-05-20T18:30:00", BERLIN, "FREQ=WEEKLY;COUNT=12"),
    );
    assert_eq!(change.counts(), [12, 0, 0, 0, 0]);
    assert_eq!(change.moves(), BTreeSet::from([91 * 86_400, 91 * 86_400 - 3_600]));
}

#[test]
fn every_other_week_keeps_every_other_occurrence() {
    let change = change(THURSDAYS, ("2027-01-07T18:30:00", BERLIN, "FREQ=WEEKLY;INTERVAL=2;COUNT=20"));
    assert_eq!(change.moves(), BTreeSet::from([0]));
    assert_eq!(change.counts(), [7, 10, 7, 6, 3]);
    assert!(change.diff.removed.iter().all(|(_, removal)| *removal == Removal::Cancel));
}

#[test]
fn dropping_a_weekday_removes_only_its_occurrences() {
    let change = change(
        ("2027-01-04T18:30:00", BERLIN, "FREQ=WEEKLY;BYDAY=MO,WE,FR;UNTIL=20270601"),
        ("2027-01-04T18:30:00", BERLIN, "FREQ=WEEKLY;BYDAY=MO,FR;UNTIL=20270601"),
    );
    assert_eq!(change.moves(), BTreeSet::from([0]));
    assert_eq!((change.counts()[1], change.counts()[2]), (0, 15));
}

#[test]
fn replacing_one_of_two_weekdays_moves_only_its_occurrences() {
    let change = change(
        ("2027-01-04T18:30:00", BERLIN, "FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20270601"),
        ("2027-01-04T18:30:00", BERLIN, "FREQ=WEEKLY;BYDAY=MO,FR;UNTIL=20270601"),
    );
    assert_eq!(change.moves(), BTreeSet::from([0, 2 * 86_400]));
    assert_eq!((change.counts()[1], change.counts()[2]), (0, 0));
}

#[test]
fn another_zone_keeps_wall_clock_times() {
    for tz in [Tz::America__New_York, Tz::Africa__Lagos, Tz::Asia__Kolkata] {
        let change = change(THURSDAYS, ("2027-01-07T18:30:00", tz, "FREQ=WEEKLY;COUNT=20"));
        assert_eq!(change.counts(), [14, 0, 0, 6, 6], "{tz}");
    }
}

#[test]
fn a_longer_or_shorter_series_changes_no_other_occurrence() {
    let more = change(THURSDAYS, ("2027-01-07T18:30:00", BERLIN, "FREQ=WEEKLY;COUNT=25"));
    assert_eq!(more.counts(), [14, 5, 0, 6, 6]);
    let fewer = change(THURSDAYS, ("2027-01-07T18:30:00", BERLIN, "FREQ=WEEKLY;UNTIL=20270331"));
    assert_eq!(fewer.counts(), [6, 0, 8, 6, 6]);
    assert_eq!((more.moves(), fewer.moves()), (BTreeSet::from([0]), BTreeSet::from([0])));
}

#[test]
fn a_start_in_a_gap_moves_with_the_others() {
    let change = change(
        ("2027-02-21T02:30:00", BERLIN, "FREQ=WEEKLY;COUNT=10"),
        ("2027-02-21T04:30:00", BERLIN, "FREQ=WEEKLY;COUNT=10"),
    );
    assert_eq!(change.counts(), [10, 0, 0, 0, 0]);
    assert_eq!(change.moves(), BTreeSet::from([3_600, 7_200]));
}

#[test]
fn an_unrelated_rule_moves_the_nearest() {
    let change = change(THURSDAYS, ("2027-01-12T18:30:00", BERLIN, "FREQ=MONTHLY;BYDAY=2TU;COUNT=20"));
    // The second Tuesdays of March to May, each next to a Thursday.
    assert_eq!(change.counts(), [3, 15, 11, 6, 2]);
    assert_eq!(change.moves(), BTreeSet::from([-2 * 86_400]));
}

fn on(day: u32) -> NominalStart {
    let nominal = chrono::NaiveDate::from_ymd_opt(2027, 2, day).unwrap().and_hms_opt(10, 0, 0).unwrap();
    NominalStart { at: nominal.and_utc().into(), nominal }
}

fn diff_of(existing: &[ExistingOccurrence], new: &[NominalStart]) -> ScheduleDiff {
    let rule: Rule = "FREQ=WEEKLY".parse().unwrap();
    let now = at("2027-01-01T00:00:00Z");
    ScheduleDiff::between(&ScheduleChange {
        existing,
        rule: Some(&rule),
        new,
        was_all_day: false,
        all_day: false,
        from: now,
    })
}

#[test]
fn an_occurrence_without_registrations_is_deleted() {
    let old =
        [ExistingOccurrence { start: on(1), state: ExistingState::Scheduled, has_registrations: false }];
    assert_eq!(diff_of(&old, &[]).removed, [(0, Removal::Delete)]);
}

#[test]
fn an_occurrence_that_the_rule_cancelled_comes_back_with_its_start() {
    let cancelled = |day, has_registrations| ExistingOccurrence {
        start: on(day),
        state: ExistingState::CancelledByRule,
        has_registrations,
    };
    let other = ExistingOccurrence { state: ExistingState::Scheduled, ..cancelled(1, true) };
    let old = [other, cancelled(3, true), cancelled(10, true)];
    let back = diff_of(&old, &[on(1), on(3), on(8)]);
    assert_eq!((back.matched, back.restored, back.added), (vec![(0, 0)], vec![(1, 1)], vec![2]));
    assert_eq!((back.removed, back.unchanged), (vec![], vec![2]));
    // Others that take place have the start first.
    let taken = diff_of(&old, &[on(3)]);
    assert_eq!((taken.matched, taken.restored, taken.unchanged), (vec![(0, 0)], vec![], vec![1, 2]));
}

#[test]
fn an_occurrence_that_an_organizer_cancelled_keeps_its_start_and_stays_cancelled() {
    let old = |state| [ExistingOccurrence { start: on(1), state, has_registrations: true }];
    assert_eq!(diff_of(&old(ExistingState::Cancelled), &[on(1)]).matched, [(0, 0)]);
    let record = diff_of(&old(ExistingState::Record), &[on(1)]);
    assert_eq!((record.unchanged, record.skipped, record.added), (vec![0], vec![0], vec![]));
}

#[test]
fn times_that_become_days_are_compared_by_day() {
    let timed = |day| ExistingOccurrence {
        start: NominalStart { nominal: on(day).nominal + chrono::TimeDelta::hours(13), ..on(day) },
        state: ExistingState::Scheduled,
        has_registrations: true,
    };
    let midnight = |day| NominalStart { nominal: on(day).nominal.date().into(), ..on(day) };
    let rule: Rule = "FREQ=DAILY".parse().unwrap();
    let change = ScheduleChange {
        existing: &[timed(1), timed(2)],
        rule: Some(&rule),
        new: &[midnight(1), midnight(2)],
        was_all_day: false,
        all_day: true,
        from: at("2027-01-01T00:00:00Z"),
    };
    assert_eq!(ScheduleDiff::between(&change).matched, [(0, 0), (1, 1)]);
}

#[test]
fn days_whose_midnight_the_clocks_skip_move_with_the_others() {
    let days = |start: &str| {
        let start: NaiveDateTime = start.parse().unwrap();
        let start = SeriesStart::on(start.date(), Tz::America__Santiago);
        let series = Series::new(start, Recurrence::of("FREQ=WEEKLY;COUNT=3".parse().unwrap())).unwrap();
        let instances: Vec<_> = series.iter().map(Result::unwrap).collect();
        instances.iter().map(NominalStart::from).collect::<Vec<_>>()
    };
    let (old, new) = (days("2027-08-29T00:00:00"), days("2027-08-28T00:00:00"));
    assert_eq!(diff_of(&existing(&old, at("2027-01-01T00:00:00Z")), &new).matched, [(0, 0), (1, 1), (2, 2)]);
}

/// Two random schedules, related or not.
fn random_schedules(random: &mut Random) -> Option<(Spec, Vec<NominalStart>, Spec, Vec<NominalStart>)> {
    let some = |spec: &Spec| {
        let series = Series::new(spec.start(), Recurrence::of(spec.text().parse().ok()?)).ok()?;
        let instances = series.iter().take(40).collect::<Result<Vec<_>, _>>().ok()?;
        Some(instances.iter().map(NominalStart::from).collect::<Vec<_>>())
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
fn every_occurrence_and_start_is_in_one_list() {
    let mut random = Random::new(7);
    for seed in 0..rules() {
        let Some((from, old, to, new)) = random_schedules(&mut random) else { continue };
        let now = old[random.index(old.len())].at;
        let old: Vec<_> = old
            .iter()
            .map(|start| ExistingOccurrence {
                start: *start,
                state: if random.one_in(5) { ExistingState::CancelledByRule } else { state(*start, now) },
                has_registrations: random.one_in(2),
            })
            .collect();
        let rule: Rule = from.text().parse().unwrap();
        let (was_all_day, to_days) = (from.all_day, to.all_day);
        let change = ScheduleChange {
            existing: &old,
            rule: Some(&rule),
            new: &new,
            was_all_day,
            all_day: to_days,
            from: now,
        };
        let diff = ScheduleDiff::between(&change);
        let shown = format!("{seed}: {} → {} {diff:?}", from.text(), to.text());

        let mut was: Vec<usize> = diff.matched.iter().chain(&diff.restored).map(|pair| pair.0).collect();
        was.extend(diff.removed.iter().map(|removed| removed.0));
        was.extend(&diff.unchanged);
        was.sort_unstable();
        assert!(was.iter().copied().eq(0..old.len()), "each occurrence is in one list: {shown}");

        let mut is: Vec<usize> = diff.matched.iter().chain(&diff.restored).map(|pair| pair.1).collect();
        is.extend(&diff.added);
        is.extend(&diff.skipped);
        is.sort_unstable();
        assert!(is.iter().copied().eq(0..new.len()), "each new start is in one list: {shown}");

        let settled = |i: &usize| old[*i].state == ExistingState::Begun;
        let cancelled = |i: &usize| old[*i].state == ExistingState::CancelledByRule;
        let unchanged = |i: &usize| diff.unchanged.contains(i);
        assert!((0..old.len()).filter(settled).all(|i| unchanged(&i)), "begun ones do not change: {shown}");
        assert!(diff.unchanged.iter().all(|i| settled(i) || cancelled(i)), "{shown}");
        assert!(diff.restored.iter().all(|(from, _)| cancelled(from)), "{shown}");
        for (i, removal) in &diff.removed {
            assert_eq!(
                *removal == Removal::Cancel,
                old[*i].has_registrations,
                "an occurrence with registrations is cancelled, not deleted: {shown}"
            );
        }
        for (_, to) in &diff.matched {
            let taken = (0..old.len()).any(|i| settled(&i) && old[i].start.at == new[*to].at);
            let is_past = new[*to].at < now && !to_days;
            assert!(!is_past && !taken, "nothing moves into the past: {shown}");
        }
        assert!(diff.added.iter().all(|i| new[*i].at >= now), "nothing is added in the past: {shown}");
        let mut pairs: Vec<_> =
            diff.matched.iter().map(|(from, to)| (old[*from].start.nominal, new[*to].nominal)).collect();
        pairs.sort_unstable();
        assert!(pairs.windows(2).all(|two| two[0].1 <= two[1].1), "the order does not change: {shown}");
    }
}

#[test]
fn the_same_schedule_changes_nothing() {
    let mut random = Random::new(8);
    for _ in 0..rules() {
        let Some((from, old, _, _)) = random_schedules(&mut random) else { continue };
        let now = old[random.index(old.len())].at;
        let (existing, rule): (_, Rule) = (existing(&old, now), from.text().parse().unwrap());
        let change = ScheduleChange {
            existing: &existing,
            rule: Some(&rule),
            new: &old,
            was_all_day: false,
            all_day: false,
            from: now,
        };
        let diff = ScheduleDiff::between(&change);
        assert!(diff.added.is_empty() && diff.removed.is_empty(), "{}", from.text());
        assert!(diff.matched.iter().all(|(from, to)| from == to));
    }
}

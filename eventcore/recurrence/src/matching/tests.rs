use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const HOUR: i64 = 3_600;

fn rule(text: &str) -> Rule {
    text.parse().unwrap()
}

fn registered(walls: &[i64]) -> Vec<OldStart> {
    walls.iter().map(|wall| OldStart { wall: *wall, registered: true }).collect()
}

/// Starts every `step` seconds.
fn every(step: i64, from: i64, count: i64) -> Vec<i64> {
    (0..count).map(|n| from + n * step).collect()
}

/// How far each occurrence moves; `None` for those left over.
fn moves(old: &[OldStart], new: &[i64], rule: Option<&Rule>) -> Vec<Option<i64>> {
    let pairs = match_starts(old, new, rule);
    let new_of = |i: usize| pairs.iter().find(|(from, _)| *from == i).map(|(_, to)| new[*to]);
    old.iter().enumerate().map(|(i, old)| Some(new_of(i)? - old.wall)).collect()
}

#[test]
fn months_of_unequal_length_move_in_order() {
    // Days since 30 August: the 30th of six months, and the 1st of six.
    let old: Vec<i64> = [0, 31, 61, 92, 122, 153].map(|day| day * DAY).to_vec();
    let new: Vec<i64> = [2, 32, 63, 93, 124, 155].map(|day| day * DAY).to_vec();
    let monthly = rule("FREQ=MONTHLY;COUNT=6");
    let expected = [2, 1, 2, 1, 2, 2].map(|days| Some(days * DAY));
    assert_eq!(moves(&registered(&old), &new, Some(&monthly)), expected);
    let expected = expected.map(|by| by.map(|by| -by));
    assert_eq!(moves(&registered(&new), &old, Some(&monthly)), expected);
}

#[test]
fn a_whole_schedule_moves_in_order_at_any_distance() {
    let weekly = rule("FREQ=WEEKLY");
    let old = registered(&every(7 * DAY, 0, 5));
    for by in [HOUR, -HOUR, DAY, 5 * DAY, -6 * DAY, 91 * DAY, -200 * DAY] {
        let new = every(7 * DAY, by, 5);
        assert_eq!(moves(&old, &new, Some(&weekly)), [Some(by); 5], "{by}");
    }
    // Mondays and Wednesdays become Wednesdays and Fridays: nobody stays on a Wednesday.
    let twice = |from: i64| [every(7 * DAY, from, 4), every(7 * DAY, from + 2 * DAY, 4)].concat();
    let [mut old, mut new] = [twice(0), twice(2 * DAY)];
    old.sort_unstable();
    new.sort_unstable();
    assert_eq!(moves(&registered(&old), &new, Some(&weekly)), [Some(2 * DAY); 8]);
}

#[test]
fn a_single_occurrence_moves_anywhere() {
    let old = registered(&[0]);
    assert_eq!(moves(&old, &[400 * DAY], None), [Some(400 * DAY)]);
    assert_eq!(moves(&old, &[-3 * DAY, 2 * DAY, 9 * DAY], None), [Some(2 * DAY)]);
}

#[test]
fn common_starts_stay() {
    let daily = rule("FREQ=DAILY;COUNT=20");
    let expected = [vec![None; 10], vec![Some(0); 10]].concat();
    assert_eq!(moves(&registered(&every(DAY, 0, 20)), &every(DAY, 10 * DAY, 20), Some(&daily)), expected);
    // Every other week: the others have no start within half a week.
    let weekly = rule("FREQ=WEEKLY");
    let new = every(14 * DAY, 0, 6);
    let expected = [Some(0), None, Some(0), None, Some(0), None];
    assert_eq!(moves(&registered(&every(7 * DAY, 0, 6)), &new, Some(&weekly)), expected);
}

#[test]
fn one_of_two_showings_a_day_moves() {
    let showings = |times: [i64; 2]| -> Vec<i64> {
        (0..3).flat_map(|day| times.map(|hour| day * DAY + hour * HOUR)).collect()
    };
    let daily = rule("FREQ=DAILY;BYHOUR=15,20");
    let old = registered(&showings([15, 20]));
    assert_eq!(moves(&old, &showings([16, 20]), Some(&daily)), [Some(HOUR), Some(0)].repeat(3));
    assert_eq!(moves(&old, &showings([15, 22]), Some(&daily)), [Some(0), Some(2 * HOUR)].repeat(3));
    // Of two on one day, one is left over: the later.
    assert_eq!(moves(&registered(&[0, 0, DAY, DAY]), &[0, DAY], Some(&daily)), [Some(0), None].repeat(2));
}

#[test]
fn one_of_two_weekdays_moves() {
    let days = |days: [i64; 2]| -> Vec<i64> {
        (0..4).flat_map(|week| days.map(|day| (week * 7 + day) * DAY)).collect()
    };
    let weekly = rule("FREQ=WEEKLY;BYDAY=MO,WE");
    let old = registered(&days([0, 2]));
    assert_eq!(moves(&old, &days([0, 4]), Some(&weekly)), [Some(0), Some(2 * DAY)].repeat(4));
}

#[test]
fn starts_go_to_occurrences_with_registrations() {
    let weekly = rule("FREQ=WEEKLY");
    let old = [
        OldStart { wall: 0, registered: false },
        OldStart { wall: 2 * DAY, registered: true },
        OldStart { wall: 7 * DAY, registered: false },
    ];
    assert_eq!(moves(&old, &[DAY], Some(&weekly)), [None, Some(-DAY), None]);
    // A start that stays is not free for others.
    assert_eq!(moves(&old, &[0], Some(&weekly)), [Some(0), None, None]);
    // Of two on one day, the one with registrations stays.
    let [first, second, _] = old;
    let day = [OldStart { wall: 0, ..first }, OldStart { wall: 0, ..second }];
    assert_eq!(moves(&day, &[0], Some(&weekly)), [None, Some(0)]);
}

#[test]
fn occurrences_that_nobody_attends_give_way() {
    let weekly = rule("FREQ=WEEKLY");
    let on = |day: i64, registered: bool| OldStart { wall: day * DAY, registered };
    let old = [on(0, false), on(1, false), on(6, true), on(7, true), on(8, false), on(13, false)];
    let expected = [None, None, Some(2 * DAY), Some(2 * DAY), None, None];
    assert_eq!(moves(&old, &[8 * DAY, 9 * DAY], Some(&weekly)), expected);
}

#[test]
fn the_whole_schedule_moves_by_the_smallest_shift_that_fits() {
    let weekly = rule("FREQ=WEEKLY");
    let old = [0, 5].map(|day| OldStart { wall: day * DAY, registered: false });
    let new = [-6, -5, -4, 1, 2, 3, 8, 9, 10].map(|day| day * DAY);
    let total = |moves: Vec<Option<i64>>| moves.into_iter().flatten().map(i64::abs).sum::<i64>();
    assert!(total(moves(&old, &new, Some(&weekly))) <= 6 * DAY);
    // Every other start of the new schedule is a day later: the one in between is new.
    assert_eq!(moves(&registered(&[0, 7 * DAY]), &[DAY, 4 * DAY, 8 * DAY], Some(&weekly)), [Some(DAY); 2]);
}

#[test]
fn dense_rules_are_matched_too() {
    let hourly = every(HOUR, 0, 17_000);
    let new: Vec<i64> = (0..17_000).map(|n| n * HOUR + HOUR / (4 + n % 3)).collect();
    let pairs = match_starts(&registered(&hourly), &new, Some(&rule("FREQ=YEARLY")));
    assert!(pairs.iter().map(|(from, to)| (*from, *to)).eq((0..17_000).map(|n| (n, n))));
}

fn is_kept(old: OldStart, new: &[i64]) -> bool {
    old.registered || new.contains(&old.wall)
}

/// The occurrences that count first.
fn kept(old: &[OldStart], new: &[i64]) -> Vec<i64> {
    old.iter().filter(|old| is_kept(**old, new)).map(|old| old.wall).collect()
}

/// The least cost over all matchings, in order or not.
fn least_cost(old: &[i64], new: &[i64], limit: i64) -> (i64, usize) {
    let Some((first, rest)) = old.split_first() else { return (0, 0) };
    let (cost, left) = least_cost(rest, new, limit);
    let mut least = (cost + limit, left + 1);
    for (i, wall) in new.iter().enumerate().filter(|(_, wall)| (*wall - first).abs() <= limit) {
        let others = [&new[..i], &new[i + 1..]].concat();
        let (cost, left) = least_cost(rest, &others, limit);
        least = least.min((cost + (wall - first).abs(), left));
    }
    least
}

fn cost(pairs: &Pairs, old: &[OldStart], new: &[i64], limit: i64) -> (i64, usize) {
    let shift = |(from, to): &(usize, usize)| (new[*to] - old[*from].wall).abs();
    let matched = pairs.iter().filter(|(from, _)| is_kept(old[*from], new));
    let left = kept(old, new).len() - matched.clone().count();
    (matched.map(shift).sum::<i64>() + limit * i64::try_from(left).unwrap(), left)
}

/// Lists of few starts, in days, often the same.
fn starts() -> impl Strategy<Value = (Vec<OldStart>, Vec<i64>)> {
    let old = vec((0_i64..30, any::<bool>()), 0..7).prop_map(|mut old| {
        old.sort_unstable();
        old.into_iter().map(|(wall, registered)| OldStart { wall, registered }).collect()
    });
    let new = vec(0_i64..30, 0..7).prop_map(|mut new| {
        new.sort_unstable();
        new
    });
    (old, new)
}

/// A weekly schedule, and what an organizer makes of it: weekdays, shift, times and number.
fn edits() -> impl Strategy<Value = (Vec<OldStart>, Vec<i64>)> {
    let schedule = (vec(0_i64..7, 1..4), 1_i64..9, 1_i64..3);
    let edit = (schedule.clone(), prop_oneof![Just(0_i64), -20_i64..20], any::<bool>());
    (schedule, edit, vec(any::<bool>(), 30)).prop_map(|(was, (is, shift, replaced), with_people)| {
        let expand = |(days, count, interval): &(Vec<i64>, i64, i64), by: i64| {
            let weeks = 0..*count;
            let mut walls: Vec<i64> = weeks
                .flat_map(|week| days.iter().map(move |day| (week * interval * 7 + day) * DAY))
                .collect();
            walls.sort_unstable();
            walls.dedup();
            walls.iter().map(|wall| wall + by * DAY / 2).collect::<Vec<_>>()
        };
        let old = expand(&was, 0).into_iter().zip(with_people);
        let old = old.map(|(wall, registered)| OldStart { wall, registered }).collect();
        (old, expand(if replaced { &is } else { &was }, shift))
    })
}

proptest! {
    #[test]
    fn the_nearest_matching_has_the_smallest_total_shift((old, new) in starts(), limit in 0_i64..12) {
        let pairs = cheapest(&old, &new, limit);
        prop_assert!(pairs.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 < two[1].1));
        prop_assert_eq!(cost(&pairs, &old, &new, limit), least_cost(&kept(&old, &new), &new, limit));
    }

    #[test]
    fn nobody_is_cancelled_while_a_start_is_near((old, new) in edits()) {
        let weekly = rule("FREQ=WEEKLY");
        let pairs = match_starts(&old, &new, Some(&weekly));
        prop_assert!(pairs.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 < two[1].1));
        let limit = Spacing::of(Some(&weekly), &old).limit();
        // A start is free if nothing has it, or something without registrations moves there.
        let is_taken = |at: usize| {
            let of = pairs.iter().find(|(_, to)| *to == at).map(|(from, _)| old[*from]);
            of.is_some_and(|old| old.registered || old.wall == new[at])
        };
        for (i, left) in old.iter().enumerate().filter(|(_, old)| old.registered) {
            let kept = pairs.iter().any(|(from, _)| *from == i);
            let near = (0..new.len()).find(|at| (new[*at] - left.wall).abs() <= limit && !is_taken(*at));
            prop_assert!(kept || near.is_none(), "{left:?} {near:?} {pairs:?}");
        }
    }

    #[test]
    fn nobody_moves_further_than_the_smallest_total_shift_needs((old, new) in edits()) {
        let weekly = rule("FREQ=WEEKLY");
        let pairs = match_starts(&old, &new, Some(&weekly));
        let shifts: Vec<i64> = pairs.iter().map(|(from, to)| new[*to] - old[*from].wall).collect();
        let in_order = pairs.len() == old.len().min(new.len())
            && shifts.windows(2).all(|two| two[0] == two[1])
            && pairs.windows(2).all(|two| two[1].0 == two[0].0 + 1 && two[1].1 == two[0].1 + 1);
        let limit = Spacing::of(Some(&weekly), &old).limit();
        let best = nearest(&old, &new, limit);
        prop_assert!(in_order || cost(&pairs, &old, &new, limit) == cost(&best, &old, &new, limit));
        // A whole schedule moves by the smallest of its shifts.
        let smaller = in_order && new.iter().any(|wall| {
            let by = wall - old[0].wall;
            by.abs() < shifts.first().map_or(0, |by| by.abs())
                && old.iter().all(|old| new.contains(&(old.wall + by)))
        });
        prop_assert!(!smaller, "{pairs:?}");
    }
}

//! The month.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use crossterm::event::KeyCode;
use serde_json::json;

use crate::app::driven::{Driven, occurrence};
use crate::backend::{ApiError, ErrorKind, Request, Response};
use crate::keys::Place;
use crate::message::Message;
use crate::screens::week_tests::date;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The counts of the month of a day, from its first day on.
pub(crate) fn counts(of: &str, counts: &[i64]) -> Response {
    let first = day(of);
    let days =
        first.iter_days().take_while(|day| day.format("%m").to_string() == first.format("%m").to_string());
    let counts = counts.iter().copied().chain(std::iter::repeat(0));
    Response::DailyCounts(days.zip(counts).collect::<BTreeMap<_, _>>())
}

fn is_month(request: &Request) -> bool {
    matches!(request, Request::DailyCounts { .. })
}

fn is_day(request: &Request) -> bool {
    matches!(request, Request::OccurrencesOn { .. })
}

/// Saturday, 6 March 2027, before the responses.
fn asked() -> Driven {
    let mut driven = Driven::new().with_agenda(9).signed_in();
    driven.press(KeyCode::Char('2')).press(KeyCode::Down);
    driven
}

fn shown() -> Driven {
    let mut driven = asked();
    driven.respond(is_month, Ok(counts("2027-03-01", &[1, 2, 3, 4, 5, 6, 0, 500])));
    let fair =
        json!({"title": "Spring fair", "starts_at": "2027-03-04", "ends_at": "2027-03-07", "all_day": true});
    let camp = json!({
        "title": "Winter camp of the climbers", "starts_at": "2027-02-27T09:00:00+01:00",
        "ends_at": "2027-03-06T17:00:00+01:00"
    });
    let tokyo =
        json!({"title": "夜桜を見る会", "starts_at": "2027-03-07T04:00:00+09:00", "timezone": "Asia/Tokyo"});
    let mut occurrences = vec![date(90, &fair), date(91, &camp)];
    occurrences.extend((15..18).map(occurrence));
    occurrences.push(date(92, &tokyo));
    driven.respond(is_day, Ok(Response::OccurrencesOn(occurrences)));
    driven
}

#[test]
fn all_sizes_and_states() {
    let mut driven = asked();
    insta::assert_snapshot!("month_loading", driven.wait(200).picture(80, 24));
    let away = || ApiError::unavailable("the server does not answer");
    driven.respond(is_month, Err(away())).respond(is_day, Err(away()));
    insta::assert_snapshot!("month_error", driven.picture(80, 24));
    let mut driven = asked();
    driven
        .respond(is_month, Ok(counts("2027-03-01", &[])))
        .respond(is_day, Ok(Response::OccurrencesOn(Vec::new())));
    insta::assert_snapshot!("month_empty", driven.picture(80, 24));
    let driven = shown();
    insta::assert_snapshot!("month_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("month_100x40", driven.picture(100, 40));
    insta::assert_snapshot!("month_40x15", driven.picture(40, 15));
}

fn is_titles(request: &Request) -> bool {
    matches!(request, Request::OccurrencesOn { limit: 1_000, .. })
}

#[test]
fn wide_screens_show_titles_in_the_cells() {
    let mut driven = Driven::new().with_agenda(9).signed_in();
    driven.send(Message::Resized { width: 120, height: 40 });
    driven.press(KeyCode::Char('2')).press(KeyCode::Char('l'));
    driven.respond(is_month, Ok(counts("2027-02-01", &[0, 3])));
    driven.press(KeyCode::Char('l')).press(KeyCode::Char('l'));
    let wanted = |driven: &Driven| {
        driven.sent.iter().filter(|(_, request)| is_titles(request)).cloned().collect::<Vec<_>>()
    };
    let month = |day_of: &str, to: &str| (day(day_of), day(to));
    let asked: Vec<_> = wanted(&driven);
    let asked = asked.iter().map(|(_, request)| match request {
        Request::OccurrencesOn { days, .. } => (days.from, days.to),
        _ => unreachable!(),
    });
    assert_eq!(
        asked.collect::<Vec<_>>(),
        [month("2027-02-01", "2027-02-28"), month("2027-03-01", "2027-03-31")],
        "once a month"
    );
    // Without titles, or where there are too many, the cells have numbers.
    driven.respond(is_month, Ok(counts("2027-03-01", &[3, 3, 2, 8, 0, 3, 0, 500, 0, 1])));
    driven.respond(is_day, Ok(Response::OccurrencesOn((0..3).map(occurrence).collect())));
    driven.sent.retain(|(_, request)| !is_titles(request));
    driven.wait(60_000);
    insta::assert_snapshot!("month_numbers_120x40", driven.picture(120, 40));
    let fair =
        json!({"title": "Spring fair", "starts_at": "2027-03-30", "ends_at": "2027-04-02", "all_day": true});
    let mut occurrences = vec![date(84, &fair)];
    occurrences.extend((0..12).map(occurrence));
    occurrences.extend((85..90).map(|n| {
        date(n, &json!({"title": format!("夜桜を見る会 {n}"), "starts_at": "2027-03-04T19:00:00+01:00"}))
    }));
    driven.respond(is_titles, Ok(Response::OccurrencesOn(occurrences)));
    insta::assert_snapshot!("month_titles_120x40", driven.picture(120, 40));
    insta::assert_snapshot!("month_titles_120x24", driven.picture(120, 24));
    // They are loaded again when a number changes.
    driven.wait(15_000);
    assert!(wanted(&driven).is_empty());
    driven.respond(is_month, Ok(counts("2027-03-01", &[4, 3, 2, 8, 0, 3, 0, 500, 0, 1])));
    assert_eq!(wanted(&driven).len(), 1);
    // A click selects the day of a wide cell.
    driven.send(Message::Click { column: 40, row: 9 });
    assert_eq!(driven.app.stack.tabs.month.day, day("2027-03-10"));
}

#[test]
fn only_the_selected_day_is_loaded() {
    let mut driven = shown();
    driven.sent.clear();
    driven.press(KeyCode::Right);
    assert!(driven.sent.is_empty(), "nothing happens on Sunday: {:?}", driven.sent);
    assert!(
        driven.picture(80, 24).contains("Sun 7 March 2027 · in 8 days · no events"),
        "{}",
        driven.picture(80, 24)
    );
    driven.press(KeyCode::Right);
    let [(_, Request::OccurrencesOn { days, limit: 100 })] = driven.sent.as_slice() else {
        panic!("{:?}", driven.sent)
    };
    assert_eq!((days.from, days.to), (day("2027-03-08"), day("2027-03-08")));
    let crowd = (0..100).map(|n| {
        date(n % 60, &json!({"title": format!("Talk {n}"), "starts_at": "2027-03-08T10:00:00+01:00"}))
    });
    let crowd = crowd.collect();
    driven.respond(is_day, Ok(Response::OccurrencesOn(crowd)));
    let picture = driven.picture(119, 40);
    assert!(
        picture.contains(" · 500 events") && picture.contains("… 466 more: Enter shows all"),
        "{picture}"
    );
    // Days that were shown are not loaded again; those of another month are.
    driven.sent.clear();
    driven.press(KeyCode::Left).press(KeyCode::Left).press(KeyCode::Right).press(KeyCode::Right);
    assert!(driven.sent.is_empty(), "{:?}", driven.sent);
    driven.press(KeyCode::Char(']'));
    assert!(driven.sent.iter().any(|(_, request)| is_month(request)));
    assert!(driven.sent.iter().any(|(_, request)| is_day(request)));
}

#[test]
fn answers_belong_to_the_requested_day() {
    let mut driven = shown();
    driven.press(KeyCode::Up);
    let refused = ApiError { kind: ErrorKind::Other, ..ApiError::unavailable("the answer makes no sense") };
    driven.respond(is_month, Err(refused));
    driven.press(KeyCode::Down);
    assert!(driven.picture(80, 24).contains("Spring fair 3/4"), "what was known stays");
}

#[test]
fn a_click_selects_a_day_and_another_one_opens_it() {
    let mut driven = shown();
    driven.send(Message::Click { column: 8, row: 6 });
    assert_eq!(driven.app.stack.tabs.month.day, day("2027-03-09"));
    driven.send(Message::Click { column: 8, row: 7 });
    assert_eq!(
        (driven.app.at(), driven.app.stack.tabs.agenda.from),
        (Place::Agenda, Some(day("2027-03-09")))
    );
}

//! The month.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use crossterm::event::KeyCode;
use serde_json::json;

use crate::app::driven::{Driven, occurrence};
use crate::backend::{Answer, Cause, Refusal, Request};
use crate::keys::Place;
use crate::message::Message;
use crate::screens::week_tests::date;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The counts of the month of a day, from its first day on.
pub(crate) fn counts(of: &str, counts: &[i64]) -> Answer {
    let first = day(of);
    let days =
        first.iter_days().take_while(|day| day.format("%m").to_string() == first.format("%m").to_string());
    let counts = counts.iter().copied().chain(std::iter::repeat(0));
    Answer::Month(days.zip(counts).collect::<BTreeMap<_, _>>())
}

fn is_month(request: &Request) -> bool {
    matches!(request, Request::Month { .. })
}

fn is_day(request: &Request) -> bool {
    matches!(request, Request::Days { .. })
}

/// Saturday, 6 March 2027, before the answers.
fn asked() -> Driven {
    let mut driven = Driven::new().with_agenda(9).signed_in();
    driven.press(KeyCode::Char('2')).press(KeyCode::Down);
    driven
}

fn shown() -> Driven {
    let mut driven = asked();
    driven.answer(is_month, Ok(counts("2027-03-01", &[1, 2, 3, 4, 5, 6, 0, 500])));
    let fair =
        json!({"title": "Spring fair", "starts_at": "2027-03-04", "ends_at": "2027-03-07", "all_day": true});
    let camp = json!({
        "title": "Winter camp of the climbers", "starts_at": "2027-02-27T09:00:00+01:00",
        "ends_at": "2027-03-06T17:00:00+01:00"
    });
    let tokyo =
        json!({"title": "夜桜を見る会", "starts_at": "2027-03-07T04:00:00+09:00", "timezone": "Asia/Tokyo"});
    let mut dates = vec![date(90, &fair), date(91, &camp)];
    dates.extend((15..18).map(occurrence));
    dates.push(date(92, &tokyo));
    driven.answer(is_day, Ok(Answer::Days(dates)));
    driven
}

#[test]
fn all_sizes_and_states() {
    let mut driven = asked();
    insta::assert_snapshot!("month_loading", driven.wait(200).picture(80, 24));
    let away = || Refusal::away("the server does not answer");
    driven.answer(is_month, Err(away())).answer(is_day, Err(away()));
    insta::assert_snapshot!("month_error", driven.picture(80, 24));
    let mut driven = asked();
    driven.answer(is_month, Ok(counts("2027-03-01", &[]))).answer(is_day, Ok(Answer::Days(Vec::new())));
    insta::assert_snapshot!("month_empty", driven.picture(80, 24));
    let driven = shown();
    insta::assert_snapshot!("month_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("month_120x40", driven.picture(120, 40));
    insta::assert_snapshot!("month_40x15", driven.picture(40, 15));
}

#[test]
fn only_the_selected_day_is_loaded() {
    let mut driven = shown();
    driven.asked.clear();
    driven.press(KeyCode::Right);
    assert!(driven.asked.is_empty(), "nothing happens on Sunday: {:?}", driven.asked);
    assert!(
        driven.picture(80, 24).contains("Sun 7 March 2027 · in 8 days · no events"),
        "{}",
        driven.picture(80, 24)
    );
    driven.press(KeyCode::Right);
    let [(_, Request::Days { days, most: 100 })] = driven.asked.as_slice() else {
        panic!("{:?}", driven.asked)
    };
    assert_eq!((days.from, days.to), (day("2027-03-08"), day("2027-03-08")));
    let crowd = (0..100).map(|n| {
        date(n % 60, &json!({"title": format!("Talk {n}"), "starts_at": "2027-03-08T10:00:00+01:00"}))
    });
    let crowd = crowd.collect();
    driven.answer(is_day, Ok(Answer::Days(crowd)));
    let picture = driven.picture(120, 40);
    assert!(
        picture.contains(" · 500 events") && picture.contains("… 466 more: Enter shows all"),
        "{picture}"
    );
    // Days that were shown are not loaded again; those of another month are.
    driven.asked.clear();
    driven.press(KeyCode::Left).press(KeyCode::Left).press(KeyCode::Right).press(KeyCode::Right);
    assert!(driven.asked.is_empty(), "{:?}", driven.asked);
    driven.press(KeyCode::Char(']'));
    assert!(driven.asked.iter().any(|(_, request)| is_month(request)));
    assert!(driven.asked.iter().any(|(_, request)| is_day(request)));
}

#[test]
fn answers_belong_to_the_requested_day() {
    let mut driven = shown();
    driven.press(KeyCode::Up);
    let refused = Refusal { cause: Cause::Other, ..Refusal::away("the answer makes no sense") };
    driven.answer(is_month, Err(refused));
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

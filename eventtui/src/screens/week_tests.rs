//! The week.

use chrono::{DateTime, FixedOffset, TimeDelta};
use crossterm::event::KeyCode;
use eventcore::events::Occurrence;
use serde_json::{Value, json};

use crate::app::driven::{Driven, occurrence};
use crate::backend::{ApiError, Request, Response};
use crate::keys::Place;
use crate::message::Message;

pub(crate) fn date(n: usize, changes: &Value) -> Occurrence {
    let mut date = serde_json::to_value(occurrence(n)).unwrap();
    // Two hours by default.
    if let Some(start) =
        changes["starts_at"].as_str().and_then(|start| start.parse::<DateTime<FixedOffset>>().ok())
    {
        date["ends_at"] = json!((start + TimeDelta::hours(2)).to_rfc3339());
    }
    date["all_day"] = json!(changes["starts_at"].as_str().is_some_and(|start| start.len() == 10));
    date.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    serde_json::from_value(date).unwrap()
}

/// Occurrences from Monday, 1 March 2027, on, and one before.
fn occurrences() -> Vec<Occurrence> {
    let mut occurrences = vec![
        date(90, &json!({"title": "Sunday before", "starts_at": "2027-02-28T10:00:00+01:00"})),
        // Monday evening in Berlin is Tuesday morning in Tokyo.
        date(
            91,
            &json!({"title": "夜桜を見る会", "starts_at": "2027-03-02T04:00:00+09:00", "timezone": "Asia/Tokyo"}),
        ),
        date(
            92,
            &json!({
                "title": "Spring fair", "starts_at": "2027-03-04", "ends_at": "2027-03-06", "all_day": true
            }),
        ),
    ];
    occurrences.extend((0..6).map(occurrence));
    let crowd = |n: usize| {
        date(
            60 + n,
            &json!({
                "title": format!("Talk {n}"), "starts_at": format!("2027-03-05T{:02}:00:00+01:00", 8 + n)
            }),
        )
    };
    occurrences.extend((0..12).map(crowd));
    occurrences
}

/// The screen before the response.
fn asked() -> Driven {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    driven.press(KeyCode::Char('w')).press(KeyCode::Char(']'));
    driven
}

fn with(occurrences: Vec<Occurrence>) -> Driven {
    let mut driven = asked();
    driven.respond(|r| matches!(r, Request::OccurrencesOn { .. }), Ok(Response::OccurrencesOn(occurrences)));
    driven
}

fn selected(driven: &Driven) -> String {
    driven.app.occurrence().map_or_else(String::new, |date| date.title.clone())
}

#[test]
fn all_sizes_and_states() {
    let mut driven = asked();
    driven.wait(200);
    insta::assert_snapshot!("week_loading", driven.picture(80, 24));
    driven.respond(
        |r| matches!(r, Request::OccurrencesOn { .. }),
        Err(ApiError::unavailable("the server does not answer")),
    );
    insta::assert_snapshot!("week_error", driven.picture(80, 24));
    assert!(driven.picture(40, 15).contains("R tries again"));
    insta::assert_snapshot!("week_empty", with(Vec::new()).picture(80, 24));
    assert!(with(Vec::new()).picture(40, 15).contains("No events this week"));
    let mut driven = with(occurrences());
    driven.type_in("hhhhj");
    insta::assert_snapshot!("week_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("week_120x40", driven.picture(120, 40));
    insta::assert_snapshot!("week_40x15", driven.picture(40, 15));
    // A day with too many occurrences scrolls to the selected one.
    driven.type_in("lllG");
    insta::assert_snapshot!("week_crowded", driven.picture(80, 24));
}

#[test]
fn keys_move_by_occurrences_days_and_weeks() {
    let mut driven = with(occurrences());
    assert!(
        driven.picture(80, 24).contains("Week 9 · 1–7 March 2027 · 20 events"),
        "{}",
        driven.picture(80, 24)
    );
    // From the selected Saturday to its Monday.
    driven.type_in("hhhhh");
    for title in ["Evening 0", "Evening 1", "Evening 2", "夜桜を見る会", "Evening 3", "Evening 4"] {
        if title != "Evening 0" {
            driven.press(KeyCode::Down);
        }
        assert_eq!(selected(&driven), title);
    }
    driven.type_in("kkk");
    assert_eq!(selected(&driven), "Evening 2", "up from the first of a day comes the last of the day before");
    driven.type_in("G");
    assert_eq!(selected(&driven), "Evening 2");
    driven.type_in("gll");
    assert_eq!(selected(&driven), "", "nothing on Wednesday");
    driven.press(KeyCode::Enter);
    assert_eq!(driven.last_line(), "! Nothing is selected");
    driven.type_in("j");
    assert_eq!(selected(&driven), "Spring fair");
    driven.sent.clear();
    driven.type_in("l");
    assert!(driven.sent.is_empty(), "the same week is not loaded again");
    driven.type_in("]");
    let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
    let asked = driven.sent.last().map(|(_, request)| request.clone());
    let Some(Request::OccurrencesOn { days, .. }) = asked else { panic!("{asked:?}") };
    assert_eq!((days.from, days.to), (day("2027-03-07"), day("2027-03-15")), "a day more on both sides");
    driven.type_in("t");
    assert_eq!(driven.app.stack.tabs.week.week.day, day("2027-02-27"));
    driven.type_in("d+40").press(KeyCode::Enter);
    assert_eq!(driven.app.stack.tabs.week.week.day, day("2027-04-08"));
}

#[test]
fn the_selection_survives_reloading_and_zones() {
    let mut driven = with(occurrences());
    driven.type_in("hhhhh").type_in("jjj");
    assert_eq!(selected(&driven), "夜桜を見る会");
    // In my zone it is on Monday. The selection follows it, also when the week is loaded again.
    driven.type_in("z");
    assert_eq!(
        (selected(&driven).as_str(), driven.app.stack.tabs.week.week.day.to_string().as_str()),
        ("夜桜を見る会", "2027-03-01")
    );
    driven.type_in("R");
    driven.respond(
        |r| matches!(r, Request::OccurrencesOn { .. }),
        Ok(Response::OccurrencesOn(occurrences().split_off(1))),
    );
    assert_eq!(selected(&driven), "夜桜を見る会");
    driven.press(KeyCode::Enter);
    assert_eq!(driven.app.at(), Place::Event);
    let opened = date(91, &json!({})).id;
    assert!(driven.sent.iter().any(|(_, request)| *request == Request::OccurrenceDetail(opened)));
    driven.press(KeyCode::Esc).type_in("r");
    assert!(driven.last_line().starts_with("Party size for 夜桜を見る会:"), "{}", driven.last_line());
}

#[test]
fn the_month_and_the_week_share_their_day() {
    let mut driven = Driven::new().with_agenda(3);
    driven.type_in("2jjw");
    assert_eq!(
        (driven.app.at(), driven.app.stack.tabs.week.week.day.to_string().as_str()),
        (Place::Week, "2027-03-13")
    );
    driven.type_in("lw");
    assert_eq!(
        (driven.app.at(), driven.app.stack.tabs.month.day.to_string().as_str()),
        (Place::Month, "2027-03-14")
    );
    driven.type_in("w").press(KeyCode::Tab);
    assert_eq!(driven.app.at(), Place::Search);
}

#[test]
fn a_click_selects_and_another_one_opens_in_the_week() {
    let mut driven = with(occurrences());
    driven.picture(80, 24);
    let click = |driven: &mut Driven, column, row| {
        driven.send(Message::Click { column, row });
    };
    click(&mut driven, 12, 3);
    assert_eq!(driven.app.stack.tabs.week.week.day.to_string(), "2027-03-02", "the head of a day");
    click(&mut driven, 3, 6);
    assert_eq!((selected(&driven).as_str(), driven.app.at()), ("Evening 1", Place::Week));
    click(&mut driven, 3, 7);
    assert_eq!(driven.app.at(), Place::Event);
    let mut driven = with(occurrences());
    driven.send(Message::Resized { width: 40, height: 15 }).type_in("hhh");
    let picture = driven.picture(40, 15);
    let row = picture.lines().position(|line| line.contains("Spring fair")).unwrap();
    click(&mut driven, 12, u16::try_from(row).unwrap());
    assert_eq!(selected(&driven), "Spring fair");
}

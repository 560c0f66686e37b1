//! Ratings on the event screen.

use crossterm::event::KeyCode;
use eventcore::feedback::{Feedback, FeedbackPage};
use eventcore::registrations::MyRegistration;
use serde_json::{Value, json};

use crate::app::driven::{Driven, event, occurrence, page, registration};
use crate::backend::{Notices, OccurrenceDetail, Request, Response};

/// Feedback with the number of each rating from 1 to 5, and some reviews.
pub(crate) fn feedback(counts: [i64; 5], review: &[Value]) -> FeedbackPage {
    let count: i64 = counts.iter().sum();
    let sum: i64 = (1..).zip(counts).map(|(rating, count): (i64, i64)| rating * count).sum();
    let average = (count > 0).then(|| f64::from(i32::try_from(sum * 100 / count.max(1)).unwrap()) / 100.0);
    let distribution: Vec<_> = (1..)
        .zip(counts)
        .map(|(rating, count): (i64, i64)| json!({"rating": rating, "count": count}))
        .collect();
    let summary = json!({"count": count, "average": average, "distribution": distribution});
    serde_json::from_value(json!({"summary": summary, "items": review, "next": null, "previous": null}))
        .unwrap()
}

pub(crate) fn review(n: i64, by: &str, rating: i64, changes: &Value) -> Value {
    let mut review = json!({
        "id": format!("01890000-0000-7000-8000-0000000f{n:04}"), "occurrence_id": occurrence(1).id,
        "event_id": occurrence(1).event_id,
        "user": {"id": format!("01890000-0000-7000-8000-{n:012}"), "username": by, "display_name": by},
        "rating": rating, "body": "", "answer": null, "answered_at": null,
        "created_at": "2027-02-20T10:00:00Z", "updated_at": "2027-02-20T10:00:00Z", "version": 1
    });
    review.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    review
}

fn all() -> Vec<Value> {
    let long = "The talks were very good, and the pizza came in time. Only the stairs: \
        is there really no other way up to the second floor for those with a pram?";
    let answer = "Next time we are in the yard,\nwhich has none. \u{1b}[31m";
    vec![
        review(1, "Ada", 4, &json!({"body": "I know it best"})),
        review(
            2,
            "Carla",
            4,
            &json!({"body": long, "answer": answer, "answered_at": "2027-02-21T10:00:00Z"}),
        ),
        review(3, "Bob", 5, &json!({})),
        review(4, "上野", 2, &json!({"body": "夜桜を見る会はとても良かったです。"})),
    ]
}

/// A past or upcoming occurrence of a series of ten, with reviews.
fn looked(over: bool, review: &[Value], mine: Option<&Value>) -> Driven {
    let mut driven = Driven::new().with_agenda(9).signed_in();
    driven.press(KeyCode::Down).press(KeyCode::Enter);
    let mut shown = serde_json::to_value(occurrence(1)).unwrap();
    if over {
        let past = json!({
            "starts_at": "2027-02-20T18:30:00+01:00", "ends_at": "2027-02-20T20:30:00+01:00",
            "registration_open": false
        });
        shown.as_object_mut().unwrap().extend(past.as_object().unwrap().clone());
    }
    let counts = if review.is_empty() { [0; 5] } else { [0, 1, 0, 6, 11] };
    let detail = OccurrenceDetail {
        occurrence: serde_json::from_value(shown).unwrap(),
        event: event(),
        registration: Some(registration(1, "confirmed")),
        occurrences: (0..10).map(occurrence).collect(),
        feedback: feedback(counts, review),
        comment_count: Some(5),
        my_feedback: mine.map(|mine| serde_json::from_value::<Feedback>(mine.clone()).unwrap()),
        notices: Notices::default(),
    };
    driven.respond(
        |r| matches!(r, Request::OccurrenceDetail(_)),
        Ok(Response::OccurrenceDetail(Box::new(detail))),
    );
    driven
}

#[test]
fn ratings_and_reviews_are_shown_below_the_text() {
    let all = all();
    let mut driven = looked(true, &all, Some(&all[0]));
    insta::assert_snapshot!("ratings_120x40", driven.picture(120, 40));
    insta::assert_snapshot!("ratings_80x24", driven.picture(80, 24));
    driven.press(KeyCode::PageDown);
    insta::assert_snapshot!("ratings_end", driven.picture(80, 24));
    driven.send(crate::message::Message::Resized { width: 40, height: 15 });
    for _ in 0..20 {
        driven.press(KeyCode::PageDown);
    }
    let picture = driven.picture(40, 15);
    assert!(picture.contains("14 older: F shows them"), "one reads to the end:\n{picture}");
    insta::assert_snapshot!("ratings_40x15", picture);
}

#[test]
fn only_attendees_are_asked_to_rate() {
    let short = |driven: &Driven, words: &str| driven.picture(80, 24).contains(words);
    let asks = "* rates it";
    let mut over = looked(true, &[], None);
    assert!(short(&over, asks) && !short(&over, "Ratings"));
    assert!(short(&looked(false, &[], None), " 5 comments "), "they are there without ratings too");
    assert!(!short(&looked(false, &[], None), asks), "it lies ahead");
    let mine = review(1, "Ada", 4, &json!({"body": "good talks"}));
    assert!(!short(&looked(true, std::slice::from_ref(&mine), Some(&mine)), asks));
    over.press(KeyCode::Char('*'));
    assert!(over.last_line().contains("Rate Evening 1, e.g. “4 good talks”: ▏"), "{}", over.last_line());
}

#[test]
fn changing_a_rating_starts_with_the_old_one() {
    let mine = review(1, "Ada", 4, &json!({"body": "good talks"}));
    let mut driven = looked(true, std::slice::from_ref(&mine), Some(&mine));
    assert!(
        driven.picture(80, 24).contains("★ 4.5 (18 ratings) · 5 comments · you gave"),
        "{}",
        driven.picture(80, 24)
    );
    driven.press(KeyCode::Char('*')).type_in(", cold pizza").press(KeyCode::Enter);
    let anew = Request::SubmitFeedback {
        occurrence: occurrence(1).id,
        rating: 4,
        text: "good talks, cold pizza".to_owned(),
    };
    driven.respond(|r| *r == anew, Ok(Response::Done));
    assert!(
        driven.sent.iter().any(|(_, request)| *request == Request::OccurrenceDetail(occurrence(1).id)),
        "it is seen at once"
    );
}

#[test]
fn missing_ratings_are_marked_in_my_registrations() {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    driven.press(KeyCode::Char('4'));
    let mine = |n: usize, status: &str, over: bool| {
        let mut past = occurrence(n);
        if over {
            past.starts_at = serde_json::from_value(json!("2027-02-20T18:30:00+01:00")).unwrap();
            past.ends_at = serde_json::from_value(json!("2027-02-20T20:30:00+01:00")).unwrap();
        }
        MyRegistration { registration: registration(n, status), occurrence: Some(past) }
    };
    let all = vec![
        mine(0, "confirmed", false),
        mine(1, "attended", true),
        mine(2, "confirmed", true),
        mine(3, "waitlisted", true),
        mine(4, "cancelled", true),
    ];
    let is_mine = |r: &Request| matches!(r, Request::MyRegistrations { .. });
    driven.respond(is_mine, Ok(Response::MyRegistrations(page(all.clone(), None))));
    let (one, two) = (occurrence(1).id, occurrence(2).id);
    let asked = Request::Unrated(vec![one, two]);
    driven.respond(|r| *r == asked, Ok(Response::Unrated(vec![two])));
    let due = |driven: &Driven| driven.picture(80, 24).matches("* rate it").count();
    assert_eq!(due(&driven), 1, "{}", driven.picture(80, 24));
    driven.wait(15_000).respond(is_mine, Ok(Response::MyRegistrations(page(all, None))));
    assert!(!driven.sent.iter().any(|(_, request)| matches!(request, Request::Unrated(_))), "asked once");
    driven
        .press(KeyCode::Down)
        .press(KeyCode::Down)
        .press(KeyCode::Char('*'))
        .type_in("5")
        .press(KeyCode::Enter);
    driven.respond(|r| matches!(r, Request::SubmitFeedback { .. }), Ok(Response::Done));
    assert_eq!(due(&driven), 0);
}

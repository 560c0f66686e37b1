//! Feedback and the answers of organizers.

use crossterm::event::KeyCode;
use eventcore::feedback::{Feedback, FeedbackPage};
use eventcore::{Cursor, Page};
use serde_json::{Value, json};

use crate::app::driven::Driven;
use crate::backend::{ApiError, Request, Response};
use crate::keys::Place;
use crate::screens::ratings_tests::{feedback, review};

fn all() -> Vec<Value> {
    let long = "The talks were very good, and the pizza came in time. Only the stairs: \
        is there really no other way up to the second floor for those with a pram?";
    let answer = "Next time we are in the yard,\nwhich has none. \u{1b}[31m";
    let mut all = vec![
        review(1, "Ada", 4, &json!({"body": long})),
        review(
            2,
            "Carla",
            4,
            &json!({"body": long, "answer": answer, "answered_at": "2027-02-21T10:00:00Z"}),
        ),
        review(3, "Bob", 5, &json!({"answer": "Thank you"})),
        review(4, "上野", 2, &json!({"body": "夜桜を見る会はとても良かったです。"})),
    ];
    all.extend((5..60).map(|n| review(n, "Dora", 5, &json!({"body": format!("Evening {n} was good")}))));
    all
}

/// The first page of 64 ratings.
pub(crate) fn heard() -> Response {
    Response::Feedback(Box::new(feedback([0, 2, 1, 3, 58], &all())))
}

fn is_feedback(request: &Request) -> bool {
    matches!(request, Request::Feedback { .. })
}

/// The screen before the response.
fn asked() -> Driven {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    driven.press(KeyCode::Char('F'));
    assert_eq!(driven.app.at(), Place::Feedback);
    driven
}

fn shown() -> Driven {
    let mut driven = asked();
    driven.respond(is_feedback, Ok(heard()));
    driven
}

fn third() -> Feedback {
    serde_json::from_value(all()[2].clone()).unwrap()
}

#[test]
fn all_sizes_and_states() {
    let mut driven = asked();
    insta::assert_snapshot!("feedback_loading", driven.wait(200).picture(80, 24));
    driven.respond(is_feedback, Err(ApiError::unavailable("the server does not answer")));
    insta::assert_snapshot!("feedback_error", driven.picture(80, 24));
    let mut driven = asked();
    driven.respond(is_feedback, Ok(Response::Feedback(Box::new(feedback([0; 5], &[])))));
    insta::assert_snapshot!("feedback_empty", driven.picture(80, 24));
    let mut driven = shown();
    insta::assert_snapshot!("feedback_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("feedback_120x40", driven.picture(120, 40));
    driven.press(KeyCode::Down);
    insta::assert_snapshot!("feedback_40x15", driven.picture(40, 15));
}

#[test]
fn organizers_post_edit_and_delete_answers() {
    let mut driven = shown();
    let first: Feedback = serde_json::from_value(all()[0].clone()).unwrap();
    driven.press(KeyCode::Char('r')).type_in("In the yard");
    assert_eq!(driven.last_line(), "Public answer: In the yard▏ · Enter sends");
    driven.press(KeyCode::Enter);
    let answer =
        |feedback, text: Option<&str>| Request::AnswerFeedback { feedback, text: text.map(str::to_owned) };
    driven.respond(|r| *r == answer(first.id, Some("In the yard")), Ok(Response::Done));
    assert_eq!(driven.last_line(), "✓ Answer posted");
    assert!(driven.sent.iter().any(|(_, request)| is_feedback(request)), "it is seen at once");
    driven.press(KeyCode::Char('x'));
    assert_eq!(driven.last_line(), "! It has no answer");
    // An existing answer is edited or deleted.
    driven
        .press(KeyCode::Down)
        .press(KeyCode::Down)
        .press(KeyCode::Enter)
        .type_in(", Bob")
        .press(KeyCode::Enter);
    driven.respond(|r| *r == answer(third().id, Some("Thank you, Bob")), Ok(Response::Done));
    driven.press(KeyCode::Char('x'));
    assert!(driven.last_line().starts_with("Delete the answer?"), "{}", driven.last_line());
    driven.press(KeyCode::Char('y')).respond(|r| *r == answer(third().id, None), Ok(Response::Done));
    assert_eq!(driven.last_line(), "✓ Answer deleted");
}

#[test]
fn a_refused_answer_is_kept() {
    let mut driven = shown();
    driven.press(KeyCode::Char('r')).type_in("Mine").press(KeyCode::Enter);
    let refused = ApiError {
        kind: crate::backend::ErrorKind::Other,
        ..ApiError::unavailable("only organizers answer")
    };
    driven.respond(|r| matches!(r, Request::AnswerFeedback { .. }), Err(refused));
    assert!(driven.picture(80, 24).contains("✗ only organizers answer"), "{}", driven.picture(80, 24));
    assert_eq!(driven.last_line(), "Public answer: Mine▏ · Enter sends");
}

#[test]
fn older_feedback_is_loaded_ahead() {
    let mut driven = asked();
    let all: FeedbackPage = feedback([0, 2, 1, 3, 58], &all());
    let next = Some(Cursor::from("more".to_owned()));
    let first = FeedbackPage { page: Page { next, ..all.page.clone() }, ..all };
    driven.respond(is_feedback, Ok(Response::Feedback(Box::new(first))));
    driven.press(KeyCode::Char('G'));
    let older = review(90, "Emil", 4, &json!({"body": "The oldest"}));
    driven.respond(
        |r| matches!(r, Request::Feedback { cursor: Some(_), .. }),
        Ok(Response::Feedback(Box::new(feedback([0, 2, 1, 3, 58], &[older])))),
    );
    driven.press(KeyCode::Char('G'));
    assert!(driven.picture(80, 24).contains("The oldest"));
}

#[test]
fn long_feedback_scrolls_to_its_end() {
    let mut driven = asked();
    let long = (0..40).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n");
    let reviews =
        [review(1, "Ada", 4, &json!({"body": long})), review(2, "Bob", 5, &json!({"body": "short"}))];
    driven.respond(is_feedback, Ok(Response::Feedback(Box::new(feedback([0, 0, 0, 1, 1], &reviews)))));
    driven.send(crate::message::Message::Resized { width: 40, height: 15 });
    let mut seen = String::new();
    for _ in 0..20 {
        seen.push_str(&driven.picture(40, 15));
        driven.press(KeyCode::PageDown);
    }
    assert!(seen.contains("short"), "the next one comes after it:\n{seen}");
    for n in 0..40 {
        assert!(seen.contains(&format!("line {n} ")), "line {n} of:\n{seen}");
    }
}

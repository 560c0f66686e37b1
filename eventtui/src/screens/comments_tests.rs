//! Comments.

use crossterm::event::KeyCode;
use eventcore::comments::Comment;
use serde_json::{Value, json};

use crate::app::driven::{Driven, occurrence};
use crate::backend::{ApiError, Request, Response};

fn comment(n: usize, changes: &Value) -> Comment {
    let mut comment = json!({
        "id": format!("01890000-0000-7000-8000-0000000000c{n}"), "event_id": occurrence(0).event_id,
        "parent_id": null,
        "author": {"id": "01890000-0000-7000-8000-000000000001", "username": "ada", "display_name": "Ada"},
        "by_organizer": false, "body": "Is there a way in *without stairs*?", "status": "visible",
        "reply_count": 0, "created_at": "2027-02-20T10:00:00Z", "edited_at": null, "version": 1
    });
    let body = changes.as_object().unwrap().clone();
    comment.as_object_mut().unwrap().extend(body);
    serde_json::from_value(comment).unwrap()
}

pub(crate) fn comments() -> Vec<Comment> {
    let question = comment(1, &json!({"reply_count": 2}));
    let reply = |n, changes: Value| Comment { parent_id: Some(question.id), ..comment(n, &changes) };
    let long = "There is: ring at the yard door, and someone comes down. \
        It takes a minute or two, so come a little earlier than the others.\n\nAnd \u{1b}[31mwelcome!";
    vec![
        question.clone(),
        reply(2, json!({"body": long, "by_organizer": true, "edited_at": "2027-02-21T10:00:00Z"})),
        reply(3, json!({"body": null, "author": null, "status": "deleted"})),
        comment(4, &json!({"body": "I bring stickers.", "status": "hidden"})),
    ]
}

/// The screen before the response.
fn asked() -> Driven {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    driven.press(KeyCode::Char('c'));
    driven
}

fn shown() -> Driven {
    let mut driven = asked();
    driven.respond(|r| matches!(r, Request::Comments(_)), Ok(Response::Comments(comments())));
    driven
}

#[test]
fn all_sizes_and_states() {
    let mut driven = asked();
    driven.wait(200);
    insta::assert_snapshot!("comments_loading", driven.picture(80, 24));
    driven.respond(
        |r| matches!(r, Request::Comments(_)),
        Err(ApiError::unavailable("the server does not answer")),
    );
    insta::assert_snapshot!("comments_error", driven.picture(80, 24));
    let mut driven = asked();
    driven.respond(|r| matches!(r, Request::Comments(_)), Ok(Response::Comments(Vec::new())));
    insta::assert_snapshot!("comments_empty", driven.picture(80, 24));
    let mut driven = shown();
    insta::assert_snapshot!("comments_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("comments_120x40", driven.picture(120, 40));
    driven.press(KeyCode::Char('G'));
    insta::assert_snapshot!("comments_40x15", driven.picture(40, 15));
}

#[test]
fn a_rating_starts_with_stars() {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    driven.press(KeyCode::Char('*')).type_in("good").press(KeyCode::Enter);
    assert_eq!(driven.last_line(), "Rate Evening 0, e.g. “4 good talks”: good▏ · Enter sends");
    driven.control('u').type_in("4 good talks").press(KeyCode::Enter);
    let rated =
        Request::SubmitFeedback { occurrence: occurrence(0).id, rating: 4, text: "good talks".to_owned() };
    let refused = ApiError {
        kind: crate::backend::ErrorKind::Other,
        ..ApiError::unavailable("the occurrence is not over")
    };
    driven.respond(|r| *r == rated, Err(refused));
    // The prompt is open again with what was typed.
    assert!(driven.picture(80, 24).contains("✗ the occurrence is not over"), "{}", driven.picture(80, 24));
    assert!(driven.last_line().contains("4 good talks▏"), "{}", driven.last_line());
    // It does not interrupt somebody who goes on meanwhile.
    driven.press(KeyCode::Enter).press(KeyCode::Down);
    driven.respond(|r| *r == rated, Err(ApiError::unavailable("the server does not answer")));
    assert!(driven.last_line().ends_with("Showing the last known state · your text is kept"));
    driven.press(KeyCode::Up).press(KeyCode::Char('*'));
    assert!(driven.last_line().contains("4 good talks▏"), "{}", driven.last_line());
}

#[test]
fn comments_are_posted_edited_deleted_and_hidden() {
    let mut driven = shown();
    let (event, all) = (occurrence(0).event_id, comments());
    let asked = |driven: &Driven, request: &Request| driven.sent.iter().any(|(_, asked)| asked == request);
    driven.press(KeyCode::Char('c')).type_in("Hello").press(KeyCode::Enter);
    let hello = Request::PostComment { event, reply_to: None, body: "Hello".to_owned() };
    driven.respond(|r| *r == hello, Ok(Response::Done));
    assert_eq!(driven.last_line(), "✓ Comment posted");
    assert!(
        driven.sent.iter().any(|(_, request)| matches!(request, Request::Comments(_))),
        "it is seen at once"
    );
    // A reply to a reply belongs to the same comment.
    driven.press(KeyCode::Down).press(KeyCode::Char('r')).type_in("Thanks").press(KeyCode::Enter);
    assert!(asked(
        &driven,
        &Request::PostComment { event, reply_to: Some(all[0].id), body: "Thanks".to_owned() }
    ));
    driven.press(KeyCode::Char('g')).press(KeyCode::Char('e')).type_in(" Please").press(KeyCode::Enter);
    let again = format!("{} Please", all[0].body.as_deref().unwrap());
    assert!(asked(&driven, &Request::EditComment { comment: all[0].id, version: 1, body: again }));
    driven.press(KeyCode::Char('x')).press(KeyCode::Char('n'));
    assert!(!asked(&driven, &Request::DeleteComment(all[0].id)));
    driven.press(KeyCode::Char('x')).press(KeyCode::Char('y'));
    assert!(asked(&driven, &Request::DeleteComment(all[0].id)));
    driven.press(KeyCode::Char('H'));
    assert!(asked(&driven, &Request::HideComment { comment: all[0].id, hidden: true }));
    driven.press(KeyCode::Char('G')).press(KeyCode::Char('H'));
    assert!(asked(&driven, &Request::HideComment { comment: all[3].id, hidden: false }));
    // Cancelled and pasted text is kept.
    driven.press(KeyCode::Char('c')).send(crate::message::Message::Paste("Two\nlines".to_owned()));
    assert_eq!(driven.last_line(), "Comment: Two lines▏ · Enter sends");
    driven.press(KeyCode::Left).press(KeyCode::Esc).press(KeyCode::Char('c'));
    assert_eq!(driven.last_line(), "Comment: Two line▏s · Enter sends");
    driven.control('e').control('u').press(KeyCode::Esc);
    // An empty text is not sent.
    let before = driven.sent.len();
    driven.press(KeyCode::Char('c')).type_in("  ").press(KeyCode::Enter);
    assert_eq!(driven.sent.len(), before);
}

#[test]
fn markdown_is_drawn_as_text() {
    let mut driven = asked();
    let question = "# Milk\n\nIs there **oat** milk, as `last time`?\n\n\
        1. oat\n2. [soy](https://soy.example/a?b=c)\n\n> There was.\n\n\u{1b}[31mred\u{202e}";
    let reply = "There is, and ~~cow~~ *almond*:\n\n\
        - in the fridge of the kitchen on the second floor, behind the door\n- on the table";
    let all = vec![
        comment(1, &json!({"body": question, "reply_count": 1})),
        comment(2, &json!({"body": reply, "parent_id": comment(1, &json!({})).id})),
    ];
    driven.respond(|r| matches!(r, Request::Comments(_)), Ok(Response::Comments(all)));
    insta::assert_snapshot!("comments_markdown_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("comments_markdown_120x40", driven.picture(120, 40));
    driven.press(KeyCode::Char('j'));
    insta::assert_snapshot!("comments_markdown_40x15", driven.picture(40, 15));
    // Composing the same again continues the unsent text.
    driven.press(KeyCode::Char('e'));
    assert!(driven.picture(80, 24).contains("~~cow~~ *almond*"), "{}", driven.picture(80, 24));
}

#[test]
fn every_comment_of_a_long_list_can_be_selected() {
    let mut driven = asked();
    let many = (0..400).map(|n| {
        comment(
            n % 10,
            &json!({"id": format!("01890000-0000-7000-8000-0000000{n:05}"), "body": format!("comment {n}.")}),
        )
    });
    driven.respond(|r| matches!(r, Request::Comments(_)), Ok(Response::Comments(many.collect())));
    for n in 0..400 {
        let picture = driven.picture(80, 24);
        assert!(picture.contains(&format!("comment {n}.")), "{n}: {picture}");
        driven.press(KeyCode::Down);
    }
    for n in (0..400).rev() {
        let picture = driven.picture(80, 24);
        assert!(picture.contains(&format!("comment {n}.")), "{n}: {picture}");
        driven.press(KeyCode::Up);
    }
}

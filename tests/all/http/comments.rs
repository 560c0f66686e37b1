//! Comments over HTTP: permissions, replies and placeholders, and sanitized HTML.

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, Kind, new_event_in_2031};

/// An event with two organizers.
async fn event(organizer: &Client, helper: &Client, changes: &Value) -> String {
    let (event, _) = organizer.create_event(new_event_in_2031().with(changes)).await;
    organizer.add_co_organizer(&event, helper).await;
    event
}

async fn add_comment(client: &Client, event: &str, body: Value) -> String {
    client.post(&format!("/events/{event}/comments"), body).await.expect(201).id()
}

async fn act(action: &str, client: &Client, event: &str, comment: &str) -> u16 {
    let (all, one) = (format!("/events/{event}/comments"), format!("/comments/{comment}"));
    let answer = match action {
        "list" => client.get(&all).await,
        "read" => client.get(&one).await,
        "say" => client.post(&all, json!({"body": "Me too"})).await,
        "reply" => client.post(&all, json!({"body": "Indeed", "parent_id": comment})).await,
        "change" => client.patch(&one, json!({"body": "Better"})).await,
        "delete" => client.delete(&one).await,
        "hide" => client.poke(&format!("{one}/hide")).await,
        "show" => client.delete(&format!("{one}/hide")).await,
        other => panic!("{other}"),
    };
    answer.status.as_u16()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permissions_of_comments(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [organizer, helper] = daemon.users(["organizer", "helper"]).await;
    let [author, other] = daemon.users(["author", "other"]).await;
    let (anonymous, admin) = (daemon.anonymous(), daemon.admin("admin").await);
    let (public, private) = (json!({}), json!({"visibility": "private"}));
    let (unlisted, cancelled) = (json!({"visibility": "unlisted"}), json!({"status": "cancelled"}));
    // The statuses for: anonymous, another user, the author (an attendee if the event is private),
    // co-organizer, organizer, admin.
    let table: [(&str, &Value, [u16; 6]); 24] = [
        ("list", &public, [200, 200, 200, 200, 200, 200]),
        ("list", &private, [404, 404, 200, 200, 200, 200]),
        ("read", &public, [200, 200, 200, 200, 200, 200]),
        ("read", &private, [404, 404, 200, 200, 200, 200]),
        ("say", &public, [401, 201, 201, 201, 201, 201]),
        ("say", &private, [401, 404, 201, 201, 201, 201]),
        ("reply", &public, [401, 201, 201, 201, 201, 201]),
        ("change", &public, [401, 403, 200, 403, 403, 403]),
        ("change", &private, [401, 404, 200, 403, 403, 403]),
        ("delete", &public, [401, 403, 204, 403, 403, 403]),
        ("delete", &private, [401, 404, 204, 403, 403, 403]),
        ("hide", &public, [401, 403, 403, 200, 200, 200]),
        ("hide", &private, [401, 404, 403, 200, 200, 200]),
        ("show", &public, [401, 403, 403, 204, 204, 204]),
        ("show", &private, [401, 404, 403, 204, 204, 204]),
        ("reply", &private, [401, 404, 201, 201, 201, 201]),
        ("list", &unlisted, [200, 200, 200, 200, 200, 200]),
        ("read", &unlisted, [200, 200, 200, 200, 200, 200]),
        ("say", &unlisted, [401, 201, 201, 201, 201, 201]),
        ("delete", &unlisted, [401, 403, 204, 403, 403, 403]),
        ("hide", &unlisted, [401, 403, 403, 200, 200, 200]),
        ("list", &cancelled, [200, 200, 200, 200, 200, 200]),
        ("say", &cancelled, [401, 201, 201, 201, 201, 201]),
        ("change", &cancelled, [401, 403, 200, 403, 403, 403]),
    ];
    for (action, changes, statuses) in table {
        let people = [&anonymous, &other, &author, &helper, &organizer, &admin];
        for (column, (who, status)) in people.into_iter().zip(statuses).enumerate() {
            let off = changes["status"] == "cancelled";
            let event = event(&organizer, &helper, if off { &public } else { changes }).await;
            let occurrence =
                organizer.get(&format!("/events/{event}")).await.expect(200).json()["next_occurrence"]["id"]
                    .clone();
            let attendees = format!("/occurrences/{}/registrations", occurrence.as_str().unwrap());
            organizer.post(&attendees, json!({"user_id": author.id()})).await.expect(201);
            let comment = add_comment(&author, &event, json!({"body": "Nice"})).await;
            if off {
                organizer.poke(&format!("/events/{event}/cancel")).await.expect(200);
            }
            assert_eq!(
                act(action, who, &event, &comment).await,
                status,
                "column {column}: {action} {changes}"
            );
        }
    }
    comments_on_hidden_events(&organizer, &helper, &author, &admin).await;
    let token = author.post("/tokens", json!({"name": "look", "scope": "read"})).await.expect(201).json();
    let reader = author.with_token(token["secret"].as_str().unwrap());
    let event = event(&organizer, &helper, &public).await;
    let comment = add_comment(&author, &event, json!({"body": "Nice"})).await;
    for action in ["say", "change", "delete"] {
        assert_eq!(act(action, &reader, &event, &comment).await, 403, "{action}");
    }
}

/// Comments of an author who may no longer see the event: hidden from the author and others, but not from
/// organizers.
async fn comments_on_hidden_events(organizer: &Client, helper: &Client, author: &Client, admin: &Client) {
    let private = json!({"visibility": "private"});
    let guests = event(organizer, helper, &private).await;
    let seen = organizer.get(&format!("/events/{guests}")).await.expect(200).json();
    let occurrence = format!("/occurrences/{}", seen["next_occurrence"]["id"].as_str().unwrap());
    organizer.post(&format!("{occurrence}/registrations"), json!({"user_id": author.id()})).await.expect(201);
    let of_guest = add_comment(author, &guests, json!({"body": "Nice"})).await;
    author.delete(&format!("{occurrence}/registration")).await.expect(204);
    let withdrawn = event(organizer, helper, &json!({})).await;
    let of_draft = add_comment(author, &withdrawn, json!({"body": "Nice"})).await;
    organizer.patch(&format!("/events/{withdrawn}"), json!({"status": "draft"})).await.expect(200);
    for (event, comment) in [(&guests, &of_guest), (&withdrawn, &of_draft)] {
        for action in ["list", "read", "say", "reply", "change", "delete", "hide", "show"] {
            assert_eq!(act(action, author, event, comment).await, 404, "{action}");
        }
        for who in [helper, organizer, admin] {
            assert_eq!(act("read", who, event, comment).await, 200);
            assert_eq!(act("hide", who, event, comment).await, 200);
        }
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_comment_with_replies_leaves_a_placeholder(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, bob, cid, anonymous) =
        (daemon.user("ada").await, daemon.user("bob").await, daemon.user("cid").await, daemon.anonymous());
    let event = event(&ada, &bob, &json!({})).await;
    let all = format!("/events/{event}/comments");
    let question = add_comment(&cid, &event, json!({"body": "Is there *tea*?"})).await;
    let answer = add_comment(&ada, &event, json!({"body": "There is", "parent_id": question})).await;
    let thanks = add_comment(&cid, &event, json!({"body": "Thanks", "parent_id": question})).await;
    let shown = anonymous.get(&format!("{all}?html=true&count=true")).await.expect(200).json();
    assert_eq!((&shown["total"], shown["items"].as_array().unwrap().len()), (&json!(1), 1));
    let first = &shown["items"][0];
    assert_eq!(
        (&first["body_html"], &first["reply_count"], &first["by_organizer"], &first["author"]["username"]),
        (&json!("<p>Is there <em>tea</em>?</p>\n"), &json!(2), &json!(false), &json!("cid"))
    );
    let replies = anonymous.all(&format!("{all}?parent={question}&limit=1")).await;
    assert_eq!(
        replies
            .iter()
            .map(|r| (r["id"].as_str().unwrap(), r["by_organizer"].as_bool().unwrap()))
            .collect::<Vec<_>>(),
        [(answer.as_str(), true), (thanks.as_str(), false)]
    );
    assert!(replies[0].get("body_html").is_none() && first.get("replies").is_none());
    let whole = anonymous.get(&format!("{all}?replies=true")).await.expect(200).json();
    assert_eq!(whole["items"][0]["replies"], json!(replies), "a conversation comes at once");
    let of_reply = anonymous.get(&format!("{all}?replies=true&parent={question}")).await.expect(200).json();
    assert_eq!(of_reply["items"][0]["replies"], json!([]), "replies have none");
    let refused = cid.post(&all, json!({"body": "x", "parent_id": answer})).await.expect(400);
    assert_eq!(refused.wrong(), [("/parent_id".to_owned(), "invalid".to_owned())]);
    cid.patch(&format!("/comments/{thanks}"), json!({"parent_id": null}))
        .await
        .expect_problem(400, "invalid-input");

    let edited =
        cid.patch(&format!("/comments/{question}"), json!({"body": "Is there coffee?"})).await.expect(200);
    assert!(edited.json()["edited_at"].is_string());
    let stale = [("if-match", "\"1\"")];
    cid.call(Method::PATCH, &format!("/comments/{question}"), Some(json!({"body": "x"})), &stale)
        .await
        .expect_problem(412, "version-mismatch");

    // A hidden comment is a placeholder, except to its author and the organizers.
    bob.poke(&format!("/comments/{answer}/hide")).await.expect(200);
    let placeholder = anonymous.get(&format!("/comments/{answer}?html=true")).await.expect(200).json();
    assert_eq!(
        (&placeholder["status"], &placeholder["body"], &placeholder["author"], &placeholder["by_organizer"]),
        (&json!("hidden"), &Value::Null, &Value::Null, &json!(false))
    );
    assert!(placeholder.get("body_html").is_none());
    let whole = anonymous.get(&format!("{all}?replies=true")).await.expect(200).json();
    assert_eq!(whole["items"][0]["replies"][0]["body"], Value::Null, "neither among the replies");
    assert_eq!(ada.get(&format!("/comments/{answer}")).await.expect(200).json()["body"], "There is");
    bob.delete(&format!("/comments/{answer}/hide")).await.expect(204);
    assert_eq!(anonymous.get(&format!("/comments/{answer}")).await.expect(200).json()["body"], "There is");

    // A deleted comment leaves a placeholder as long as it has replies.
    cid.delete(&format!("/comments/{question}")).await.expect(204);
    cid.delete(&format!("/comments/{question}")).await.expect_problem(404, "not-found");
    let placeholder = ada.get(&format!("/comments/{question}")).await.expect(200).json();
    assert_eq!(
        (&placeholder["status"], &placeholder["body"], &placeholder["author"]),
        (&json!("deleted"), &Value::Null, &Value::Null)
    );
    bob.poke(&format!("/comments/{question}/hide")).await.expect_problem(404, "not-found");
    ada.post(&all, json!({"body": "x", "parent_id": question})).await.expect_problem(400, "invalid-input");
    cid.delete(&format!("/comments/{thanks}")).await.expect(204);
    ada.delete(&format!("/comments/{answer}")).await.expect(204);
    anonymous.get(&format!("/comments/{question}")).await.expect_problem(404, "not-found");
    assert_eq!(anonymous.get(&all).await.expect(200).json()["items"], json!([]));

    // Comments of deleted users stay.
    let last = add_comment(&cid, &event, json!({"body": "Goodbye"})).await;
    let export = cid.get("/users/me/export").await.expect(200).json();
    assert_eq!(export["comments"][0]["body"], "Goodbye");
    cid.delete("/users/me").await.expect(204);
    let left = anonymous.get(&format!("/comments/{last}")).await.expect(200).json();
    assert_eq!((&left["body"], &left["author"]["display_name"]), (&json!("Goodbye"), &json!("deleted user")));
    ada.delete(&format!("/events/{event}")).await.expect(204);

    for (body, code) in [
        ("", "required"),
        ("  \n", "required"),
        (&*"x".repeat(5_001), "too_long"),
        ("a\u{0}", "control_character"),
    ] {
        let other = self::event(&ada, &bob, &json!({})).await;
        let refused = ada.post(&format!("/events/{other}/comments"), json!({"body": body})).await.expect(400);
        assert_eq!(refused.wrong(), [("/body".to_owned(), code.to_owned())]);
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn comments_have_html_counts_and_authors(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let event = event(&ada, &bob, &json!({})).await;
    let all = format!("/events/{event}/comments");
    let busy = add_comment(&bob, &event, json!({"body": "Who comes?"})).await;
    let mut me_too = Vec::new();
    for n in 0..22 {
        me_too
            .push(add_comment(&ada, &event, json!({"body": format!("I do, {n}"), "parent_id": busy})).await);
    }
    let whole = ada.get(&format!("{all}?replies=true")).await.expect(200).json();
    assert_eq!(whole["items"][0]["reply_count"], 22);
    let first = whole["items"][0]["replies"].as_array().unwrap();
    assert_eq!(first.iter().map(|reply| reply["id"].as_str().unwrap()).collect::<Vec<_>>(), me_too[..20]);
    ada.get(&format!("{all}?replies=all")).await.expect_problem(400, "invalid-input");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_to_replies_are_refused(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let event = event(&ada, &bob, &json!({})).await;
    let all = format!("/events/{event}/comments");
    let quote = add_comment(&bob, &event, json!({"body": format!("{}deep", ">".repeat(4_990))})).await;
    add_comment(&ada, &event, json!({"body": format!("{}deeper", "1. ".repeat(1_660)), "parent_id": quote}))
        .await;
    let one = bob.get(&format!("/comments/{quote}?html=true")).await.expect(200).json();
    let html = one["body_html"].as_str().unwrap();
    assert_eq!(html.matches("<blockquote>").count(), 20);
    assert!(html.contains("deep") && html.len() < 6_000, "{}", html.len());
    let page = daemon.anonymous().get(&format!("{all}?html=true&replies=true")).await.expect(200).json();
    assert_eq!(page["items"][0]["body_html"], one["body_html"]);
    let reply = page["items"][0]["replies"][0]["body_html"].as_str().unwrap();
    assert!(reply.matches("<ol>").count() == 20 && reply.contains("deeper"), "{reply}");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_without_a_change_keeps_the_version(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let event = event(&ada, &bob, &json!({})).await;
    let comment = format!("/comments/{}", add_comment(&bob, &event, json!({"body": "Nice"})).await);
    let hide = format!("{comment}/hide");
    let (first, second) = ([("if-match", "\"1\"")], [("if-match", "\"2\"")]);

    // An edit to the same text is no change.
    for patch in [json!({}), json!({"body": "Nice"})] {
        let same = bob.patch(&comment, patch).await.expect(200).json();
        assert_eq!((&same["edited_at"], &same["version"]), (&Value::Null, &json!(1)));
    }
    ada.call(Method::POST, &hide, None, &second).await.expect_problem(412, "version-mismatch");
    ada.call(Method::POST, &hide, None, &first).await.expect(200);
    ada.call(Method::DELETE, &hide, None, &first).await.expect_problem(412, "version-mismatch");
    ada.call(Method::DELETE, &hide, None, &second).await.expect(204);

    // Replies are listed for a comment on this event only.
    let nobody = "01890000-0000-7000-8000-000000000000";
    let other = self::event(&ada, &bob, &json!({})).await;
    let elsewhere = add_comment(&bob, &other, json!({"body": "Here"})).await;
    for parent in [nobody, &elsewhere] {
        bob.get(&format!("/events/{event}/comments?parent={parent}")).await.expect_problem(404, "not-found");
    }
}

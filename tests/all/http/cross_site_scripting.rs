//! Attempts of cross-site scripting over HTTP: input is served as JSON that no browser takes for HTML, and as
//! sanitized HTML.

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Answer, Client, Daemon, Kind, harm, new_event_in_2031, tries};

/// Asserts that a browser takes the response for JSON only.
#[track_caller]
fn must_be_json(answer: Answer) -> Answer {
    let kind = answer.header("content-type");
    assert!(["application/json", "application/problem+json"].contains(&kind), "{kind}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    answer
}

/// Whether the input was accepted. It may be refused as too long or for control characters.
#[track_caller]
fn is_accepted(answer: Answer) -> bool {
    let answer = must_be_json(answer);
    if answer.status.is_success() {
        return true;
    }
    answer.expect_problem(400, "invalid-input");
    false
}

async fn event(organizer: &Client, words: &Value) -> Answer {
    organizer.post("/events", new_event_in_2031().with(words).json()).await
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_script_survives_in_html(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, bob, anonymous) = (daemon.user("ada").await, daemon.user("bob").await, daemon.anonymous());
    let event_of_talk = event(&ada, &json!({})).await.expect(201).json();
    let (talk, occurrence) =
        (event_of_talk["id"].as_str().unwrap(), event_of_talk["next_occurrence"]["id"].as_str().unwrap());
    ada.post(&format!("/occurrences/{occurrence}/registrations"), json!({"user_id": bob.id()}))
        .await
        .expect(201);
    let mine = format!("/occurrences/{occurrence}/feedback");
    daemon.db.pass(occurrence, "2024-03-04T18:30:00Z").await;
    let feedback = bob.put(&mine, json!({"rating": 1})).await.expect(201).id();
    let mut counts = [0; 9];
    let admin = daemon.admin("root").await;
    for one in tries() {
        // Tags and names, and links made of titles.
        counts[6] += usize::from(is_accepted(event(&ada, &json!({"tags": [one]})).await));
        counts[7] += usize::from(is_accepted(bob.patch("/users/me", json!({"display_name": one})).await));
        counts[8] += usize::from(is_accepted(
            admin.patch("/categories/other", json!({"name": one, "description": one})).await,
        ));
        // URLs are http or https only, because clients show them as links.
        let linked = event(&ada, &json!({"url": one})).await;
        if linked.status.is_success() {
            let url = linked.json()["url"].as_str().unwrap().to_ascii_lowercase();
            assert!(url.starts_with("http://") || url.starts_with("https://"), "{url}");
            assert!(!url.contains(char::is_whitespace) && !url.contains('\0'), "{url}");
        }
        for (i, field) in ["title", "location", "description"].into_iter().enumerate() {
            let made = event(&ada, &json!({field: one})).await;
            if made.status.is_success() {
                let id = made.id();
                let shown = must_be_json(anonymous.get(&format!("/events/{id}")).await).expect(200).json();
                assert_eq!(shown[field], made.json()[field], "{one}");
                for (name, link) in shown["links"].as_object().unwrap() {
                    let link = link.as_str().unwrap();
                    let safe = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&()*+,;=%".contains(c);
                    assert!(link.chars().all(safe), "{name}: {link}");
                    let (_, rest) = link.split_once("://").unwrap();
                    let ours = ["http://", "webcal://"].iter().any(|scheme| link.starts_with(scheme))
                        && rest.starts_with(&format!("{}/", daemon.address()));
                    assert!(link.starts_with("https://") || ours, "{name}: {link}");
                }
            }
            counts[i] += usize::from(is_accepted(made));
        }
        counts[3] += usize::from(is_accepted(bob.put(&mine, json!({"rating": 1, "body": one})).await));
        let answer = format!("/feedback/{feedback}/answer");
        counts[4] += usize::from(is_accepted(ada.put(&answer, json!({"body": one})).await));
        must_be_json(anonymous.get(&format!("/events/{talk}/feedback")).await).expect(200);
        let said = bob.post(&format!("/events/{talk}/comments"), json!({"body": one})).await;
        if said.status.is_success() {
            let shown = must_be_json(anonymous.get(&format!("/comments/{}?html=true", said.id())).await)
                .expect(200)
                .json();
            assert_eq!(harm(shown["body_html"].as_str().unwrap()), None, "{one}");
        }
        counts[5] += usize::from(is_accepted(said));
        // The query is echoed in no page.
        let asked: String = form_urlencoded::byte_serialize(one.as_bytes()).collect();
        for path in [
            format!("/problems/{asked}"),
            format!("/docs/{asked}"),
            format!("/{asked}"),
            format!("/?{asked}={asked}"),
            format!("/api/v1/events?{asked}={asked}"),
        ] {
            let answer = anonymous.raw(Method::GET, &path, Vec::new(), &[]).await;
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            if answer.header("content-type").starts_with("text/html") {
                let home = anonymous.raw(Method::GET, "/", Vec::new(), &[]).await;
                assert_eq!(answer.bytes, home.bytes, "{path}");
            } else {
                must_be_json(answer);
            }
        }
    }
    // Most attempts are ordinary text and are stored unchanged.
    assert!(counts[..6].iter().all(|taken| *taken > 100), "{counts:?}");
    // Tags and names are shorter and have one line.
    assert!(counts[6..].iter().all(|taken| *taken > 50), "{counts:?}");
    for path in ["/tags?limit=100", "/categories", "/categories/other", "/occurrences/facets"] {
        must_be_json(anonymous.get(path).await).expect(200);
    }
    let page = must_be_json(anonymous.get("/events?limit=100").await).expect(200).json();
    assert_eq!(page["items"].as_array().unwrap().len(), 100);
}

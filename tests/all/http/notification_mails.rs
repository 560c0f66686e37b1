//! Mails of notifications, as a reader has them, and the page that stops them.

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Answer, Client, Daemon, HtmlPage, Kind, MailFile, TestDb, mails_in, new_event_in_2031};
use tests::{scanned_png, url_encoded};

const ACCEPT: (&str, &str) = ("accept", "text/html,*/*;q=0.8");
const FORM: &str = "application/x-www-form-urlencoded";

/// A daemon with users whose addresses are verified.
async fn daemon_with<const N: usize>(kind: Kind, names: [&str; N]) -> (Daemon, [Client; N]) {
    let daemon = Daemon::on(TestDb::in_real_time(kind).await, &[]).await;
    let users = daemon.users(names).await;
    daemon.db.verify_addresses().await;
    (daemon, users)
}

async fn post(client: &Client, path: &str, content_type: &str, body: &str) -> Answer {
    let headers = [ACCEPT, ("content-type", content_type)];
    client.raw(Method::POST, path, body.as_bytes().to_vec(), &headers).await
}

async fn show(client: &Client, path: &str) -> HtmlPage {
    let answer = client.raw(Method::GET, path, Vec::new(), &[ACCEPT]).await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.header("content-security-policy").starts_with("default-src 'none'; style-src 'sha256-"));
    let page = HtmlPage::of(&answer);
    assert!(page.all("script").next().is_none());
    page
}

/// The address in List-Unsubscribe, without the server.
fn unsubscribe(mail: &MailFile) -> String {
    assert_eq!(mail.values("List-Unsubscribe-Post"), ["List-Unsubscribe=One-Click"]);
    let values = mail.values("List-Unsubscribe");
    let [address] = values[..] else { panic!("{values:?}") };
    let address = address.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).expect("an address");
    let link = &address[address.find("/unsubscribe?token=").expect("a link")..];
    assert_eq!(mail.link("unsubscribe"), link, "the text has the same");
    link.to_owned()
}

/// Whether a user gets a kind in the app and by e-mail.
async fn channels(user: &Client, kind: &str) -> (bool, bool) {
    let preferences = user.get("/notifications/preferences").await.expect(200).json();
    let kinds = preferences["kinds"].as_array().expect("a list").clone();
    let found: Vec<Value> = kinds.into_iter().filter(|known| known["kind"] == kind).collect();
    (found[0]["in_app"] == true, found[0]["email"] == true)
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_gets_a_mail_with_a_ticket_and_hostile_titles_are_harmless(#[case] kind: Kind) {
    let (daemon, [ada, bob]) = daemon_with(kind, ["ada", "bob"]).await;
    let title = "=?utf-8?q?Bcc:_x@y.org?= <b>Fest</b> \u{202e}ä";
    let zone = json!({"timezone": "Asia/Tokyo", "display_name": "B\u{2066} =?utf-8?q?x?=ob"});
    bob.patch("/users/me", zone).await.expect(200);
    let event = new_event_in_2031().title(title).location("<i>Room</i> 2").timezone("Europe/Berlin");
    let (_, occurrence) = ada.create_event(event).await;
    let registration = bob.register(&occurrence, 2).await.expect(201).json();
    let mail = mails_in(&daemon.db.mail_dir(), 1).await.remove(0);

    assert_eq!(mail.to, "bob@example.org");
    let shown = mail.subject.replace('\u{2060}', "");
    assert_eq!(shown, "Confirmed: =?utf-8?q?Bcc:_x@y.org?= <b>Fest</b> ä");
    for (name, count) in [("Subject", 1), ("From", 1), ("To", 1), ("Date", 1), ("Bcc", 0), ("Reply-To", 0)] {
        assert_eq!(mail.values(name).len(), count, "{name}");
    }
    assert_eq!(mail.values("Auto-Submitted"), ["auto-generated"]);
    let told = bob.get("/notifications").await.expect(200).json()["items"][0]["id"].clone();
    assert!(mail.message_id.starts_with(&format!("{}@", told.as_str().unwrap())), "{}", mail.message_id);
    for part in [&mail.text, &mail.html.replace("&#x2f;", "/")] {
        for expected in [
            "Wednesday, 5 March 2031, 02:30–03:30 (Asia/Tokyo, UTC+09:00)",
            "Tuesday, 4 March 2031, 18:30–19:30 (Europe/Berlin, UTC+01:00)",
            &format!("/occurrences/{occurrence}"),
            &format!("/tickets/{}", registration["ticket_code"].as_str().unwrap()),
            "You get this mail because you are registered for this event",
        ] {
            assert!(part.contains(expected), "{expected}: {part}");
        }
    }
    assert!(!mail.html.contains("<b>") && !mail.html.contains("<i>"), "{}", mail.html);
    let [(id, picture)] = &mail.pictures[..] else { panic!("{}", mail.pictures.len()) };
    assert!(mail.html.contains(&format!("src=\"cid:{id}\"")), "{id}");
    assert_eq!(scanned_png(picture), registration["ticket_code"].as_str().unwrap());
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_click_stops_mails_of_a_kind_and_following_the_link_does_not(#[case] kind: Kind) {
    let (daemon, [ada, bob]) = daemon_with(kind, ["ada", "bob"]).await;
    let (event, occurrence) = ada.create_event(new_event_in_2031()).await;
    bob.register(&occurrence, 1).await.expect(201);
    let folder = daemon.db.mail_dir();
    let link = unsubscribe(&mails_in(&folder, 1).await[0]);
    let guest = daemon.anonymous();
    for _ in 0..2 {
        guest.raw(Method::HEAD, &link, Vec::new(), &[ACCEPT]).await.expect(200);
        let page = show(&guest, &link).await;
        assert_eq!(page.first("button").text, "Stop these mails");
        assert_eq!(
            (page.first("form").at("method"), page.first("form").at("action")),
            ("post", "/unsubscribe")
        );
        assert_eq!(channels(&bob, "registration_confirmed").await, (true, true));
    }
    // Programs for mails send either type, without cookies, to the address as it is.
    let form_data =
        "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
    for (content_type, body) in
        [(FORM, "List-Unsubscribe=One-Click"), ("multipart/form-data; boundary=b", form_data)]
    {
        bob.put("/notifications/preferences", json!({})).await.expect(200);
        for _ in 0..2 {
            let page = HtmlPage::of(&post(&guest, &link, content_type, body).await.expect(200));
            assert!(page.text().contains("These mails have stopped."), "{}", page.text());
            assert_eq!(channels(&bob, "registration_confirmed").await, (true, false), "{content_type}");
        }
    }
    let (_, other) = ada.create_event(new_event_in_2031()).await;
    bob.register(&other, 1).await.expect(201);
    ada.poke(&format!("/events/{event}/cancel")).await.expect(200);
    let subjects: Vec<String> = mails_in(&folder, 2).await.into_iter().map(|mail| mail.subject).collect();
    assert_eq!(subjects, ["Confirmed: Evening", "Cancelled: Evening"]);

    let token = link.split_once("token=").unwrap().1;
    let forged = format!("{}A{}", &token[..10], &token[11..]);
    for wrong in ["", "x", &token[..token.len() - 1], &token[1..], &forged, "%00"] {
        let path = format!("/unsubscribe?token={wrong}");
        let page = show(&guest, &path).await;
        assert!(page.text().contains("The link is not valid"), "{}", page.text());
        let answer = post(&guest, &path, FORM, "List-Unsubscribe=One-Click").await.expect(200);
        assert!(HtmlPage::of(&answer).text().contains("The link is not valid"));
    }
    post(&guest, &link, "application/json", "{}").await.expect(415);
    assert!(!daemon.log().contains(token), "no token in the log");
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_a_mail_shows_and_stores_all_preferences(#[case] kind: Kind) {
    let (daemon, [ada, bob]) = daemon_with(kind, ["ada", "bob"]).await;
    let (_, occurrence) = ada.create_event(new_event_in_2031()).await;
    bob.put("/notifications/preferences", json!({"reminders": ["PT2H"]})).await.expect(200);
    bob.register(&occurrence, 1).await.expect(201);
    let link = unsubscribe(&mails_in(&daemon.db.mail_dir(), 1).await[0]);
    let token = link.split_once("token=").unwrap().1;
    let guest = daemon.anonymous();
    let page = show(&guest, &link).await;
    let boxes: Vec<&str> =
        page.all("input").filter(|field| field.at("type") == "checkbox").map(|b| b.at("name")).collect();
    assert_eq!(boxes.len(), 20, "ten kinds on two channels");
    let chosen = [("in_app", "reminder"), ("email", "event_cancelled"), ("in_app", "event_cancelled")];
    let chosen: Vec<String> = chosen.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let body = format!("token={}&save=all&{}", url_encoded(token), chosen.join("&"));
    let saved = HtmlPage::of(&post(&guest, "/unsubscribe", FORM, &body).await.expect(200));
    assert!(saved.text().contains("Your choices are saved."), "{}", saved.text());
    assert_eq!(channels(&bob, "reminder").await, (true, false));
    assert_eq!(channels(&bob, "event_cancelled").await, (true, true));
    assert_eq!(channels(&bob, "registration_confirmed").await, (false, false));
    assert_eq!(channels(&bob, "new_sign_in").await, (true, true), "security notices stay");
    let preferences = bob.get("/notifications/preferences").await.expect(200).json();
    assert_eq!(preferences["reminders"], json!(["PT2H"]));
    // A form without a choice changes nothing.
    post(&guest, "/unsubscribe", FORM, &format!("token={token}")).await.expect(200);
    assert_eq!(bob.get("/notifications/preferences").await.expect(200).json(), preferences);
    // The link of a deleted account is as invalid as a forged one.
    bob.delete("/users/me").await.expect(204);
    let page = show(&guest, &link).await;
    assert!(page.text().contains("The link is not valid") && !page.text().contains("bob"), "{}", page.text());
    let body = format!("token={token}&save=all");
    let answer = post(&guest, "/unsubscribe", FORM, &body).await.expect(200);
    assert!(HtmlPage::of(&answer).text().contains("The link is not valid"));
    daemon.check().await;
}

//! The pages that links lead to, as html-validate reads them and axe-core checks them in headless Chromium.

use serde_json::{Value, json};
use tests::{Client, Daemon, Kind, TestDb, mails_in, new_event_in_2031};
use tokio::process::Command;

use crate::program;

/// All that Markdown can bring: headings, lists, quotations, code, links and pictures.
const DESCRIPTION: &str = r#"# Agenda

Talks, *pizza* and [slides](https://example.org/slides)

## Rules

1. be kind
2. ask

> A quotation

- `code`

```
fn main() { println!("a line of code that is much longer than a narrow screen is wide"); }
```

| Hall | Seats |
| --- | --- |
| 2 | 40 |
"#;

/// Checks every kind of page. Returns what is wrong.
pub(crate) async fn look() -> Option<String> {
    let (Some(browser), Some(packages)) = (std::env::var_os("CHROMIUM"), std::env::var_os("PAGES")) else {
        return Some("start this by tests/contract/run, which installs Chromium and axe-core".to_owned());
    };
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    let (mails, daemon) = (db.mail_dir(), Daemon::on(db, &[]).await);
    let pages = pages(&daemon, &mails).await;
    let mut command = Command::new("node");
    command
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/contract/pages/check.mjs"))
        .arg(browser)
        .env("PACKAGES", packages);
    match program::run(command, Value::Array(pages).to_string()).await {
        Ok(printed) => {
            println!("contract: {}", printed.trim());
            None
        }
        Err(why) => Some(format!("== pages: {why}\n{}", daemon.log())),
    }
}

/// A page of each kind, in each of its states.
async fn pages(daemon: &Daemon, mails: &std::path::Path) -> Vec<Value> {
    let server = format!("http://{}", daemon.address());
    let guest = daemon.anonymous();
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    daemon.db.verify_addresses().await;
    let evening = new_event_in_2031()
        .title("Rust evening")
        .description(DESCRIPTION)
        .timezone("Europe/Berlin")
        .duration("PT2H")
        .location("Hall 2, Berlin")
        .set("url", "https://example.org/join?a=1&b=2")
        .category("workshop")
        .tags(["rust", "evening"]);
    let series = evening.clone().title("Rust evenings").set("recurrence", json!({"rrule": "FREQ=WEEKLY"}));
    let evening = ada.post("/events", evening.json()).await.expect(201).json();
    let series = ada.post("/events", series.json()).await.expect(201).json();
    let days = new_event_in_2031().title("Long days").set("all_day", true).set("starts_at", "2031-03-04");
    let days = ada.post("/events", days.json()).await.expect(201).json();
    let occurrence = |event: &Value| event["next_occurrence"]["id"].as_str().expect("an id").to_owned();
    let ticket = bob.register(&occurrence(&evening), 1).await.expect(201).json();
    bob.register(&occurrence(&days), 1).await.expect(201);
    ada.poke(&format!("/occurrences/{}/cancel", occurrence(&days))).await.expect(200);
    let page = |thing: &Value| thing["links"]["page"].as_str().expect("a page").to_owned();

    let mut all = vec![
        ("home", format!("{server}/")),
        ("an event", page(&evening)),
        ("a series", page(&series)),
        ("a cancelled event of whole days", page(&days)),
        ("an occurrence", page(&evening["next_occurrence"])),
        ("an occurrence of a series", page(&series["next_occurrence"])),
        ("a ticket", page(&ticket)),
        ("no such event", format!("{server}/events/nope")),
        ("the kinds of problems", format!("{server}/problems")),
        ("a kind of problem", format!("{server}/problems/event-full")),
        ("a link that is damaged", format!("{server}/verify-email?token=x")),
        ("a password forgotten", format!("{server}/reset-password")),
    ];
    for (name, link) in links_of_mails(&guest, mails).await {
        all.push((name, format!("{server}{link}")));
    }
    let mut pages: Vec<Value> =
        all.into_iter().map(|(name, url)| json!({"name": name, "url": url})).collect();
    for (name, path, form) in [
        ("a link to a new password, asked for", "reset-password", json!({"email": "cid@example.org"})),
        ("a new password with a damaged link", "reset-password", json!({"token": "x", "password": "y"})),
        ("an address that is not verified", "verify-email", json!({"token": "x"})),
    ] {
        pages.push(json!({"name": name, "url": format!("{server}/{path}"), "form": form}));
    }
    pages
}

/// The pages of the links in the mails about an account and of a notification.
async fn links_of_mails(guest: &Client, folder: &std::path::Path) -> Vec<(&'static str, String)> {
    let cid = json!({
        "username": "cid", "email": "cid@example.org", "password": "correct horse 7", "display_name": "Cid",
    });
    guest.post("/users", cid).await.expect(201);
    guest.post("/auth/forgot-password", json!({"email": "cid@example.org"})).await.expect(204);
    let pages = [
        ("an address to verify", "verify-email"),
        ("a new password", "reset-password"),
        ("what mails are wanted", "unsubscribe"),
    ];
    tests::eventually(async || {
        let mails = mails_in(folder, 1).await;
        let link = |page: &str| {
            let mail = mails.iter().find(|mail| mail.text.contains(&format!("/{page}?")));
            mail.map(|mail| mail.link(page)).ok_or_else(|| format!("no mail with a link to {page}"))
        };
        pages.iter().map(|(name, page)| Ok((*name, link(page)?))).collect::<Result<Vec<_>, String>>()
    })
    .await
}

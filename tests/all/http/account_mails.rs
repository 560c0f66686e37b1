//! Links in mails, from the mail through the page to what they do.

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Answer, Client, Daemon, HtmlPage, Kind, TestDb, mails_in, url_encoded};

const PASSWORD: &str = "correct horse 7";
const ACCEPT: (&str, &str) = ("accept", "text/html,*/*;q=0.8");

async fn show(client: &Client, path: &str) -> HtmlPage {
    let answer = client.raw(Method::GET, path, Vec::new(), &[ACCEPT]).await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
    HtmlPage::of(&answer)
}

async fn press(client: &Client, path: &str, fields: &[(&str, &str)]) -> Answer {
    let form: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", url_encoded(value))).collect();
    let headers = [ACCEPT, ("content-type", "application/x-www-form-urlencoded")];
    client.raw(Method::POST, path, form.join("&").into_bytes(), &headers).await
}

fn token_of(link: &str) -> &str {
    link.split_once("token=").expect("a token").1
}

async fn sign_in(client: &Client, password: &str) -> Answer {
    client.post("/auth/login", json!({"login": "ada", "password": password})).await
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_in_mails_act_by_a_button_and_never_when_they_are_followed(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let (folder, daemon) = (db.mail_dir(), Daemon::on(db, &[]).await);
    let guest = daemon.anonymous();
    let ada = json!({
        "username": "ada", "email": "ada@müller.example", "password": PASSWORD,
        "display_name": "=?utf-8?q?Bcc:_x?= Ada", "timezone": "Europe/Berlin",
    });
    guest.post("/users", ada).await.expect(201);
    let mail = mails_in(&folder, 1).await.remove(0);
    assert_eq!(mail.to, "ada@xn--mller-kva.example");
    assert_eq!(mail.name.replace('\u{2060}', ""), "=?utf-8?q?Bcc:_x?= Ada");
    assert_eq!(mail.subject, "Verify your e-mail address");
    let header = |name: &str| {
        let found = mail.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    assert_eq!(header("Auto-Submitted"), ["auto-generated"]);
    assert_eq!((header("Date").len(), header("From").len(), header("To").len()), (1, 1, 1));
    assert!(header("Bcc").is_empty() && header("Content-Type")[0].starts_with("multipart/alternative"));
    assert!(mail.text.contains("(Europe/Berlin)") && mail.text.contains("You get this mail because"));
    let link = mail.link("verify-email");
    assert!(mail.html.replace("&#x2f;", "/").contains(&link), "{}", mail.html);

    let token = guest_token(&guest).await;
    let me = guest.with_token(&token);
    for _ in 0..2 {
        // Programs that check mails follow links, and ask for the head alone.
        guest.raw(Method::HEAD, &link, Vec::new(), &[ACCEPT]).await.expect(200);
        let page = show(&guest, &link).await;
        assert_eq!(
            (page.first("button").text.as_str(), page.first("form").at("method")),
            ("Verify the address", "post")
        );
        assert_eq!(me.get("/users/me").await.expect(200).json()["email_verified"], false);
    }
    let fields = [("token", token_of(&link))];
    for _ in 0..2 {
        let page = HtmlPage::of(&press(&guest, "/verify-email", &fields).await.expect(200));
        assert!(page.text().contains("ada@müller.example"), "{}", page.text());
    }
    let account = me.get("/users/me").await.expect(200).json();
    assert_eq!((&account["email_verified"], &account["pending_email"]), (&json!(true), &Value::Null));
    for wrong in ["", "x", &link[link.len() - 20..]] {
        let page = show(&guest, &format!("/verify-email?token={wrong}")).await;
        assert!(page.text().contains("The link is not valid"), "{}", page.text());
        let page = HtmlPage::of(&press(&guest, "/verify-email", &[("token", wrong)]).await.expect(200));
        assert!(page.text().contains("The link is"), "{}", page.text());
    }
    guest.post("/auth/verify-email", json!({"token": token_of(&link)})).await.expect(200);
    let wrong =
        guest.post("/auth/verify-email", json!({"token": "x"})).await.expect_problem(400, "invalid-input");
    assert_eq!(wrong.wrong(), [("/token".to_owned(), "invalid_link".to_owned())]);
    me.poke("/users/me/verify-email").await.expect(204);
    guest.poke("/users/me/verify-email").await.expect_problem(401, "unauthenticated");

    // A forgotten password: the page asks for the address, and tells nothing.
    let page = show(&guest, "/reset-password").await;
    assert_eq!(page.all("label").next().unwrap().at("for"), "email");
    let mut answers = Vec::new();
    for email in ["nobody@example.org", "ada@müller.example"] {
        answers.push(press(&guest, "/reset-password", &[("email", email)]).await.expect(200).bytes);
    }
    assert_eq!(answers[0], answers[1]);
    let page = HtmlPage::of(&press(&guest, "/reset-password", &[("email", "ada")]).await.expect(200));
    assert!(page.text().contains("This must be an e-mail address"), "{}", page.text());
    let mail = mails_in(&folder, 2).await.remove(1);
    assert_eq!(mail.subject, "Choose a new password");
    let link = mail.link("reset-password");
    guest.raw(Method::HEAD, &link, Vec::new(), &[ACCEPT]).await.expect(200);
    let page = show(&guest, &link).await;
    assert_eq!(page.first("label").at("for"), page.all("input").nth(1).unwrap().at("id"));
    let choose = |password: &'static str| {
        [("token", token_of(&link).to_owned()), ("new_password", password.to_owned())]
    };
    let send = async |password: &'static str| {
        let fields = choose(password);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        HtmlPage::of(&press(&guest, "/reset-password", &fields).await.expect(200))
    };
    let page = send("short").await;
    assert!(page.text().contains("The password must have at least 10 characters"), "{}", page.text());
    assert_eq!(page.first("input").at("value"), token_of(&link), "the link can still be used");
    assert!(send("another horse 8").await.text().contains("Your password is changed"));
    assert!(send("a third horse 9").await.text().contains("The link was used before"));
    me.get("/users/me").await.expect_problem(401, "invalid-credentials");
    sign_in(&guest, PASSWORD).await.expect_problem(401, "invalid-credentials");
    sign_in(&guest, "another horse 8").await.expect(200);
    let mail = mails_in(&folder, 3).await.remove(2);
    assert_eq!(mail.subject, "Your password was changed");

    for body in [json!({"email": "nobody@example.org"}), json!({"email": "ada@müller.example"})] {
        assert!(guest.post("/auth/forgot-password", body).await.expect(204).bytes.is_empty());
    }
    let link = mails_in(&folder, 4).await.remove(3).link("reset-password");
    let body = json!({"token": token_of(&link), "new_password": "a fourth horse 10"});
    guest.post("/auth/reset-password", body.clone()).await.expect(204);
    let used = guest.post("/auth/reset-password", body).await.expect_problem(400, "invalid-input");
    assert_eq!(used.wrong(), [("/token".to_owned(), "used_link".to_owned())]);
    let log = daemon.log();
    assert!(!log.contains(token_of(&link)), "no token in the log");
    daemon.check().await;
}

async fn guest_token(guest: &Client) -> String {
    let pair = sign_in(guest, PASSWORD).await.expect(200).json();
    pair["access_token"].as_str().unwrap().to_owned()
}

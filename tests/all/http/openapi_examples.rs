//! Every example of a request body in the OpenAPI document works when it is sent as it stands.

use std::collections::BTreeSet;

use eventcore::{Clock, SystemClock};
use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Answer, Client, Daemon, Kind, MailFile, mails_in};

/// The bodies of the document, and those that were sent: operation and media type.
struct Examples {
    document: Value,
    sent: BTreeSet<(String, String)>,
}

impl Examples {
    async fn of(client: &Client) -> Self {
        let document = client.raw(Method::GET, "/openapi.json", Vec::new(), &[]).await.expect(200).json();
        Self { document, sent: BTreeSet::new() }
    }

    /// Method, path and declaration of an operation.
    fn operation(&self, id: &str) -> (Method, String, Value) {
        for (path, item) in self.document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("operations") {
                if operation["operationId"] == id {
                    return (
                        method.to_uppercase().parse().expect("a method"),
                        path.clone(),
                        operation.clone(),
                    );
                }
            }
        }
        panic!("no operation {id}");
    }

    /// All bodies: operation and media type.
    fn all(&self) -> BTreeSet<(String, String)> {
        let items = self.document["paths"].as_object().expect("paths").values();
        let operations = items.flat_map(|item| item.as_object().expect("operations").values());
        operations
            .flat_map(|operation| {
                let id = operation["operationId"].as_str().expect("an id");
                let content = operation["requestBody"]["content"].as_object();
                content.into_iter().flatten().map(move |(media_type, _)| (id.to_owned(), media_type.clone()))
            })
            .collect()
    }

    /// Sends the example of one media type; `secrets` replaces the values that only the server knows.
    async fn send_as(
        &mut self,
        media_type: &str,
        client: &Client,
        id: &str,
        parameters: &[&str],
        secrets: Value,
    ) -> Answer {
        let (method, path, operation) = self.operation(id);
        let mut parameters = parameters.iter();
        let path: Vec<&str> = path
            .split('/')
            .map(
                |segment| {
                    if segment.starts_with('{') { parameters.next().expect("a parameter") } else { segment }
                },
            )
            .collect();
        let mut example = operation["requestBody"]["content"][media_type]["example"].clone();
        let is_file = media_type == "text/calendar" && example.is_string();
        assert!(is_file || example.is_object(), "{id} has no example of {media_type}");
        for (name, secret) in secrets.as_object().expect("an object") {
            assert!(["refresh_token", "code", "token"].contains(&name.as_str()), "{id}: {name} is no secret");
            example[name] = secret.clone();
        }
        self.sent.insert((id.to_owned(), media_type.to_owned()));
        let body = example.as_str().map_or_else(|| example.to_string(), str::to_owned).into_bytes();
        let answer = client.raw(method, &path.join("/"), body, &[("content-type", media_type)]).await;
        assert!(
            answer.status.is_success(),
            "{id}, {media_type}: {} {}",
            answer.status,
            String::from_utf8_lossy(&answer.bytes)
        );
        answer
    }

    async fn send(&mut self, client: &Client, id: &str, parameters: &[&str]) -> Value {
        let answer = self.send_as("application/json", client, id, parameters, json!({})).await;
        if answer.bytes.is_empty() { Value::Null } else { answer.json() }
    }

    /// Sends the example of a merge patch as both media types.
    async fn patch(&mut self, client: &Client, id: &str, parameters: &[&str]) {
        self.send_as("application/merge-patch+json", client, id, parameters, json!({})).await;
        self.send(client, id, parameters).await;
    }

    async fn send_secret(&mut self, client: &Client, id: &str, secrets: Value) -> Answer {
        self.send_as("application/json", client, id, &[], secrets).await
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().expect("a string")
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_example_works_as_it_stands(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (anonymous, admin) = (daemon.anonymous(), daemon.admin("root").await);
    let bob = daemon.user("bob").await;
    let mut examples = Examples::of(&anonymous).await;

    // An account, signed in.
    examples.send(&anonymous, "users_create", &[]).await;
    let tokens = examples.send(&anonymous, "auth_login", &[]).await;
    let refresh = json!({"refresh_token": tokens["refresh_token"]});
    let tokens = examples.send_secret(&anonymous, "auth_refresh", refresh).await.json();
    let ada = anonymous.with_token(text(&tokens, "access_token"));
    examples.patch(&ada, "users_change", &["me"]).await;
    examples.send(&ada, "auth_confirm", &[]).await;
    examples.send(&ada, "tokens_create", &[]).await;

    // What admins and organizers make.
    examples.send(&admin, "categories_create", &[]).await;
    examples.patch(&admin, "categories_change", &["hackathon"]).await;
    examples.send(&anonymous, "recurrence_preview", &[]).await;
    let event = examples.send(&bob, "events_create", &[]).await;
    let event = text(&event, "id");
    examples.send(&bob, "events_replace", &[event]).await;
    examples.patch(&bob, "events_change", &[event]).await;
    examples.send(&bob, "events_duplicate", &[event]).await;
    let imported = examples.send_as("text/calendar", &bob, "calendars_import", &[], json!({})).await.json();
    assert_eq!(imported["created"], 1, "{imported}");
    let occurrences = bob.occurrences(event).await;
    examples.patch(&bob, "occurrences_change", &[&occurrences[1]]).await;
    examples.send(&bob, "occurrences_split", &[&occurrences[7]]).await;
    let merge_patch = "application/merge-patch+json";
    examples.send_as(merge_patch, &bob, "occurrences_split", &[&occurrences[5]], json!({})).await;

    // Attendees, at the door and afterwards.
    let place = examples.send(&ada, "registrations_register", &[&occurrences[0]]).await;
    assert_eq!(place["status"], "confirmed");
    let webhook = examples.send(&bob, "webhooks_create", &[]).await;
    examples.patch(&bob, "webhooks_change", &[text(&webhook, "id")]).await;
    let followed = examples.send(&bob, "subscriptions_create", &[]).await;
    examples.patch(&bob, "subscriptions_change", &[text(&followed, "id")]).await;
    examples.send(&bob, "registrations_add", &[&occurrences[1]]).await;
    examples.send(&ada, "notifications_replace_preferences", &[]).await;
    examples.send(&ada, "notifications_set_reminders", &[&occurrences[0]]).await;
    let comment = examples.send(&ada, "comments_create", &[event]).await;
    examples.patch(&ada, "comments_change", &[text(&comment, "id")]).await;
    daemon.db.pass(&occurrences[0], &SystemClock.now().to_string()).await;
    let code = json!({"code": place["ticket_code"]});
    examples.send_secret(&bob, "registrations_check_in_by_code", code).await;
    let feedback = examples.send(&ada, "feedback_give", &[&occurrences[0]]).await;
    examples.send(&bob, "feedback_answer", &[text(&feedback, "id")]).await;

    examples.send(&ada, "users_change_password", &[]).await;
    let token = |mail: &MailFile, page: &str| json!({"token": mail.link(page).split_once('=').unwrap().1});
    let verify = token(&mails_in(&daemon.db.mail_dir(), 1).await[0], "verify-email");
    examples.send_secret(&anonymous, "auth_verify_email", verify).await;
    examples.send(&anonymous, "auth_forgot_password", &[]).await;
    let mails = mails_in(&daemon.db.mail_dir(), 3).await;
    let reset = mails.iter().find(|mail| mail.subject == "Choose a new password").expect("a link");
    examples.send_secret(&anonymous, "auth_reset_password", token(reset, "reset-password")).await;
    let refresh = json!({"refresh_token": tokens["refresh_token"]});
    examples.send_secret(&anonymous, "auth_logout", refresh).await;
    assert_eq!(examples.sent, examples.all(), "left: bodies sent here, right: all bodies of the document");
    daemon.check().await;
}

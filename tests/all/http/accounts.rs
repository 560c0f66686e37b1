//! Signing up, in and out over HTTP.

use rstest::rstest;
use serde_json::json;
use tests::{Daemon, Kind};

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_sign_up_sign_in_and_leave(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let anonymous = daemon.anonymous();
    let ada = json!({
        "username": "ada",
        "email": "ada@example.org",
        "password": "correct horse 7",
        "display_name": "Ada",
        "timezone": "Europe/London",
    });
    let created = anonymous.post("/users", ada.clone()).await.expect(201);
    let user = created.json();
    assert_eq!(created.location(), format!("/users/{}", user["id"].as_str().unwrap()));
    assert_eq!(
        (&user["username"], &user["email_verified"], &user["role"], &user["version"]),
        (&json!("ada"), &json!(false), &json!("user"), &json!(1))
    );
    assert!(!user.to_string().contains("password"));
    anonymous.post("/users", ada).await.expect_problem(409, "username-taken");
    let same_address =
        json!({"username": "other", "email": "ADA@example.org", "password": "correct horse 7"});
    anonymous.post("/users", same_address).await.expect_problem(409, "email-taken");

    for (login, password) in [("ada", "wrong horse 77"), ("nobody", "correct horse 7")] {
        let refused = anonymous
            .post("/auth/login", json!({"login": login, "password": password}))
            .await
            .expect_problem(401, "invalid-credentials");
        assert_eq!(refused.header("www-authenticate"), "Bearer error=\"invalid_token\"");
    }
    let login = json!({"login": "ADA@example.org", "password": "correct horse 7"});
    let tokens = anonymous.post("/auth/login", login.clone()).await.expect(200).json();
    assert_eq!(
        (&tokens["token_type"], &tokens["expires_in"], &tokens["refresh_expires_in"]),
        (&json!("Bearer"), &json!(900), &json!(2_592_000))
    );
    let other = anonymous.post("/auth/login", login.clone()).await.expect(200).json();
    let me = anonymous.with_token(tokens["access_token"].as_str().unwrap());
    let elsewhere = anonymous.with_token(other["access_token"].as_str().unwrap());
    assert_eq!(me.get("/users/me").await.expect(200).json()["email"], "ada@example.org");
    assert_eq!(me.get("/sessions").await.expect(200).json()["items"].as_array().unwrap().len(), 2);

    let refresh = json!({"refresh_token": tokens["refresh_token"]});
    let renewed = anonymous.post("/auth/refresh", refresh.clone()).await.expect(200).json();
    anonymous.post("/auth/logout", json!({"refresh_token": renewed["refresh_token"]})).await.expect(204);
    anonymous.post("/auth/refresh", refresh).await.expect_problem(401, "invalid-credentials");
    me.get("/users/me").await.expect_problem(401, "invalid-credentials");

    let change = json!({"current_password": "correct horse 7", "new_password": "another horse 8"});
    let third = anonymous.post("/auth/login", login.clone()).await.expect(200).json();
    elsewhere.put("/users/me/password", change).await.expect(204);
    anonymous
        .with_token(third["access_token"].as_str().unwrap())
        .get("/users/me")
        .await
        .expect_problem(401, "invalid-credentials");
    anonymous.post("/auth/login", login).await.expect_problem(401, "invalid-credentials");
    elsewhere.get("/users/me").await.expect(200);

    let token =
        elsewhere.post("/tokens", json!({"name": "script", "scope": "read"})).await.expect(201).json();
    let script = anonymous.with_token(token["secret"].as_str().unwrap());
    script.get("/users/me").await.expect(200);
    script.patch("/users/me", json!({"display_name": "X"})).await.expect_problem(403, "forbidden");
    let export = elsewhere.get("/users/me/export").await.expect(200).json();
    assert_eq!(export["user"]["username"], "ada");

    let tag = elsewhere.get("/users/me").await.expect(200).header("etag").to_owned();
    let guarded = |tag: &str| vec![("if-match".to_owned(), tag.to_owned())];
    for (tag, status) in [("\"77\"", 412), (tag.as_str(), 200), (tag.as_str(), 412)] {
        let headers = guarded(tag);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        elsewhere
            .call(http::Method::PATCH, "/users/me", Some(json!({"display_name": "Countess"})), &headers)
            .await
            .expect(status);
    }
    elsewhere.delete("/users/me").await.expect(204);
    elsewhere.get("/users/me").await.expect_problem(401, "invalid-credentials");
    anonymous
        .post("/auth/login", json!({"login": "ada", "password": "another horse 8"}))
        .await
        .expect_problem(401, "invalid-credentials");
    let left = anonymous.post("/auth/logout", json!({"refresh_token": other["refresh_token"]})).await;
    left.expect(204);
}

//! The OpenAPI document, held against the server.

use http::Method;
use serde_json::Value;
use tests::{Daemon, Kind};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_documented_route_exists_and_no_other_method_does() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let client = daemon.anonymous();
    let document: Value = client.raw(Method::GET, "/openapi.json", Vec::new(), &[]).await.expect(200).json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 20);
    for (path, item) in paths {
        let address = path.replace("{slug}", "not-found");
        let address: String = address
            .split('/')
            .map(|segment| match segment.split_once('}') {
                Some((_, rest)) => format!("01890000-0000-7000-8000-000000000000{rest}"),
                None => segment.to_owned(),
            })
            .collect::<Vec<_>>()
            .join("/");
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let documented = item.get(method.as_str().to_lowercase()).is_some();
            let answer = client.raw(method.clone(), &address, Vec::new(), &[]).await;
            if documented {
                assert_ne!(answer.status, 405, "{method} {path}");
                let known = item[method.as_str().to_lowercase()]["responses"].as_object().unwrap();
                assert!(
                    known.contains_key(answer.status.as_str()),
                    "{method} {path} answers {}",
                    answer.status
                );
            } else {
                let answer = answer.expect_problem(405, "method-not-allowed");
                let allow = answer.header("allow").to_owned();
                assert!(
                    allow.split(", ").all(|m| item.get(m.to_lowercase()).is_some()),
                    "{method} {path}: {allow}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_need_nothing_from_outside() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let client = daemon.anonymous();
    for path in [
        "/",
        "/docs",
        "/docs/start.js",
        "/docs/swagger-ui.css",
        "/docs/swagger-ui-bundle.js",
        "/problems",
        "/problems/event-full",
    ] {
        let page = client.raw(Method::GET, path, Vec::new(), &[]).await.expect(200);
        assert!(!page.bytes.is_empty());
        if page.header("content-type").starts_with("text/html") {
            let text = String::from_utf8(page.bytes.to_vec()).unwrap();
            assert!(!text.contains("src=\"http") && !text.contains("href=\"http"), "{path}");
        }
    }
    client.raw(Method::GET, "/problems/nonsense", Vec::new(), &[]).await.expect_problem(404, "not-found");
}

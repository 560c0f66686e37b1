//! HTML pages: the start page, the API documentation, and explanations of problems.

use eventcore::Error;
use http::header;
use hyper::body::Bytes;
use serde::Serialize;
use tokio::sync::OnceCell;
use utoipa_swagger_ui::Config;
use warp::reply::Response;

use crate::http::call::{Answer, Call};
use crate::http::page_security;
use crate::http::pages;
use crate::http::problem_kind::Kind;
use crate::http::problem_responses::{NotFound, PageProblems};
use crate::http::reply;
use crate::http::route::{Route, routes};

const DOCUMENT_PATH: &str = "/openapi.json";

/// The script that starts Swagger UI. It keeps no token, which whoever uses the browser next would have, and
/// sends the document to no validator.
const START_SCRIPT: &str = "SwaggerUIBundle({ url: '/openapi.json', dom_id: '#api', deepLinking: true, \
    tryItOutEnabled: true, persistAuthorization: false, validatorUrl: null });";

pub(super) fn routes() -> Vec<Route> {
    let assets = routes![asset].into_iter().map(Route::undocumented);
    routes![home, document, docs, problems, problem].into_iter().chain(assets).collect()
}

#[derive(Serialize)]
struct HomePage<'a> {
    public_url: &'a str,
}

/// Start page
#[utoipa::path(
    get,
    path = "/",
    tag = "service",
    responses(
        (status = 200, description = "An HTML page", body = String, content_type = "text/html"),
        PageProblems,
    )
)]
async fn home(call: Call) -> Answer {
    pages::page(&call, "pages/home.html", &HomePage { public_url: &call.public_url })
}

/// This OpenAPI document
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "service",
    responses(
        (status = 200, description = "OpenAPI 3.1", body = Object),
        PageProblems,
    )
)]
async fn document(call: Call) -> Answer {
    // It is large and the same for everyone, so that it is written once and shared. Building it takes longer
    // than other requests should wait.
    static JSON: OnceCell<Bytes> = OnceCell::const_new();
    let build = call.document;
    let write = || async move {
        let json = tokio::task::spawn_blocking(move || serde_json::to_vec(&build()));
        json.await.map_err(Error::internal)?.map(Bytes::from).map_err(Error::internal)
    };
    let json = JSON.get_or_try_init(write).await?;
    let mut response = Response::new(json.clone().into());
    response.headers_mut().insert(header::CONTENT_TYPE, call.declaration.content_type.clone());
    Ok(response)
}

/// API documentation
#[utoipa::path(
    get,
    path = "/docs",
    tag = "service",
    responses(
        (status = 200, description = "An HTML page", body = String, content_type = "text/html"),
        PageProblems,
    )
)]
async fn docs(call: Call) -> Answer {
    let mut response = reply::content(&call, include_str!("docs.html"));
    page_security::allow_api_documentation(response.headers_mut());
    Ok(response)
}

/// Scripts and styles of the API documentation, which loads nothing from other servers
#[utoipa::path(
    get,
    path = "/docs/{file}",
    tag = "service",
    params(("file" = String, Path)),
    responses(
        (status = 200, description = "The file",
            content((String = "text/javascript"), (String = "text/css"))),
        PageProblems, NotFound,
    )
)]
async fn asset(call: Call) -> Answer {
    let script = "text/javascript; charset=utf-8";
    let file = call.parameter("file");
    let content_type = match file {
        "start.js" => return Ok(reply::content_of_type(script, START_SCRIPT)),
        "swagger-ui.css" => "text/css; charset=utf-8",
        "swagger-ui-bundle.js" => script,
        _ => return Err(Error::NotFound("file").into()),
    };
    let found = utoipa_swagger_ui::serve(file, std::sync::Arc::new(Config::from(DOCUMENT_PATH)));
    let file = found.map_err(|error| Error::internal(error.to_string()))?.ok_or(Error::NotFound("file"))?;
    Ok(reply::content_of_type(content_type, file.bytes.into_owned()))
}

/// A kind of problem as pages show it.
#[derive(Serialize)]
struct KindItem {
    slug: &'static str,
    status: u16,
    title: &'static str,
    explanation: &'static str,
}

impl KindItem {
    fn new(kind: Kind) -> Self {
        let (slug, title, explanation) = (kind.slug(), kind.title(), kind.explanation());
        Self { slug, status: kind.status().as_u16(), title, explanation }
    }
}

#[derive(Serialize)]
struct ProblemsPage {
    problems: Vec<KindItem>,
}

/// List all kinds of problems
#[utoipa::path(
    get,
    path = "/problems",
    tag = "service",
    responses(
        (status = 200, description = "An HTML page", body = String, content_type = "text/html"),
        PageProblems,
    )
)]
async fn problems(call: Call) -> Answer {
    let problems = Kind::all().map(KindItem::new).collect();
    pages::page(&call, "pages/problems.html", &ProblemsPage { problems })
}

#[derive(Serialize)]
struct KindPage {
    problem: KindItem,
}

/// Explain a kind of problem
#[utoipa::path(
    get,
    path = "/problems/{slug}",
    tag = "service",
    params(("slug" = String, Path)),
    responses(
        (status = 200, description = "An HTML page", body = String, content_type = "text/html"),
        PageProblems, NotFound,
    )
)]
async fn problem(call: Call) -> Answer {
    let slug = call.parameter("slug");
    let kind = Kind::all().find(|kind| kind.slug() == slug).ok_or(Error::NotFound("problem"))?;
    pages::page(&call, "pages/problem.html", &KindPage { problem: KindItem::new(kind) })
}

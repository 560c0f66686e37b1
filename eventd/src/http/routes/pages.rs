//! Pages for people: what this is, the API's documentation, and what problems mean.

use eventcore::Error;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{any_of, route};
use crate::http::call::{Answer, Call, Context};
use crate::http::problem::Kind;
use crate::http::{openapi, reply};

const HTML: &str = "text/html; charset=utf-8";

pub(super) fn routes(context: &Context) -> BoxedFilter<(Response,)> {
    any_of!(
        route!(context, get => home),
        route!(context, get "openapi.json" => document),
        route!(context, get "docs" => docs),
        warp::path("docs").and(route!(context, get { file } => asset)).boxed(),
        route!(context, get "problems" => problems),
        warp::path("problems").and(route!(context, get { slug } => problem)).boxed(),
    )
}

fn page(title: &str, body: &str) -> Response {
    reply::text(HTML, include_str!("page.html").replace("{title}", title).replace("{body}", body))
}

/// What this is
#[utoipa::path(get, path = "/", tag = "service", responses((status = 200, description = "A page", body = String, content_type = "text/html")))]
pub(crate) async fn home(call: Call) -> Answer {
    // What the operator wrote is an address, and still no HTML.
    let here = call.public_url.replace('&', "&amp;").replace('<', "&lt;");
    Ok(page("eventd", &include_str!("home.html").replace("{here}", &here)))
}

/// This document
#[utoipa::path(get, path = "/openapi.json", tag = "service", responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
pub(crate) async fn document(_: Call) -> Answer {
    reply::json(openapi::document())
}

/// The documentation of the API
#[utoipa::path(get, path = "/docs", tag = "service", responses((status = 200, description = "A page", body = String, content_type = "text/html")))]
pub(crate) async fn docs(_: Call) -> Answer {
    Ok(reply::text(HTML, include_str!("docs.html")))
}

/// What the documentation needs; all of it comes from this server
pub(crate) async fn asset(_: Call, file: &str) -> Answer {
    const START: &str = "SwaggerUIBundle({ url: '/openapi.json', dom_id: '#api', deepLinking: true, tryItOutEnabled: true, persistAuthorization: true });";
    let script = "text/javascript; charset=utf-8";
    if file == "start.js" {
        return Ok(reply::text(script, START));
    }
    let kind = match file {
        "swagger-ui.css" => "text/css; charset=utf-8",
        "swagger-ui-bundle.js" => script,
        _ => return Err(Error::NotFound("file").into()),
    };
    let found =
        utoipa_swagger_ui::serve(file, std::sync::Arc::new(utoipa_swagger_ui::Config::from("/openapi.json")));
    let file = found.map_err(|error| Error::internal(error.to_string()))?.ok_or(Error::NotFound("file"))?;
    Ok(reply::text(kind, file.bytes.into_owned()))
}

/// All kinds of problems
#[utoipa::path(get, path = "/problems", tag = "service", responses((status = 200, description = "A page", body = String, content_type = "text/html")))]
pub(crate) async fn problems(_: Call) -> Answer {
    let row = |kind: &Kind| {
        let (slug, status, title) = (kind.slug(), kind.status().as_u16(), kind.title());
        format!(
            "<li><code>{status}</code> <a href=\"/problems/{slug}\">{title}</a>: {}</li>",
            kind.explanation()
        )
    };
    let rows = Kind::ALL.iter().map(row).collect::<Vec<_>>().concat();
    let intro = "Whatever goes wrong comes as <code>application/problem+json</code>, and its <code>type</code> is one of these.";
    Ok(page("Problems", &format!("<h1>Problems</h1><p>{intro}</p><ul>{rows}</ul>")))
}

/// What a kind of problem means
#[utoipa::path(get, path = "/problems/{slug}", tag = "service", params(("slug" = String, Path)),
    responses((status = 200, description = "A page", body = String, content_type = "text/html")))]
pub(crate) async fn problem(_: Call, slug: &str) -> Answer {
    let kind = Kind::ALL.iter().find(|kind| kind.slug() == slug).ok_or(Error::NotFound("problem"))?;
    let body = format!(
        "<h1>{}</h1><p><code>{} /problems/{slug}</code></p><p>{}</p><p><a href=\"/problems\">All problems</a></p>",
        kind.title(),
        kind.status().as_u16(),
        kind.explanation()
    );
    Ok(page(kind.title(), &body))
}

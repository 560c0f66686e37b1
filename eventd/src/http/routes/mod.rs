//! The routes, a file each part of the domain. A route reads the request, calls the library once, and answers.

pub(crate) mod auth;
pub(crate) mod calendars;
pub(crate) mod categories;
pub(crate) mod comments;
pub(crate) mod events;
pub(crate) mod feedback;
pub(crate) mod health;
pub(crate) mod insights;
pub(crate) mod occurrences;
pub(crate) mod organizers;
pub(crate) mod pages;
pub(crate) mod recurrence;
pub(crate) mod registrations;
pub(crate) mod sessions;
pub(crate) mod tokens;
pub(crate) mod users;

use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::call::Context;

/// All routes.
pub(crate) fn all(context: &Context) -> BoxedFilter<(Response,)> {
    // A file's name ends in what an id could, so that it comes before.
    let api = calendars::routes(context)
        .or(occurrences::routes(context))
        .unify()
        .or(events::routes(context))
        .unify()
        .or(registrations::routes(context))
        .unify()
        .or(organizers::routes(context))
        .unify()
        .or(categories::routes(context))
        .unify()
        .or(comments::routes(context))
        .unify()
        .or(feedback::routes(context))
        .unify()
        .or(insights::routes(context))
        .unify()
        .or(users::routes(context))
        .unify()
        .or(auth::routes(context))
        .unify()
        .or(sessions::routes(context))
        .unify()
        .or(tokens::routes(context))
        .unify()
        .or(recurrence::routes(context))
        .unify()
        .boxed();
    warp::path("api")
        .and(warp::path("v1"))
        .and(api)
        .or(health::routes(context))
        .unify()
        .or(pages::routes(context))
        .unify()
        .boxed()
}

/// One route: `route!(context, GET "events" / id => read)` calls `read(call, id)` for its path below the prefix of the domain.
macro_rules! route {
    ($context:expr, $method:ident => $handler:path) => {
        route!(@ $context, $method, warp::path::end(), () => $handler)
    };
    ($context:expr, $method:ident $literal:literal => $handler:path) => {
        route!(@ $context, $method, warp::path($literal).and(warp::path::end()), () => $handler)
    };
    ($context:expr, $method:ident { $a:ident } => $handler:path) => {
        route!(@ $context, $method, warp::path::param::<String>().and(warp::path::end()), ($a) => $handler)
    };
    ($context:expr, $method:ident { $a:ident } . ics => $handler:path) => {
        route!(@ $context, $method, warp::path::param::<$crate::http::routes::calendars::Ics>().map(|file: $crate::http::routes::calendars::Ics| file.0).and(warp::path::end()), ($a) => $handler)
    };
    ($context:expr, $method:ident { $a:ident } $literal:literal => $handler:path) => {
        route!(@ $context, $method, warp::path::param::<String>().and(warp::path($literal)).and(warp::path::end()), ($a) => $handler)
    };
    ($context:expr, $method:ident { $a:ident } $literal:literal { $b:ident } => $handler:path) => {
        route!(@ $context, $method, warp::path::param::<String>().and(warp::path($literal)).and(warp::path::param::<String>()).and(warp::path::end()),
            ($a, $b) => $handler)
    };
    (@ $context:expr, $method:ident, $path:expr, ($($param:ident),*) => $handler:path) => {
        warp::$method()
            .and($path)
            .and($crate::http::call::call($context))
            .then(|$($param: String,)* call: $crate::http::call::Call| async move {
                $crate::http::call::answer(match $crate::http::once::key(&call) {
                    None => $handler(call $(, &$param)*).await,
                    Some(key) => {
                        let key = key.to_owned();
                        let work = move |call| Box::pin(async move { $handler(call $(, &$param)*).await }) as $crate::http::once::Work;
                        $crate::http::once::once(call, &key, work).await
                    }
                })
            })
            .boxed()
    };
}
pub(crate) use route;

/// An id in a path; what is no id names nothing.
pub(crate) fn id<T: std::str::FromStr>(text: &str, thing: &'static str) -> Result<T, eventcore::Error> {
    text.parse().map_err(|_| eventcore::Error::NotFound(thing))
}

/// Joins routes.
macro_rules! any_of {
    ($first:expr $(, $rest:expr)* $(,)?) => {
        $first$(.or($rest).unify())*.boxed()
    };
}
pub(crate) use any_of;

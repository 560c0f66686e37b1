//! Routes: a handler with its declaration, the table that a request is matched against, and the warp filter
//! that calls the handler.

use std::collections::BTreeMap;

use futures_util::Stream;
use http::{HeaderMap, Method};
use utoipa::openapi::OpenApi as Document;
use warp::filters::BoxedFilter;
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Buf, Filter};

use super::call::{self, Call, Context, Handler};
use super::client_network::ClientNetwork;
use super::declaration::{Declaration, METHODS, operations};
use super::idempotency;
use super::path_tree::PathTree;
use super::problem::Problem;
use super::problem_kind::Kind;
use super::reply;

/// A handler and what its `#[utoipa::path]` declares.
pub(crate) struct Route {
    declaration: Declaration,
    handler: Handler,
    /// The declaration as a document, unless the route is left out of the published one.
    document: Option<Document>,
}

impl Route {
    /// The routes that `handler` serves: one for each operation that `document` declares.
    pub(crate) fn declared(document: &Document, handler: Handler) -> Vec<Self> {
        let mut routes = Vec::new();
        for (path, item) in &document.paths.paths {
            for (method, operation) in operations(&mut item.clone()) {
                let declaration = Declaration::new(path, method, operation);
                routes.push(Self { declaration, handler, document: Some(document.clone()) });
            }
        }
        routes
    }

    /// Leaves the route out of the published document.
    pub(crate) fn undocumented(self) -> Self {
        Self { document: None, ..self }
    }

    pub(crate) const fn declaration(&self) -> &Declaration {
        &self.declaration
    }
}

/// Lists handlers as routes. Each handler has a `#[utoipa::path]` attribute, which declares all the rest.
macro_rules! routes {
    ($($handler:ident),+ $(,)?) => {{
        let mut routes = Vec::new();
        $({
            #[derive(utoipa::OpenApi)]
            #[openapi(paths($handler))]
            struct Declared;
            let document = <Declared as utoipa::OpenApi>::openapi();
            routes.extend($crate::http::route::Route::declared(&document, |call| Box::pin($handler(call))));
        })+
        routes
    }};
}
pub(crate) use routes;

/// All routes of one path.
pub(crate) struct Endpoint {
    /// The position in the table.
    pub(crate) index: usize,
    /// The path template.
    pub(crate) path: String,
    routes: Vec<Route>,
}

impl Endpoint {
    pub(crate) fn route(&self, method: &Method) -> Option<&Route> {
        self.routes.iter().find(|route| route.declaration.method == *method)
    }

    /// The value of `Allow`.
    pub(crate) fn allow(&self) -> String {
        let methods: Vec<&str> = self.routes.iter().map(|route| route.declaration.method.as_str()).collect();
        methods.join(", ")
    }
}

/// All routes, prepared for matching.
pub(crate) struct RouteTable {
    endpoints: Vec<Endpoint>,
    paths: PathTree,
}

/// The parameters of a path by their names in the template.
pub(crate) type PathParameters = Vec<(&'static str, String)>;

impl RouteTable {
    pub(crate) fn new(routes: Vec<Route>) -> Self {
        let mut by_path: BTreeMap<String, Vec<Route>> = BTreeMap::new();
        for route in routes {
            by_path.entry(route.declaration.path.clone()).or_default().push(route);
        }
        let mut paths = PathTree::default();
        let mut endpoints = Vec::new();
        for (index, (path, mut routes)) in by_path.into_iter().enumerate() {
            routes.sort_by_key(|route| METHODS.iter().position(|known| *known == route.declaration.method));
            paths.insert(&path, index);
            endpoints.push(Endpoint { index, path, routes });
        }
        Self { endpoints, paths }
    }

    /// The number of paths.
    pub(crate) fn len(&self) -> usize {
        self.endpoints.len()
    }

    /// The endpoint that a path belongs to, and the parameters in the path.
    pub(crate) fn find(&'static self, path: &str) -> Option<(&'static Endpoint, PathParameters)> {
        let (index, parameters) = self.paths.find(path)?;
        let owned = parameters.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        Some((self.endpoints.get(index)?, owned))
    }

    /// The declarations to publish.
    pub(crate) fn documents(&self) -> impl Iterator<Item = &Document> {
        let routes = self.endpoints.iter().flat_map(|endpoint| &endpoint.routes);
        routes.filter_map(|route| route.document.as_ref())
    }
}

/// The route and the parameters that a request matches. The edge service finds it and passes it on as an
/// extension of the request.
#[derive(Clone)]
pub(crate) struct Matched {
    pub(crate) route: &'static Route,
    pub(crate) parameters: PathParameters,
}

/// The filter that serves all routes: calls the handler of the [`Matched`] route, or answers 404 without one.
pub(crate) fn filter(context: &Context) -> BoxedFilter<(Response,)> {
    let context = context.clone();
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::ext::optional::<Matched>()
        .and(warp::ext::optional::<ClientNetwork>())
        .and(warp::path::full())
        .and(warp::header::headers_cloned())
        .and(query)
        .and(warp::body::stream())
        .then(move |matched, network, path, headers, query, body| {
            let context = context.clone();
            async move { serve(context, matched, network, path, headers, query, body).await }
        })
        .boxed()
}

async fn serve(
    context: Context,
    matched: Option<Matched>,
    network: Option<ClientNetwork>,
    path: FullPath,
    headers: HeaderMap,
    query: String,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Response {
    let Some(Matched { route, parameters }) = matched else {
        return Problem::new(Kind::NotFound, "no such path").into_response();
    };
    let Context { core, public_url, admission, document } = context;
    let call = Call {
        core: core.for_network(network.unwrap_or(ClientNetwork::UNKNOWN).address()),
        public_url,
        admission,
        document,
        declaration: &route.declaration,
        parameters,
        path,
        headers,
        query,
        body: call::read_body(body).await,
        actor: None,
    };
    let base = call.public_url.clone();
    let answer = match idempotency::key(&call).map(str::to_owned) {
        None => (route.handler)(call).await,
        Some(key) => idempotency::run_once(call, &key, route.handler).await,
    };
    let mut response = answer.unwrap_or_else(Problem::into_response);
    reply::make_location_absolute(&mut response, &base);
    response
}

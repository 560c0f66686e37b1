//! Routes: a handler with its declaration, the table that a request is matched against, and the warp filter
//! that calls the handler.

use std::collections::BTreeMap;

use futures_util::{FutureExt, Stream};
use http::{HeaderMap, Method, header};
use tokio::sync::OnceCell;
use utoipa::openapi::OpenApi as Document;
use warp::filters::BoxedFilter;
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Buf, Filter};

use super::accept;
use super::admission::Admission;
use super::body::{self, BodyMemory, FILE_BODY, LARGE_BODY, ReadBody, SMALL_BODY};
use super::call::{Answer, Call, Context, Handler};
use super::client_network::ClientNetwork;
use super::declaration::{Declaration, METHODS, SignIn, operations};
use super::idempotency;
use super::path_tree::PathTree;
use super::problem::Problem;
use super::problem_kind::Kind;
use super::reply;

/// A handler and what its `#[utoipa::path]` declares.
pub(crate) struct Route {
    declaration: Declaration,
    handler: Handler,
    /// The largest body, in bytes.
    body_limit: usize,
    /// Whether a request counts against the limit of concurrent requests.
    takes_place: bool,
    /// Whether the method is refused always, so that `Allow` does not list it.
    is_refused: bool,
    /// Builds the declaration as a document, unless the route is left out of the published one. Kept, the
    /// documents of all routes would take 20 MiB.
    document: Option<fn() -> Document>,
}

impl Route {
    /// The routes that `handler` serves: one for each operation that `document` declares.
    pub(crate) fn declared(document: fn() -> Document, handler: Handler) -> Vec<Self> {
        let mut routes = Vec::new();
        for (path, mut item) in document().paths.paths {
            for (method, operation) in operations(&mut item) {
                let declaration = Declaration::new(&path, method, operation);
                let body_limit = if declaration.request_types.is_empty() { SMALL_BODY } else { LARGE_BODY };
                let document = Some(document);
                routes.push(Self {
                    declaration,
                    handler,
                    body_limit,
                    takes_place: true,
                    is_refused: false,
                    document,
                });
            }
        }
        routes
    }

    /// A route of CalDAV, with a method that an OpenAPI document cannot have.
    pub(crate) fn of_dav(path: &str, method: Method, kind: DavMethod, handler: Handler) -> Self {
        let sign_in = if kind == DavMethod::Open { SignIn::Unused } else { SignIn::CalendarProgram };
        Self {
            declaration: Declaration::of_dav(path, method, sign_in),
            handler,
            body_limit: LARGE_BODY,
            takes_place: true,
            is_refused: kind == DavMethod::Refused,
            document: None,
        }
    }

    /// Leaves the route out of the published document.
    pub(crate) fn undocumented(self) -> Self {
        Self { document: None, ..self }
    }

    /// Limits the body to 16 KiB.
    pub(crate) fn small_body(self) -> Self {
        Self { body_limit: SMALL_BODY, ..self }
    }

    /// Takes a file of up to 10 MiB as the body.
    pub(crate) fn file_body(self) -> Self {
        Self { body_limit: FILE_BODY, ..self }
    }

    /// Answers also while as many requests are in progress as the server allows, as a probe must be.
    pub(crate) fn without_place(self) -> Self {
        Self { takes_place: false, ..self }
    }

    pub(crate) const fn declaration(&self) -> &Declaration {
        &self.declaration
    }
}

/// What a method of CalDAV takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DavMethod {
    /// Anyone may use it.
    Open,
    /// Its user signs in.
    SignedIn,
    /// Its user signs in, and it is refused.
    Refused,
}

/// Lists handlers as routes. Each handler has a `#[utoipa::path]` attribute, which declares all the rest.
macro_rules! routes {
    ($($handler:ident),+ $(,)?) => {{
        let mut routes = Vec::new();
        $({
            #[derive(utoipa::OpenApi)]
            #[openapi(paths($handler))]
            struct Declared;
            let document = <Declared as utoipa::OpenApi>::openapi;
            routes.extend($crate::http::route::Route::declared(document, |call| Box::pin($handler(call))));
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
        let allowed = self.routes.iter().filter(|route| !route.is_refused);
        let methods: Vec<&str> = allowed.map(|route| route.declaration.method.as_str()).collect();
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
    pub(crate) fn documents(&self) -> impl Iterator<Item = Document> {
        let routes = self.endpoints.iter().flat_map(|endpoint| &endpoint.routes);
        routes.filter_map(|route| route.document).map(|document| document())
    }
}

/// The route and the parameters that a request matches. The edge service finds it and passes it on as an
/// extension of the request.
#[derive(Clone)]
pub(crate) struct Matched {
    pub(crate) route: &'static Route,
    pub(crate) parameters: PathParameters,
    pub(crate) network: ClientNetwork,
}

/// The filter that serves all routes: calls the handler of the [`Matched`] route, or answers 404 without one.
pub(crate) fn filter(context: &Context) -> BoxedFilter<(Response,)> {
    let context = context.clone();
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::ext::optional::<Matched>()
        .and(warp::path::full())
        .and(warp::header::headers_cloned())
        .and(query)
        .and(warp::body::stream())
        .then(move |matched, path, headers, query, body| {
            let context = context.clone();
            async move {
                let answer = serve(context, matched, path, headers, query, body).await;
                answer.unwrap_or_else(Problem::into_response)
            }
        })
        .boxed()
}

/// Reads the body, takes a place, and calls the handler.
async fn serve(
    context: Context,
    matched: Option<Matched>,
    path: FullPath,
    headers: HeaderMap,
    query: String,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Answer {
    let Some(Matched { route, parameters, network }) = matched else {
        return Err(Problem::new(Kind::NotFound, "no such path"));
    };
    let Context { core, public_url, admission, metrics_access, timeout, document } = context;
    let mut call = Call {
        core: core.for_network(network.address()),
        public_url,
        admission: admission.clone(),
        network,
        may_read_metrics: metrics_access.allows(network, &headers),
        document,
        declaration: &route.declaration,
        parameters,
        path,
        headers,
        query,
        body: Vec::new(),
        actor: None,
        calendar_owner: OnceCell::new(),
    };
    let acceptable = accept::check(&call.headers, &route.declaration.negotiated_types);
    let _memory = receive_body(&mut call, &admission, route.body_limit, network, body).await?;
    let base = call.public_url.clone();
    // Taken only now, so that slow bodies take no place.
    let _place = if route.takes_place { Some(admission.place(network).await?) } else { None };
    // On the heap, so that a request whose body is on the way needs no space for it.
    let work = Box::pin(async {
        match idempotency::key(&call).map(str::to_owned) {
            None => (route.handler)(call).await,
            Some(key) => idempotency::run_once(call, &key, route.handler).await,
        }
    });
    let answer = tokio::time::timeout(timeout, work).await.unwrap_or_else(|_| {
        let detail = format!("the request took longer than {} seconds", timeout.as_secs());
        Err(Problem::new(Kind::Unavailable, detail))
    });
    let mut response = answer?;
    // Not before: what does not exist is 404, whatever the client accepts.
    acceptable?;
    reply::make_location_absolute(&mut response, &base);
    Ok(response)
}

/// Reads the body into the call. Unless the whole body came with the head, first checks the head, so that
/// nobody sends a body that is refused in any case.
async fn receive_body(
    call: &mut Call,
    admission: &Admission,
    limit: usize,
    network: ClientNetwork,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Result<BodyMemory, Problem> {
    let size = body::announced_size(&call.headers, limit)?;
    let mut reading = std::pin::pin!(admission.bodies.read(network, size, limit, body));
    // Reading would ask a client to go on that waits for this (RFC 9110 10.1.1).
    let waits = call.headers.contains_key(header::EXPECT);
    let read = if waits { None } else { reading.as_mut().now_or_never() };
    let ReadBody { bytes, memory } = match read {
        Some(read) => read?,
        None => {
            let looks_up = call.declaration.sign_in != SignIn::Unused;
            let place = if looks_up { Some(admission.place(network).await?) } else { None };
            call.check_head().await?;
            drop(place);
            reading.await?
        }
    };
    call.body = bytes;
    Ok(memory)
}

//! Fetching calendars that are followed: one HTTP/1.1 request on a connection of its own, and one more for
//! each redirect.
//!
//! As for webhooks, each name is looked up once, and the connection is made to an address of the answer that
//! the policy allows: no second look-up can lead elsewhere. The target of a redirect is checked as the first
//! URL was.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use eventcore::EventCore;
use eventcore::subscriptions::{
    CalendarFetcher, CalendarRequest, FetchError, FetchedCalendar, Fetching, Validators,
};
use eventcore::webhooks::SendError;
use http::{HeaderMap, HeaderName, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use tokio::time::timeout;
use url::Url;

use crate::failure::Failure;
use crate::webhooks::connect::{Connector, Resolver, SystemResolver, failed};
use crate::webhooks::receivers::Receivers;

/// How long a calendar may take in all, with its redirects. Less than a lease.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many redirects are followed.
const MOST_REDIRECTS: usize = 5;
/// The longest head of an answer, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// The most bytes that are read on a connection: those of the largest file, its head, and what is around
/// them, such as the lengths of chunks.
const MAX_READ: usize = 2 * EventCore::MAX_IMPORT;
/// What this program calls itself.
const USER_AGENT: &str = concat!("eventd/", env!("CARGO_PKG_VERSION"), " (calendars)");

/// Fetches calendars.
pub(crate) struct CalendarClient {
    connector: Connector,
    servers: Receivers,
}

impl CalendarClient {
    /// # Errors
    /// If TLS cannot be set up.
    pub(crate) fn new() -> Result<Self, Failure> {
        Self::with_resolver(Arc::new(SystemResolver))
    }

    fn with_resolver(resolver: Arc<dyn Resolver>) -> Result<Self, Failure> {
        Ok(Self { connector: Connector::new(resolver, MAX_READ)?, servers: Receivers::default() })
    }

    async fn follow(&self, request: &CalendarRequest) -> Result<FetchedCalendar, FetchError> {
        let mut request = request.clone();
        for _ in 0..=MOST_REDIRECTS {
            match self.get(&request).await? {
                ServerAnswer::Calendar(calendar) => return Ok(calendar),
                ServerAnswer::Elsewhere(location) => request = request.redirected(&location)?,
            }
        }
        Err(FetchError::Failed(format!("the server redirects more than {MOST_REDIRECTS} times")))
    }

    async fn get(&self, request: &CalendarRequest) -> Result<ServerAnswer, FetchError> {
        let url = Url::parse(&request.url).map_err(|error| fetch_error(failed(&error)))?;
        let addresses = self.connector.addresses(&url, &request.policy).await.map_err(fetch_error)?;
        let _place = self.servers.enter(addresses.first().map(SocketAddr::ip)).ok_or(FetchError::Busy)?;
        let stream = self.connector.connect(&url, &addresses).await.map_err(fetch_error)?;
        let mut builder = http1::Builder::new();
        builder.max_header_size(MAX_HEAD).max_headers(100);
        let handshake = builder.handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| fetch_error(failed(&error)))?;
        // It ends with this function.
        let mut tasks = JoinSet::new();
        tasks.spawn(async {
            // What breaks the connection is reported by the request.
            drop(connection.await);
        });
        let sent = sender.send_request(get_request(&url, &request.validators)?).await;
        answer(sent.map_err(|error| fetch_error(failed(&error)))?, request.max_size).await
    }
}

impl CalendarFetcher for CalendarClient {
    fn fetch<'a>(&'a self, request: &'a CalendarRequest) -> Fetching<'a> {
        Box::pin(async {
            let answer = timeout(PATIENCE, self.follow(request)).await;
            answer.unwrap_or_else(|_| {
                Err(FetchError::Failed("the calendar did not come within 30 seconds".to_owned()))
            })
        })
    }
}

/// An answer to one request.
enum ServerAnswer {
    Calendar(FetchedCalendar),
    /// A redirect to this URL.
    Elsewhere(String),
}

fn fetch_error(error: SendError) -> FetchError {
    match error {
        SendError::Busy => FetchError::Busy,
        SendError::Failed(reason) => FetchError::Failed(reason),
    }
}

/// The request, with its target in origin form (RFC 9112 3.2.1).
fn get_request(url: &Url, known: &Validators) -> Result<Request<Empty<Bytes>>, FetchError> {
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let mut request = Request::get(target)
        .header(header::HOST, host)
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT, "text/calendar, */*;q=0.5");
    for (name, value) in
        [(header::IF_NONE_MATCH, &known.etag), (header::IF_MODIFIED_SINCE, &known.last_modified)]
    {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    request.body(Empty::new()).map_err(|error| fetch_error(failed(&error)))
}

async fn answer(response: Response<Incoming>, max_size: usize) -> Result<ServerAnswer, FetchError> {
    let (head, body) = response.into_parts();
    let calendar = match head.status {
        StatusCode::OK => {
            let validators = Validators {
                etag: text(&head.headers, header::ETAG),
                last_modified: text(&head.headers, header::LAST_MODIFIED),
            };
            FetchedCalendar::File { bytes: whole(body, max_size).await?, validators }
        }
        StatusCode::NOT_MODIFIED => FetchedCalendar::NotModified,
        StatusCode::GONE => FetchedCalendar::Gone,
        StatusCode::MOVED_PERMANENTLY
        | StatusCode::FOUND
        | StatusCode::SEE_OTHER
        | StatusCode::TEMPORARY_REDIRECT
        | StatusCode::PERMANENT_REDIRECT => {
            let location = text(&head.headers, header::LOCATION);
            let none = || FetchError::Failed("the server redirects to nowhere".to_owned());
            return Ok(ServerAnswer::Elsewhere(location.ok_or_else(none)?));
        }
        other => FetchedCalendar::Refused(other.as_u16()),
    };
    Ok(ServerAnswer::Calendar(calendar))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The whole body, unless it is larger than a calendar may be.
async fn whole(mut body: Incoming, max_size: usize) -> Result<Vec<u8>, FetchError> {
    let too_large = || FetchError::Failed(format!("the calendar is larger than {} MiB", max_size >> 20));
    if body.size_hint().lower() > max_size as u64 {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| fetch_error(failed(&error)))?;
        let Some(data) = frame.data_ref() else { continue };
        if bytes.len() + data.len() > max_size {
            return Err(too_large());
        }
        bytes.extend_from_slice(data);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use eventcore::webhooks::WebhookPolicy;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::webhooks::connect::LookUp;

    /// Gives each look-up the next of its answers.
    struct Script(Mutex<VecDeque<SocketAddr>>);

    impl Resolver for Script {
        fn look_up<'a>(&'a self, _: &'a str, _: u16) -> LookUp<'a> {
            let next = self.0.lock().unwrap().pop_front();
            Box::pin(async move { Ok(next.into_iter().collect()) })
        }
    }

    /// A server that answers each request with this; returns its address, and the number of its requests.
    async fn server(ip: &str, answer: String) -> (SocketAddr, Arc<Mutex<usize>>) {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let (address, count) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(0)));
        let counted = count.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                *counted.lock().unwrap() += 1;
                drop(stream.read(&mut [0; 16 * 1024]).await);
                drop(stream.write_all(answer.as_bytes()).await);
            }
        });
        (address, count)
    }

    #[tokio::test]
    async fn each_redirect_is_looked_up_and_checked_again() {
        let file = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_owned();
        let (inside, reached) = server("127.0.0.1", file).await;
        let redirect = format!(
            "HTTP/1.1 302 Found\r\nlocation: http://rebinding.example:{}/\r\ncontent-length: 0\r\n\r\n",
            inside.port()
        );
        let (allowed, asked) = server("127.0.0.2", redirect).await;
        let request = |networks: &str| CalendarRequest {
            url: format!("http://rebinding.example:{}/", allowed.port()),
            validators: Validators::default(),
            max_size: 10,
            policy: WebhookPolicy::parse(networks).unwrap(),
        };
        let client = |answers: [SocketAddr; 2]| {
            CalendarClient::with_resolver(Arc::new(Script(Mutex::new(answers.into())))).unwrap()
        };
        let outcome = client([allowed, inside]).fetch(&request("127.0.0.2")).await;
        let Err(FetchError::Failed(reason)) = outcome else { panic!("{outcome:?}") };
        assert!(reason.contains("no public address"), "{reason}");
        assert_eq!((*asked.lock().unwrap(), *reached.lock().unwrap()), (1, 0));
        let followed = client([allowed, inside]).fetch(&request("127.0.0.0/8")).await;
        let validators = Validators::default();
        assert_eq!(followed, Ok(FetchedCalendar::File { bytes: b"ok".to_vec(), validators }));
    }
}

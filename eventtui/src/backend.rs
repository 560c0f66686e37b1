//! Two ways to the same data: the library on a database, or HTTP to a server.

use eventcore::events::{AgendaFilter, Occurrence};
use eventcore::{Actor, Cursor, EventCore, Page, PageRequest};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::Failure;

/// Bytes that an answer may have: a server that sends more sends garbage.
const ANSWER_LIMIT: usize = 16 << 20;
/// Dates that are loaded at once.
const PAGE: u32 = 100;

/// Where events come from.
#[derive(Clone)]
pub(crate) enum Backend {
    Library(EventCore, String),
    Server(Box<Client<HttpsConnector<HttpConnector>, Empty<Bytes>>>, String),
}

impl Backend {
    /// Opens what the command line names, else `./events.db`.
    pub(crate) async fn open(database: Option<&str>, server: Option<&str>) -> Result<Self, Failure> {
        if let Some(server) = server {
            let address = server.trim_end_matches('/');
            if !(address.starts_with("http://") || address.starts_with("https://")) {
                return Err(
                    format!("the server must begin with http:// or https://, and is {address:?}").into()
                );
            }
            let connector =
                HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
            let client = Client::builder(TokioExecutor::new()).build(connector);
            return Ok(Self::Server(Box::new(client), address.to_owned()));
        }
        let url =
            match database {
                Some(url) => url,
                None if std::path::Path::new("events.db").exists() => "sqlite://events.db",
                None => return Err(
                    "there is no events.db here: name a database with --database, or a server with --server"
                        .into(),
                ),
            };
        Ok(Self::Library(EventCore::open(url).await?, url.rsplit('/').next().unwrap_or(url).to_owned()))
    }

    /// What to call it on the screen.
    pub(crate) fn place(&self) -> &str {
        match self {
            Self::Library(_, place) | Self::Server(_, place) => place,
        }
    }

    /// A page of the agenda.
    pub(crate) async fn agenda(&self, cursor: Option<Cursor>) -> Result<Page<Occurrence>, Failure> {
        match self {
            Self::Library(core, _) => {
                let request = PageRequest::first(PAGE).at(cursor);
                Ok(core.occurrences(&Actor::Anonymous, &AgendaFilter::default(), &request).await?)
            }
            Self::Server(client, address) => {
                let cursor = cursor.map(|cursor| format!("&cursor={}", cursor.as_str())).unwrap_or_default();
                let address = format!("{address}/api/v1/occurrences?limit={PAGE}{cursor}");
                let away = |error| format!("the server does not answer: {error}");
                let response = client.get(address.parse()?).await.map_err(away)?;
                let status = response.status();
                let body = Limited::new(response.into_body(), ANSWER_LIMIT)
                    .collect()
                    .await
                    .map_err(|error| away_body(&*error))?
                    .to_bytes();
                if !status.is_success() {
                    return Err(format!("the server answers {status}").into());
                }
                serde_json::from_slice(&body)
                    .map_err(|_| "the server's answer makes no sense: is it an eventd?".into())
            }
        }
    }

    /// Lets go of the database.
    pub(crate) async fn close(self) {
        if let Self::Library(core, _) = self {
            core.close().await;
        }
    }
}

fn away_body(error: &(dyn std::error::Error + 'static)) -> String {
    format!("the server's answer broke off: {error}")
}

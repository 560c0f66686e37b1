//! One HTTP connection of a load driver.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// An error of a request, or of the arguments of a program.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A connection that sends one request after another.
#[derive(Debug)]
pub struct HttpConnection {
    sender: http1::SendRequest<Full<Bytes>>,
    driver: JoinHandle<hyper::Result<()>>,
}

impl HttpConnection {
    /// Connects to an address, such as `127.0.0.1:8080`.
    ///
    /// # Errors
    /// If nothing accepts the connection.
    pub async fn open(address: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        Ok(Self { sender, driver: tokio::spawn(connection) })
    }

    /// Sends a request, and receives the whole response.
    ///
    /// # Errors
    /// If the connection ends before. Any status is a response.
    pub async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, Failure> {
        self.sender.ready().await?;
        let (parts, body): (_, Incoming) = self.sender.send_request(request).await?.into_parts();
        Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
    }
}

impl Drop for HttpConnection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

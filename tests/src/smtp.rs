//! A mail server (RFC 5321) that keeps what it receives, and has the faults that a test asks for.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::eventually;

/// What a server does wrong in one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It closes at once, and asks to come again (421).
    Closing,
    /// It asks to send to the recipient later (451).
    Later,
    /// It does not know the recipient (550).
    Unknown,
    /// The connection ends in the middle of the message.
    DroppedInData,
    /// The connection ends after the message, which the server has kept, before it says so.
    DroppedAfterData,
    /// It takes a second for each answer.
    Slow,
}

/// A message that a server has taken.
#[derive(Debug, Clone)]
pub struct ReceivedMail {
    /// The recipients of the envelope.
    pub recipients: Vec<String>,
    /// The message.
    pub message: Vec<u8>,
}

/// A mail server on the loopback interface.
pub struct SmtpServer {
    address: String,
    state: Arc<Mutex<SmtpState>>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct SmtpState {
    faults: VecDeque<Fault>,
    received: Vec<ReceivedMail>,
    connections: usize,
    commands: Vec<String>,
}

impl SmtpServer {
    /// Starts a server that has these faults, one in each of its first connections.
    pub async fn start(faults: &[Fault]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let faults = faults.iter().copied().collect();
        let state = Arc::new(Mutex::new(SmtpState { faults, ..SmtpState::default() }));
        let shared = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = shared.clone();
                // Clients may leave at any time.
                tokio::spawn(async move { drop(serve(stream, &state).await) });
            }
        });
        Self { address, state, task }
    }

    /// The URL of the server, for `SMTP_URL`.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// The messages so far.
    pub fn received(&self) -> Vec<ReceivedMail> {
        self.state.lock().expect("a lock").received.clone()
    }

    /// The number of connections so far.
    pub fn connections(&self) -> usize {
        self.state.lock().expect("a lock").connections
    }

    /// The commands so far.
    pub fn commands(&self) -> Vec<String> {
        self.state.lock().expect("a lock").commands.clone()
    }

    /// Waits until something is true of the server.
    pub async fn wait_until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let look = async || {
            if holds(self) { Ok(()) } else { Err(format!("{what}: {:?}", self.commands())) }
        };
        eventually(look).await;
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, state: &Mutex<SmtpState>) -> std::io::Result<()> {
    let fault = {
        let mut state = state.lock().expect("a lock");
        state.connections += 1;
        state.faults.pop_front()
    };
    let mut stream = BufReader::new(stream);
    if fault == Some(Fault::Closing) {
        return stream.write_all(b"421 mail.example.org closing\r\n").await;
    }
    stream.write_all(b"220 mail.example.org ESMTP\r\n").await?;
    let mut recipients = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        state.lock().expect("a lock").commands.push(line.trim().to_owned());
        if fault == Some(Fault::Slow) {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let command = line.trim().to_ascii_uppercase();
        let reply: &str = match command.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => "250-mail.example.org\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
            "MAIL" => {
                recipients.clear();
                "250 ok\r\n"
            }
            "RCPT" if fault == Some(Fault::Later) => "451 come again\r\n",
            "RCPT" if fault == Some(Fault::Unknown) => "550 no such user\r\n",
            "RCPT" => {
                recipients.push(line.trim().to_owned());
                "250 ok\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let Some(message) = read_data(&mut stream, fault).await? else { return Ok(()) };
                let recipients = std::mem::take(&mut recipients);
                state.lock().expect("a lock").received.push(ReceivedMail { recipients, message });
                if fault == Some(Fault::DroppedAfterData) {
                    return Ok(());
                }
                "250 taken\r\n"
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            "RSET" | "NOOP" => "250 ok\r\n",
            _ => "502 not implemented\r\n",
        };
        stream.write_all(reply.as_bytes()).await?;
    }
}

/// Reads a message up to the line of a dot, and removes the dots that the client has doubled.
async fn read_data(
    stream: &mut BufReader<TcpStream>,
    fault: Option<Fault>,
) -> std::io::Result<Option<Vec<u8>>> {
    let mut message = Vec::new();
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        if fault == Some(Fault::DroppedInData) {
            return Ok(None);
        }
        if line == b".\r\n" {
            return Ok(Some(message));
        }
        message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}

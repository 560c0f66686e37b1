//! A receiver of webhooks that keeps what is sent to it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use eventcore::EventCore;
use eventcore::webhooks::{SendError, Sending, SignedMessage, WebhookAnswer, WebhookSender};
use serde_json::Value;

/// What is sent to any webhook of a library. It answers with 200, unless it was told otherwise.
#[derive(Default)]
pub struct WebhookReceiver {
    messages: Mutex<Vec<SignedMessage>>,
    next: Mutex<VecDeque<Result<u16, SendError>>>,
    usual: Mutex<Option<u16>>,
}

impl WebhookReceiver {
    /// A receiver to which the workers of `core` send.
    pub fn of(core: &EventCore) -> Arc<Self> {
        let receiver = Arc::new(Self::default());
        core.deliver_webhooks_by(receiver.clone());
        receiver
    }

    /// Gives this answer to the next message, after those that were given before.
    pub fn answer_next(&self, answer: Result<u16, SendError>) {
        self.next.lock().expect("a lock").push_back(answer);
    }

    /// Gives this status from now on, where no other answer is to be given.
    pub fn answer_with(&self, status: u16) {
        *self.usual.lock().expect("a lock") = Some(status);
    }

    /// Does the jobs that are due, then takes all messages out.
    pub async fn take(&self, core: &EventCore) -> Vec<SignedMessage> {
        core.run_due_jobs().await.expect("the jobs run");
        std::mem::take(&mut *self.messages.lock().expect("a lock"))
    }

    /// As [`Self::take`]: the bodies, in the order of what happened.
    pub async fn bodies(&self, core: &EventCore) -> Vec<Value> {
        let messages = self.take(core).await;
        messages.iter().map(|message| serde_json::from_str(&message.body).expect("JSON")).collect()
    }

    /// As [`Self::take`]: the kinds of changes, sorted.
    pub async fn kinds(&self, core: &EventCore) -> Vec<String> {
        let kind = |body: &Value| body["type"].as_str().expect("a kind").to_owned();
        let mut kinds: Vec<String> = self.bodies(core).await.iter().map(kind).collect();
        kinds.sort();
        kinds
    }
}

impl WebhookSender for WebhookReceiver {
    fn send<'a>(&'a self, message: &'a SignedMessage) -> Sending<'a> {
        let usual = self.usual.lock().expect("a lock").unwrap_or(200);
        let answer = self.next.lock().expect("a lock").pop_front().unwrap_or(Ok(usual));
        self.messages.lock().expect("a lock").push(message.clone());
        Box::pin(async move { answer.map(|status| WebhookAnswer { status, body: format!("says {status}") }) })
    }
}

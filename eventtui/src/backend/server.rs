//! The API on a server, over HTTP.

use super::dispatch::run;
use super::{Backend, Closing, Request, Work};
use crate::client::Client;

impl Backend for Client {
    fn name(&self) -> &str {
        self.host()
    }

    fn run(&self, request: Request) -> Work<'_> {
        Box::pin(run(self, request))
    }

    fn take_signed_out(&self) -> bool {
        Self::take_signed_out(self)
    }

    fn close(&self) -> Closing<'_> {
        Box::pin(async {})
    }
}

//! The API on a server, over HTTP.

use eventcore::live::Followed;

use super::dispatch::run;
use super::{ApiError, Backend, Closing, LiveFuture, Request, Updates, Work};
use crate::client::Client;

impl Backend for Client {
    fn name(&self) -> &str {
        self.host()
    }

    fn run(&self, request: Request) -> Work<'_> {
        Box::pin(run(self, request))
    }

    fn follow<'a>(
        &'a self,
        wanted: &'a Followed,
        resume: Option<&'a str>,
    ) -> LiveFuture<'a, Result<Box<dyn Updates>, ApiError>> {
        Box::pin(self.updates(wanted, resume))
    }

    fn take_signed_out(&self) -> bool {
        Self::take_signed_out(self)
    }

    fn close(&self) -> Closing<'_> {
        Box::pin(async {})
    }
}

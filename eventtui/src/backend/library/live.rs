//! Following what changes, on a database.

use std::sync::atomic::Ordering;

use eventcore::live::{Followed, LiveMessage, LiveStream};

use super::Library;
use crate::api::{LiveFuture, Result, Updates};

impl Updates for LiveStream {
    fn next(&mut self) -> LiveFuture<'_, Option<LiveMessage>> {
        Box::pin(Self::next(self))
    }
}

impl Library {
    pub(super) async fn updates(&self, wanted: Followed, resume: Option<&str>) -> Result<Box<dyn Updates>> {
        // Only a program that follows is told by other processes, which takes a connection.
        if !self.is_reached.swap(true, Ordering::Relaxed) {
            self.core.reach_other_processes(None)?;
        }
        Ok(Box::new(self.core.follow(self.actor(), wanted, resume).await?))
    }
}

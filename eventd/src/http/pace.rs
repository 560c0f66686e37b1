//! The least pace of a transfer.

use std::time::{Duration, Instant};

/// How slow a transfer may be before it is ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// How long a transfer may take in addition to the time for its bytes.
    pub(crate) patience: Duration,
    /// The least rate, in bytes per second.
    pub(crate) rate: u32,
}

impl Pace {
    /// When a transfer that began at `start` and has moved `bytes` since must have moved more.
    pub(crate) fn deadline(self, start: Instant, bytes: u64) -> Instant {
        let millis = bytes.saturating_mul(1000) / u64::from(self.rate.max(1));
        start + self.patience + Duration::from_millis(millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_earns_its_time() {
        let pace = Pace { patience: Duration::from_secs(5), rate: 1024 };
        let start = Instant::now();
        assert_eq!(pace.deadline(start, 0), start + Duration::from_secs(5));
        assert_eq!(pace.deadline(start, 2048), start + Duration::from_secs(7));
        let unlimited = Pace { patience: Duration::ZERO, rate: 0 };
        assert_eq!(unlimited.deadline(start, 1), start + Duration::from_secs(1));
    }
}

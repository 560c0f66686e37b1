//! When a failed job is tried again.

use std::time::Duration;

/// How failed attempts of a kind of job are repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Retries {
    /// The number of attempts before the job is set aside; `None` for no limit.
    pub(super) attempts: Option<i64>,
    /// The longest delay after the first failure. It doubles with each further one.
    first: Duration,
    /// The longest delay of all.
    longest: Duration,
}

impl Retries {
    /// Upkeep, which the next attempt makes good: without a limit.
    pub(super) const UPKEEP: Self =
        Self { attempts: None, first: Duration::from_secs(5), longest: Duration::from_hours(1) };

    /// What is due every few seconds: without a limit.
    pub(super) const PROMPT: Self =
        Self { attempts: None, first: Duration::from_secs(2), longest: Duration::from_secs(20) };

    /// Everything else: for about seven hours.
    pub(super) const DEFAULT: Self =
        Self { attempts: Some(16), first: Duration::from_secs(5), longest: Duration::from_hours(1) };

    /// What the servers of others take or refuse. The delay also applies between attempts that the job itself
    /// repeats.
    pub(super) const OUTSIDE: Self =
        Self { attempts: Some(40), first: Duration::from_secs(10), longest: Duration::from_hours(2) };

    /// The delay after the failure number `failures`, which counts from 1. `random` chooses within the upper
    /// half of it, so that jobs that failed together are not repeated together.
    pub(super) fn delay(self, failures: i64, random: u32) -> Duration {
        let doublings = u32::try_from(failures.saturating_sub(1).clamp(0, 30)).unwrap_or(30);
        let longest = self.first.saturating_mul(1 << doublings).min(self.longest);
        let half = longest / 2;
        half + half.mul_f64(f64::from(random) / f64::from(u32::MAX))
    }

    /// Whether a job is set aside after so many attempts.
    pub(super) fn exhausted(self, attempts: i64) -> bool {
        self.attempts.is_some_and(|most| attempts >= most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRIES: Retries =
        Retries { attempts: Some(3), first: Duration::from_secs(8), longest: Duration::from_mins(1) };

    #[test]
    fn delays_double_up_to_the_longest_and_are_spread_over_half_of_it() {
        for (failures, longest) in [(1, 8), (2, 16), (3, 32), (4, 60), (5, 60), (i64::MAX, 60)] {
            let longest = Duration::from_secs(longest);
            assert_eq!(RETRIES.delay(failures, 0), longest / 2, "{failures}");
            assert_eq!(RETRIES.delay(failures, u32::MAX), longest, "{failures}");
            let between = RETRIES.delay(failures, u32::MAX / 3);
            assert!(longest / 2 < between && between < longest, "{failures}");
        }
    }

    #[test]
    fn only_a_limit_exhausts() {
        assert!(!RETRIES.exhausted(2));
        assert!(RETRIES.exhausted(3));
        assert!(!Retries::UPKEEP.exhausted(i64::MAX));
    }
}

//! Work is counted, never timed: the same rule is refused on every machine, however busy it is.

/// The budget is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::recurrence) struct Spent;

/// What may still be done without any result. A unit is about ten nanoseconds in a release build, at most a hundred in a debug build.
#[derive(Debug, Clone, Copy)]
pub(in crate::recurrence) struct Budget {
    left: u32,
    spent: u64,
}

impl Budget {
    /// The longest proof that a rule never matches takes some 60,000 units.
    const UNITS: u32 = 250_000;
    /// What each result adds again, so that a long series is not refused for being long.
    const PER_RESULT: u32 = 64;

    pub(in crate::recurrence) const fn new() -> Self {
        Self { left: Self::UNITS, spent: 0 }
    }

    #[inline]
    pub(in crate::recurrence) fn spend(&mut self, units: u32) -> Result<(), Spent> {
        self.spent += u64::from(units);
        self.left = self.left.checked_sub(units).ok_or(Spent)?;
        Ok(())
    }

    #[inline]
    pub(in crate::recurrence) fn reward(&mut self) {
        self.left = (self.left + Self::PER_RESULT).min(Self::UNITS);
    }

    /// All units spent so far.
    pub(in crate::recurrence) const fn spent(&self) -> u64 {
        self.spent
    }
}

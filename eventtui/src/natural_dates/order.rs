//! The order of day and month in `12/24`.

/// Which of two numbers is the day: the locale decides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum DayOrder {
    /// `24/12`, as in nearly all of the world.
    #[default]
    DayFirst,
    /// `12/24`, as in the United States.
    MonthFirst,
}

impl DayOrder {
    /// The order of a locale such as `en_US.UTF-8`.
    pub(crate) fn of_locale(locale: &str) -> Self {
        let name = locale.split(['.', '@']).next().unwrap_or_default();
        if name.replace('-', "_").eq_ignore_ascii_case("en_us") { Self::MonthFirst } else { Self::DayFirst }
    }

    /// The order by the environment: `LC_ALL`, `LC_TIME` and `LANG`, of which the first that is not empty
    /// counts (POSIX.1-2024, 8.2).
    pub(crate) fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let locale =
            ["LC_ALL", "LC_TIME", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
        locale.map_or(Self::DayFirst, |locale| Self::of_locale(&locale))
    }

    /// The day and the month of two numbers. A number over 12 is the day in either order.
    pub(super) const fn day_and_month(self, first: u32, second: u32) -> (u32, u32) {
        let day_first = match self {
            Self::DayFirst => second <= 12 || first > 12,
            Self::MonthFirst => first > 12 && second <= 12,
        };
        if day_first { (first, second) } else { (second, first) }
    }
}

//! The screens: those always at hand, and every place in which keys mean something.

/// The screens that are always at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Tab {
    Agenda,
    Month,
    Week,
    Search,
    Mine,
    Organize,
}

impl Tab {
    /// Every tab.
    pub(crate) const EVERY: [Self; 6] =
        [Self::Agenda, Self::Month, Self::Week, Self::Search, Self::Mine, Self::Organize];

    const ALL: [Self; 5] = [Self::Agenda, Self::Month, Self::Search, Self::Mine, Self::Organize];

    /// The tabs side by side while this one is shown: the week takes the place of the month that it is part of.
    pub(crate) fn row(self) -> [Self; 5] {
        Self::ALL.map(|tab| if (self, tab) == (Self::Week, Self::Month) { self } else { tab })
    }

    /// The tab so many places further in the row, which has no end.
    pub(crate) fn beside(self, by: usize) -> Self {
        let row = self.row();
        let place = row.iter().position(|tab| *tab == self).unwrap_or(0);
        row[(place + by) % row.len()]
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Agenda => "Agenda",
            Self::Month => "Month",
            Self::Week => "Week",
            Self::Search => "Search",
            Self::Mine => "Mine",
            Self::Organize => "Organize",
        }
    }
}

/// Where a key means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Everywhere,
    Agenda,
    Month,
    Week,
    Search,
    Mine,
    Organize,
    Event,
    Attendees,
    Insights,
    Comments,
    Feedback,
    Form,
    Account,
    Me,
    Settings,
    Ticket,
    Help,
    Palette,
}

impl Place {
    /// Every place but everywhere.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 18] = [
        Self::Agenda,
        Self::Month,
        Self::Week,
        Self::Search,
        Self::Mine,
        Self::Organize,
        Self::Event,
        Self::Attendees,
        Self::Insights,
        Self::Comments,
        Self::Feedback,
        Self::Form,
        Self::Account,
        Self::Me,
        Self::Settings,
        Self::Ticket,
        Self::Help,
        Self::Palette,
    ];

    /// Whether letters are text here, so that only keys that are no letters mean something.
    pub(crate) const fn is_typed_in(self) -> bool {
        matches!(
            self,
            Self::Search | Self::Form | Self::Account | Self::Settings | Self::Help | Self::Palette
        )
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Agenda => "Agenda",
            Self::Month => "Month",
            Self::Week => "Week",
            Self::Search => "Search",
            Self::Mine => "Mine",
            Self::Organize => "Organize",
            Self::Event => "Event",
            Self::Attendees => "Attendees",
            Self::Insights => "Insights",
            Self::Comments => "Comments",
            Self::Feedback => "Feedback",
            Self::Form => "Form",
            Self::Account => "Sign in",
            Self::Me => "My account",
            Self::Settings => "Settings",
            Self::Ticket => "Ticket",
            Self::Help => "Help",
            Self::Palette => "Commands",
        }
    }
}

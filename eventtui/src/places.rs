//! The tabs, and the places in which keys have a meaning.

/// The screens of the tab bar.
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

    /// The tab bar while this tab is shown. The week replaces the month in it.
    pub(crate) fn row(self) -> [Self; 5] {
        Self::ALL.map(|tab| if (self, tab) == (Self::Week, Self::Month) { self } else { tab })
    }

    /// The tab `by` positions further, cyclic.
    pub(crate) fn beside(self, by: usize) -> Self {
        let row = self.row();
        let position = row.iter().position(|tab| *tab == self).unwrap_or(0);
        row[(position + by) % row.len()]
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

/// A screen, as far as keys are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// Wherever the key has no other meaning.
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
    CoOrganizers,
    Form,
    SignIn,
    Account,
    Tokens,
    Categories,
    Inbox,
    NotificationSettings,
    Webhooks,
    Deliveries,
    Subscriptions,
    ImportReport,
    Secret,
    Settings,
    Ticket,
    Help,
    Palette,
}

impl Place {
    /// All but `Everywhere`.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 28] = [
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
        Self::CoOrganizers,
        Self::Form,
        Self::SignIn,
        Self::Account,
        Self::Tokens,
        Self::Categories,
        Self::Inbox,
        Self::NotificationSettings,
        Self::Webhooks,
        Self::Deliveries,
        Self::Subscriptions,
        Self::ImportReport,
        Self::Secret,
        Self::Settings,
        Self::Ticket,
        Self::Help,
        Self::Palette,
    ];

    /// Whether letters are typed into a field here, so that only other keys are bound.
    pub(crate) const fn is_typed_in(self) -> bool {
        matches!(self, Self::Search | Self::Form | Self::SignIn | Self::Settings | Self::Help | Self::Palette)
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
            Self::CoOrganizers => "Co-organizers",
            Self::Form => "Form",
            Self::SignIn => "Sign in",
            Self::Account => "My account",
            Self::Tokens => "Access tokens",
            Self::Categories => "Categories",
            Self::Inbox => "Inbox",
            Self::NotificationSettings => "Notification preferences",
            Self::Webhooks => "Webhooks",
            Self::Deliveries => "Deliveries",
            Self::Subscriptions => "Followed calendars",
            Self::ImportReport => "Import",
            Self::Secret => "Secret",
            Self::Settings => "Settings",
            Self::Ticket => "Ticket",
            Self::Help => "Help",
            Self::Palette => "Commands",
        }
    }
}

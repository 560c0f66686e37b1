//! The tabs, and the layers that cover them.

use chrono::NaiveDate;

use crate::keys::Tab;
use crate::screens::agenda::AgendaScreen;
use crate::screens::mine::MineScreen;
use crate::screens::month::MonthScreen;
use crate::screens::organize::OrganizeScreen;
use crate::screens::owner::Owner;
use crate::screens::screen::Screen;
use crate::screens::search::SearchScreen;
use crate::screens::week::WeekScreen;

/// The tabs. They exist as long as the program runs.
#[derive(Debug)]
pub(crate) struct Tabs {
    pub(crate) agenda: AgendaScreen,
    pub(crate) month: MonthScreen,
    pub(crate) week: WeekScreen,
    pub(crate) search: SearchScreen,
    pub(crate) mine: MineScreen,
    pub(crate) organize: OrganizeScreen,
}

impl Tabs {
    fn get(&self, tab: Tab) -> &dyn Screen {
        match tab {
            Tab::Agenda => &self.agenda,
            Tab::Month => &self.month,
            Tab::Week => &self.week,
            Tab::Search => &self.search,
            Tab::Mine => &self.mine,
            Tab::Organize => &self.organize,
        }
    }

    fn get_mut(&mut self, tab: Tab) -> &mut dyn Screen {
        match tab {
            Tab::Agenda => &mut self.agenda,
            Tab::Month => &mut self.month,
            Tab::Week => &mut self.week,
            Tab::Search => &mut self.search,
            Tab::Mine => &mut self.mine,
            Tab::Organize => &mut self.organize,
        }
    }
}

/// A screen that covers the tab.
#[derive(Debug)]
pub(crate) struct Layer {
    /// Unique while the program runs, so that a response reaches the layer that sent the request, not one
    /// opened later.
    number: u64,
    pub(crate) screen: Box<dyn Screen>,
}

/// All screens: the tabs, of which one is shown, and the layers on top of it.
#[derive(Debug)]
pub(crate) struct Stack {
    pub(crate) tab: Tab,
    pub(crate) tabs: Tabs,
    pub(crate) layers: Vec<Layer>,
    next_number: u64,
}

impl Stack {
    pub(crate) fn new(today: NaiveDate) -> Self {
        let tabs = Tabs {
            agenda: AgendaScreen::default(),
            month: MonthScreen::at(today),
            week: WeekScreen::at(today),
            search: SearchScreen::default(),
            mine: MineScreen::default(),
            organize: OrganizeScreen::default(),
        };
        Self { tab: Tab::Agenda, tabs, layers: Vec::new(), next_number: 0 }
    }

    /// The tab that is shown or covered.
    pub(crate) fn shown_tab(&self) -> &dyn Screen {
        self.tabs.get(self.tab)
    }

    /// The visible screen.
    pub(crate) fn top(&self) -> &dyn Screen {
        self.layers.last().map_or_else(|| self.shown_tab(), |layer| &*layer.screen)
    }

    pub(crate) fn top_owner(&self) -> Owner {
        self.layers.last().map_or(Owner::Tab(self.tab), |layer| Owner::Layer(layer.number))
    }

    /// A screen. None for the app itself, and for a layer that was closed.
    pub(crate) fn get_mut(&mut self, owner: Owner) -> Option<&mut dyn Screen> {
        match owner {
            Owner::App => None,
            Owner::Tab(tab) => Some(self.tabs.get_mut(tab)),
            Owner::Layer(number) => {
                let layer = self.layers.iter_mut().find(|layer| layer.number == number)?;
                Some(&mut *layer.screen)
            }
        }
    }

    /// All screens, the layers from the top down.
    pub(crate) fn owners(&self) -> Vec<Owner> {
        let layers = self.layers.iter().rev().map(|layer| Owner::Layer(layer.number));
        layers.chain(Tab::EVERY.map(Owner::Tab)).collect()
    }

    pub(crate) fn push(&mut self, screen: Box<dyn Screen>) {
        self.next_number += 1;
        self.layers.push(Layer { number: self.next_number, screen });
    }

    /// Closes a layer. Tabs cannot be closed.
    pub(crate) fn remove(&mut self, owner: Owner) {
        self.layers.retain(|layer| Owner::Layer(layer.number) != owner);
    }

    /// Shows a tab without layers. Between month and week the selected day is kept.
    pub(crate) fn show_tab(&mut self, tab: Tab) {
        self.layers.clear();
        let day = self.shown_tab().day().filter(|_| tab != self.tab);
        self.tab = tab;
        if let Some(day) = day {
            self.tabs.get_mut(tab).start_on(day);
        }
    }
}

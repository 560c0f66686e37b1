//! How many messages are sent to one receiver at a time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// The most messages to one address at a time, so that one that answers slowly takes few places.
const MOST: u32 = 4;

/// The addresses that messages are sent to now, with their number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Receivers(Arc<Mutex<HashMap<IpAddr, u32>>>);

/// A message that is being sent.
#[derive(Debug)]
pub(crate) struct ReceiverPlace {
    receivers: Receivers,
    address: Option<IpAddr>,
}

impl Receivers {
    /// A place for a message to an address, if there is one.
    pub(crate) fn enter(&self, address: Option<IpAddr>) -> Option<ReceiverPlace> {
        if let Some(address) = address {
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let count = counts.entry(address).or_default();
            if *count >= MOST {
                return None;
            }
            *count += 1;
        }
        Some(ReceiverPlace { receivers: self.clone(), address })
    }
}

impl Drop for ReceiverPlace {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut counts = self.receivers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_few_places_and_gets_them_back() {
        let receivers = Receivers::default();
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse::<IpAddr>().unwrap());
        let mut places: Vec<_> = (0..MOST).map(|_| receivers.enter(Some(one)).unwrap()).collect();
        assert!(receivers.enter(Some(one)).is_none());
        assert!(receivers.enter(Some(other)).is_some());
        places.pop();
        assert!(receivers.enter(Some(one)).is_some());
        drop(places);
        assert!(receivers.0.lock().unwrap().is_empty());
    }
}

//! Registrations: the places of people at the dates of events.

mod release;

pub(crate) use release::release_user;

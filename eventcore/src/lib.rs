//! The event management library.

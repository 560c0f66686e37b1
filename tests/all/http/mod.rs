//! The daemon over real sockets, on both databases.

mod accounts;
mod bad_input;
mod calendars;
mod categories;
mod command_line;
mod comments;
mod conferences;
mod days;
mod document;
mod door;
mod feedback;
mod filters;
mod hidden;
mod hidden_later;
mod histories;
mod insights;
mod permissions;
mod recurring;
mod registration_rush;
mod registrations;
mod relevance;
mod rush;
mod scripting;
mod search;
mod seats;
mod shell;

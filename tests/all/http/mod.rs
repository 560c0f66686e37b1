//! The daemon over real sockets, on both databases.

mod accounts;
mod bad_input;
mod command_line;
mod conferences;
mod document;
mod permissions;
mod rush;
mod shell;

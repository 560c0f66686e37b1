//! Rules in English: [`describe`] writes them, [`parse`] reads the phrases that people type.

mod describe;
mod parse;
mod phrase;
mod words;

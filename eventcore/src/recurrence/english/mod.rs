//! Rules in English: [`describe`] writes them, [`parse`] reads the phrases that people type.

mod describe;
mod nouns;
mod parse;
mod phrase;
mod words;

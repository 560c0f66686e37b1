//! Rules in English: [`describe`] writes them, [`parse`] reads the phrases that people type.

mod describe;
mod ending;
mod exceptions;
mod frequency;
mod nouns;
mod parse;
mod phrase;
mod words;

//! What several screens draw.

pub(crate) mod bar;
pub(crate) mod blocks;
pub(crate) mod field;
pub(crate) mod list;
pub(crate) mod text;

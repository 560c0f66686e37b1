//! Parts that several screens draw.

pub(crate) mod bar;
pub(crate) mod blocks;
pub(crate) mod list;
pub(crate) mod tab_bar;
pub(crate) mod text;
pub(crate) mod text_field;

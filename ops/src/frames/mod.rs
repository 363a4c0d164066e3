//! What becomes of the pictures that are taken out of a film: sized, laid out on sheets, made to move, written. The ops
//! that ask for them are in `stage`.

pub(crate) mod album;
pub(crate) mod fit;
pub(crate) mod paint;
pub(crate) mod press;
pub(crate) mod sheet;
pub(crate) mod webvtt;

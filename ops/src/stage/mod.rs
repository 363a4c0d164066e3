//! What each op does to a file; one op a file. Called by `run`, which reads the source for all `avthumb` at once.

pub(crate) mod avconcat;
pub(crate) mod avinfo;
pub(crate) mod avthumb;
pub(crate) mod decompression;
pub(crate) mod getapic;
mod gif;
pub(crate) mod image_view;
pub(crate) mod vframe;
pub(crate) mod vsample;

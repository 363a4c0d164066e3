//! What each op but `avthumb` does to a file; one op a file. Called by `run`.

pub(crate) mod avinfo;
pub(crate) mod decompression;
pub(crate) mod getapic;
pub(crate) mod image_view;
pub(crate) mod vframe;

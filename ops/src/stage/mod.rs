//! What each op but `avthumb` does to a file; one op a file. Called by `run`.

pub(crate) mod vframe;

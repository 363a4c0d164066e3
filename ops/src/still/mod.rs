//! Still pictures, one step a file.

pub(crate) mod encode;

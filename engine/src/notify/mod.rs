//! Notifications: what they say (`payload`), how they are signed (`sign`), when they are tried (`deliver`), where they
//! may go (`address`) and what carries them (`transport`).

pub mod address;
pub(crate) mod callback;
pub(crate) mod deliver;
pub mod payload;
pub mod sign;
pub mod transport;

pub use callback::{CONTENT_TYPE as CALLBACK_TYPE, Callback, CallbackOutcome};
pub use payload::{Notification, query_code};
pub use transport::{Answer, Http, Post, Transport, TransportError};

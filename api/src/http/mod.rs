//! The server: the protocol of CDNetworks / Wangsu Object Storage on one listener. Translation only: what is true after a
//! power cut is the engine's.

mod answer;
mod blocks;
mod download;
mod error;
mod fmgr;
mod fops;
mod form;
mod health;
mod listen;
mod manage;
mod policy;
mod reads;
mod request;
mod router;
mod template;
pub mod token;
mod ufop;
mod upload;
mod wire;

use std::sync::Arc;

use chrono::FixedOffset;
use opmill_engine::{Engine, Storage};

pub use listen::{Limits, serve};
pub use router::router;

use token::Account;

/// What every request may use. Clones are the same.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    engine: Engine,
    storage: Storage,
    accounts: Vec<Account>,
    options: Options,
}

/// How the server speaks where the protocol leaves it open.
#[derive(Debug, Clone)]
pub struct Options {
    /// Most bytes of one simple upload.
    pub upload_bytes: u64,
    /// The zone of the dates in `saveKey`.
    pub zone: FixedOffset,
    /// Buckets answer under `<bucket>.<base_domain>` too.
    pub base_domain: Option<String>,
    /// Believe `X-Forwarded-For` for `$(ip)`: there is a proxy in front.
    pub behind_proxy: bool,
    /// `returnUrl?upload_ret=<base64>` instead of the parameters themselves.
    pub upload_ret: bool,
    /// The callback's text is the whole body instead of the field `callbackBody` of a form.
    pub raw_callback: bool,
    /// `fsize` in lists is a text.
    pub sizes_as_text: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            upload_bytes: 2 << 30,
            // The platform's own.
            zone: FixedOffset::east_opt(8 * 3600).unwrap_or_else(|| chrono::Utc.fix()),
            base_domain: None,
            behind_proxy: false,
            upload_ret: false,
            raw_callback: false,
            sizes_as_text: false,
        }
    }
}

use chrono::Offset as _;

impl App {
    pub fn new(engine: Engine, accounts: Vec<Account>, options: Options) -> Self {
        Self(Arc::new(Inner {
            storage: engine.storage(),
            engine,
            accounts,
            options,
        }))
    }

    fn engine(&self) -> &Engine {
        &self.0.engine
    }

    fn storage(&self) -> &Storage {
        &self.0.storage
    }

    fn accounts(&self) -> &[Account] {
        &self.0.accounts
    }

    fn options(&self) -> &Options {
        &self.0.options
    }
}

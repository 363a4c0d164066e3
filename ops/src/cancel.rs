//! The flag that stops a running command: set by whoever owns the job, asked between packets and frames.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A cancel flag shared by the threads of one job. Clones are the same flag.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A flag that is not set.
    pub fn new() -> Self {
        Self::default()
    }
    /// Asks every holder to stop; they stop at their next packet or frame.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Release);
    }
    /// True once [`Cancel::cancel`] was called on any clone.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

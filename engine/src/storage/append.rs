//! Objects that grow (wire.md 2.4). Any object may: what comes is put behind what is there, and the whole takes its place at
//! one stroke, so that nobody ever sees a half. That costs a copy of the object each time.

use futures::TryStreamExt as _;
use opmill_ops::Entry;

use super::{Hashed, Object, PutOptions, Storage};
use crate::error::EngineError;

impl Storage {
    /// Puts received bytes behind an object of exactly `position` bytes; at 0 behind nothing, which makes it. Type and time to
    /// go stay as they are unless `options` say otherwise.
    ///
    /// # Errors
    /// [`EngineError::AppendPosition`] when the object is larger or smaller, also by what another one appends meanwhile; and
    /// as [`Storage::put`].
    pub async fn append(
        &self,
        more: Hashed,
        to: &Entry,
        position: u64,
        options: PutOptions,
    ) -> Result<Object, EngineError> {
        let before = self.open(to).await?;
        let size = before.as_ref().map_or(0, |opened| opened.object.size);
        if size != position {
            return Err(EngineError::AppendPosition {
                entry: to.clone(),
                size,
            });
        }
        let Some(before) = before else {
            let options = PutOptions {
                overwrite: false,
                ..options
            };
            return match self.put_hashed(more, to, options).await {
                Err(EngineError::ObjectExists { entry }) => {
                    let size = self.stat(&entry).await?.map_or(0, |object| object.size);
                    Err(EngineError::AppendPosition { entry, size })
                }
                put => put,
            };
        };
        let known = before.object.clone();
        let name = to.to_string();
        let failed = |source| EngineError::Source {
            name: name.clone(),
            source,
        };
        let mut whole = self.receive(u64::MAX).await?;
        let mut bytes = before.read(0..size).await?;
        while let Some(chunk) = bytes.try_next().await.map_err(failed)? {
            whole.write(chunk).await?;
        }
        let mut bytes = more.read();
        while let Some(chunk) = bytes.try_next().await.map_err(failed)? {
            whole.write(chunk).await?;
        }
        let options = PutOptions {
            overwrite: true,
            mime: options.mime.or(Some(known.mime)),
            expires: options.expires.or(known.expires),
            ..options
        };
        let whole = whole.hashed().await?;
        self.put_over(whole, to, options, Some(&known.hash)).await
    }
}

//! The files of one command on their way to their places: each is named and published, then all are noted in the store
//! as objects. Used by `executor`.

use std::path::Path;
use std::sync::Arc;

use opmill_ops::{Entry, Output};
use opmill_store::{Store, StoredObject};
use tokio::runtime::Handle;

use crate::attempt::Attempt;
use crate::error::EngineError;
use crate::item::{OutputBody, figures};
use crate::mime::mime;
use crate::publish::{Publication, Published};
use crate::shared::Shared;
use crate::target;
use crate::work::WorkDir;

pub(crate) struct Outputs<'a> {
    pub shared: &'a Arc<Shared>,
    pub attempt: &'a Attempt,
    pub work: &'a WorkDir,
    /// The job's output folder.
    pub out: Option<&'a Path>,
}

impl Outputs<'_> {
    /// Publishes the files of a command with this target. `first` counts the attempt's earlier outputs.
    pub async fn publish(
        &self,
        target: &Entry,
        outputs: Vec<Output>,
        first: usize,
    ) -> Result<Vec<OutputBody>, EngineError> {
        let names = outputs.iter().map(|output| (&output.name, &*output.path));
        let entries = target::named(target, names)?;
        let mut rows: Vec<_> = (first..).zip(entries.into_iter().zip(outputs)).collect();
        // The first one names the others, if any does: a playlist appears when its segments are there.
        let rest = rows.len().min(1);
        rows.rotate_left(rest);
        let mut bodies = Vec::with_capacity(rows.len());
        let mut objects = Vec::new();
        for (number, (entry, output)) in rows {
            let (duration, bit_rate, resolution) = figures(&output);
            let published = self.put(&entry, output, number).await?;
            if self.shared.buckets.is_shared(&entry, self.out) {
                objects.push((entry.to_string(), self.object(&entry, &published)));
            }
            bodies.push(OutputBody {
                fsize: published.size,
                hash: published.hash,
                key: entry.to_string(),
                url: self.shared.buckets.url(&entry, self.out),
                duration,
                bit_rate,
                resolution,
            });
        }
        self.shared
            .store(move |store| store.put_objects(&objects))
            .await?;
        bodies.rotate_right(rest);
        Ok(bodies)
    }

    /// Puts one file in its place.
    async fn put(
        &self,
        entry: &Entry,
        output: Output,
        number: usize,
    ) -> Result<Published, EngineError> {
        let place = self.shared.buckets.place(entry, self.out)?;
        let (lease, work, entry) = (self.attempt.lease(), self.work.clone(), entry.clone());
        let runtime = Handle::current();
        let publish = move |store: &Store| {
            let publication = Publication {
                store,
                lease: &lease,
                work: &work,
                number,
            };
            publication.publish(&output.path, &entry, &place, &runtime)
        };
        self.shared.blocking(publish).await
    }

    /// What the store is to know of it.
    fn object(&self, entry: &Entry, published: &Published) -> StoredObject {
        StoredObject {
            hash: published.hash.clone(),
            size: published.size,
            mime: mime(&entry.key).map(str::to_owned),
            modified: published.modified,
            stored: self.shared.now(),
            expires: None,
        }
    }
}

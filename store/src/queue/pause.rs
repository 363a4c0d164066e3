//! pause and resume: a lane, or everything, is not worked on for a while. Durable, so that a restart does not undo it.

use std::collections::BTreeMap;

use crate::Store;
use crate::error::StoreError;
use crate::id::UnixMillis;
use crate::record;
use crate::record::v1::Pause;
use crate::trees::Name;

const ALL: &str = "paused";
const LANE: &str = "paused/";

/// What is paused, and since when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paused {
    /// Everything.
    pub all: Option<UnixMillis>,
    /// These lanes.
    pub lanes: BTreeMap<String, UnixMillis>,
}

impl Paused {
    /// No job of this lane is to be claimed.
    pub fn holds(&self, lane: &str) -> bool {
        self.all.is_some() || self.lanes.contains_key(lane)
    }
}

impl Store {
    /// Lets no job of the lane, or of any with `None`, be claimed until [`Store::resume`]. Jobs that run go on. What is
    /// paused already stays so since then.
    pub fn pause(&self, lane: Option<&str>) -> Result<(), StoreError> {
        let (key, since) = (pause_key(lane), self.now().get());
        self.commit(self.writer()?, |tx| {
            match tx.get::<Pause>(Name::Meta, key.as_bytes())? {
                Some(_) => Ok(()),
                None => tx.put(Name::Meta, key.as_bytes(), &Pause { since }),
            }
        })
    }

    /// Ends the pause of the lane, or with `None` the one of everything. Says whether there was one.
    pub fn resume(&self, lane: Option<&str>) -> Result<bool, StoreError> {
        let key = pause_key(lane);
        self.commit(self.writer()?, |tx| {
            let paused = tx.get::<Pause>(Name::Meta, key.as_bytes())?.is_some();
            if paused {
                tx.remove(Name::Meta, key.as_bytes())?;
            }
            Ok(paused)
        })
    }

    /// What is paused.
    pub fn paused(&self) -> Result<Paused, StoreError> {
        let mut paused = Paused::default();
        for pair in self.inner.trees.scan_prefix(Name::Meta, ALL.as_bytes()) {
            let (key, value) = pair?;
            let pause: Pause =
                record::decode(&value).map_err(|flaw| Name::Meta.flaw(&key, flaw))?;
            let since = UnixMillis::new(pause.since);
            let name = std::str::from_utf8(&key).map_err(|_| Name::Meta.bad_key(&key))?;
            match name.strip_prefix(LANE) {
                Some(lane) => drop(paused.lanes.insert(lane.to_owned(), since)),
                None => paused.all = Some(since),
            }
        }
        Ok(paused)
    }
}

/// The lane that a pause of that key holds back; `None` when it is everything.
pub(crate) fn paused_lane(key: &[u8]) -> Option<&str> {
    std::str::from_utf8(key).ok()?.strip_prefix(LANE)
}

/// A key in `meta` that is a pause.
pub(crate) fn is_pause(key: &[u8]) -> bool {
    key == ALL.as_bytes() || key.starts_with(LANE.as_bytes())
}

pub(crate) fn pause_key(lane: Option<&str>) -> String {
    lane.map_or_else(|| ALL.to_owned(), |lane| format!("{LANE}{lane}"))
}

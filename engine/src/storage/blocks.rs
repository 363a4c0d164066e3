//! Uploads in blocks (wire.md 2.3): each block is a file that grows chunk by chunk below `<data>/uploads`, so that an upload
//! goes on after a restart; at the end they become one object.
//!
//! A context tells a client's place in a block: which block, how large, how far, and the sum of the last chunk. It allows
//! nothing by itself: a block is found only together with the account and the batch it was made for.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use opmill_ops::b64u;
use sha1::{Digest as _, Sha1};

use super::Storage;
use super::incoming::{FOLDER, Hashed, in_work};
use crate::checksum::{ChunkSum, Summing};
use crate::error::EngineError;
use crate::notify::sign::hex;

/// Most bytes of a block (wire.md 2.3).
pub const LARGEST_BLOCK: u64 = 100 << 20;
/// Bytes written at a time.
const PIECE: usize = 1 << 20;
/// Uploads that nothing was added to for so long are given up.
const ABANDONED: Duration = Duration::from_secs(7 * 24 * 3600);
/// What an upload that was assembled leaves behind, so that asking again gives the same answer.
const ANSWER: &str = "answer.json";

/// Whose upload, and which.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Batch {
    /// The access key it is signed with.
    pub account: String,
    /// The client's name for it, maybe empty.
    pub name: String,
}

impl Batch {
    /// The folder of its blocks: the client's name is anything.
    fn folder(&self, data: &Path) -> PathBuf {
        let mut hash = Sha1::new();
        hash.update(self.account.as_bytes());
        hash.update(b"\0");
        hash.update(self.name.as_bytes());
        data.join(FOLDER)
            .join(format!("batch-{}", hex(&hash.finalize())))
    }
}

/// A chunk that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// What the next chunk of the block is sent with, and the list of blocks at the end.
    pub context: String,
    /// Its sums.
    pub sum: ChunkSum,
    /// Where in the block the next chunk begins.
    pub offset: u64,
}

/// A place in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Context {
    order: u64,
    size: u64,
    offset: u64,
    md5: String,
}

impl Context {
    fn write(&self) -> String {
        let Self {
            order,
            size,
            offset,
            md5,
        } = self;
        b64u::encode(format!("{order}.{size}.{offset}.{md5}")).replace('=', "")
    }

    fn read(text: &str) -> Option<Self> {
        let text = String::from_utf8(b64u::decode(text)?).ok()?;
        let mut parts = text.split('.');
        let mut number = || parts.next()?.parse().ok();
        let (order, size, offset) = (number()?, number()?, number()?);
        let md5 = parts.next()?.to_owned();
        Some(Self {
            order,
            size,
            offset,
            md5,
        })
    }
}

impl Storage {
    /// Begins block number `order`, which will have `size` bytes, with its first chunk. A block that was begun before is begun
    /// anew.
    ///
    /// # Errors
    /// [`EngineError::BlockRefused`] when block or chunk are too large or the chunk is empty.
    pub async fn make_block(
        &self,
        batch: &Batch,
        (order, size): (u64, u64),
        chunk: impl Stream<Item = io::Result<Bytes>> + Unpin,
    ) -> Result<Chunk, EngineError> {
        if !(1..=LARGEST_BLOCK).contains(&size) {
            return Err(refused(format!(
                "a block has 1 to {LARGEST_BLOCK} bytes, not {size}"
            )));
        }
        self.chunk(batch, (order, size), 0, chunk).await
    }

    /// Adds the next chunk to a block. The same chunk sent again, because its answer was lost, gets the same answer.
    ///
    /// # Errors
    /// [`EngineError::BlockRefused`] when the context is none, or not that of this place.
    pub async fn add_chunk(
        &self,
        batch: &Batch,
        context: &str,
        offset: u64,
        chunk: impl Stream<Item = io::Result<Bytes>> + Unpin,
    ) -> Result<Chunk, EngineError> {
        let unknown = || refused("the context is not one of this upload".to_owned());
        let context = Context::read(context).ok_or_else(unknown)?;
        if context.offset != offset || offset == 0 || offset >= context.size {
            return Err(refused(format!(
                "the context goes on at byte {}, the chunk is for byte {offset}",
                context.offset
            )));
        }
        let block = (context.order, context.size);
        self.chunk(batch, block, offset, chunk).await
    }

    async fn chunk(
        &self,
        batch: &Batch,
        (order, size): (u64, u64),
        offset: u64,
        mut chunk: impl Stream<Item = io::Result<Bytes>> + Unpin,
    ) -> Result<Chunk, EngineError> {
        let folder = batch.folder(&self.shared.data);
        let path = folder.join(format!("{order}.block"));
        let _alone = self.shared.entries.lock(&(batch, order)).await;
        let at = path.clone();
        let begin = move |_: &_| {
            Writing::begin(&folder, &at, offset, size).map_err(|error| match error.kind() {
                // Given up and swept, or never begun.
                io::ErrorKind::NotFound => refused("the block is not there any more".to_owned()),
                _ => in_work(&at)(error),
            })
        };
        let mut writing = self.shared.blocking(begin).await?;
        let (mut pieces, mut waiting) = (Vec::new(), 0);
        loop {
            let next = chunk.next().await;
            let is_end = next.is_none();
            match next {
                Some(Ok(bytes)) => {
                    waiting += bytes.len();
                    pieces.push(bytes);
                }
                Some(Err(source)) => {
                    let undo = move |_: &_| {
                        writing.undo();
                        Ok(())
                    };
                    self.shared.blocking(undo).await?;
                    return Err(EngineError::Broke { source });
                }
                None => {}
            }
            if waiting >= PIECE || is_end {
                let pieces = std::mem::take(&mut pieces);
                waiting = 0;
                let at = path.clone();
                let put = move |_: &_| writing.put(pieces).map_err(in_work(&at));
                writing = self.shared.blocking(put).await?;
            }
            if is_end {
                break;
            }
        }
        let at = path.clone();
        let end = move |_: &_| writing.end().map_err(in_work(&at));
        let (sum, offset) = self.shared.blocking(end).await?.map_err(refused)?;
        let context = Context {
            order,
            size,
            offset,
            md5: sum.md5.clone(),
        };
        Ok(Chunk {
            context: context.write(),
            sum,
            offset,
        })
    }

    /// Puts the blocks of an upload together, in the order of these contexts: the last of each.
    ///
    /// # Errors
    /// [`EngineError::BlocksDoNotFit`] when they are not all of `size` bytes: the upload begins anew.
    pub async fn assemble(
        &self,
        batch: &Batch,
        size: u64,
        contexts: &[&str],
    ) -> Result<Hashed, EngineError> {
        let unfit = |reason: String| EngineError::BlocksDoNotFit { reason };
        let folder = batch.folder(&self.shared.data);
        let mut whole = 0_u64;
        for (number, context) in contexts.iter().enumerate() {
            let context = Context::read(context)
                .ok_or_else(|| unfit(format!("the context of block {number} is none")))?;
            if context.order != number as u64 || context.offset != context.size {
                return Err(unfit(format!(
                    "the context in place {number} is that of block {} at byte {} of {}",
                    context.order, context.offset, context.size
                )));
            }
            whole = whole.saturating_add(context.size);
        }
        if whole != size {
            return Err(unfit(format!(
                "the blocks have {whole} bytes together, the file is said to have {size}"
            )));
        }
        let mut incoming = self.receive(size).await?;
        for (number, context) in contexts.iter().enumerate() {
            let expected = Context::read(context).map_or(0, |context| context.size);
            let path = folder.join(format!("{number}.block"));
            let opened = path.clone();
            let file = self
                .shared
                .blocking(move |_| Ok(File::open(opened).ok()))
                .await?;
            let file = file.ok_or_else(|| unfit(format!("block {number} is not there")))?;
            let file = std::sync::Arc::new(file);
            let mut at = 0;
            while at < expected {
                let length = (expected - at).min(PIECE as u64) as usize;
                let (file, from) = (std::sync::Arc::clone(&file), path.clone());
                let read = move |_: &_| {
                    let mut piece = vec![0; length];
                    match file.read_exact_at(&mut piece, at) {
                        Ok(()) => Ok(Some(piece)),
                        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
                        Err(error) => Err(in_work(&from)(error)),
                    }
                };
                let piece = self.shared.blocking(read).await?;
                let piece = piece.ok_or_else(|| unfit(format!("block {number} is not whole")))?;
                at += piece.len() as u64;
                incoming.write(piece.into()).await?;
            }
        }
        incoming.hashed().await
    }

    /// Keeps the answer to an upload that became an object, and lets go of its blocks.
    pub async fn conclude(
        &self,
        batch: &Batch,
        contexts: &str,
        answer: &str,
    ) -> Result<(), EngineError> {
        let folder = batch.folder(&self.shared.data);
        let kept = serde_json::json!({"contexts": contexts, "answer": answer}).to_string();
        let write = move |_: &_| {
            let keep = || {
                fs::create_dir_all(&folder)?;
                fs::write(folder.join(ANSWER), kept)?;
                for left in fs::read_dir(&folder)? {
                    let path = left?.path();
                    if path.extension().is_some_and(|suffix| suffix == "block") {
                        fs::remove_file(path)?;
                    }
                }
                Ok(())
            };
            keep().map_err(in_work(&folder))
        };
        self.shared.blocking(write).await
    }

    /// The answer that was given to this upload before.
    pub async fn concluded(
        &self,
        batch: &Batch,
        contexts: &str,
    ) -> Result<Option<String>, EngineError> {
        let path = batch.folder(&self.shared.data).join(ANSWER);
        let kept = self
            .shared
            .blocking(move |_| Ok(fs::read_to_string(path).ok()))
            .await?;
        let kept: Option<serde_json::Value> =
            kept.and_then(|kept| serde_json::from_str(&kept).ok());
        let kept = kept.filter(|kept| kept["contexts"] == contexts);
        Ok(kept.and_then(|kept| kept["answer"].as_str().map(str::to_owned)))
    }
}

fn refused(reason: String) -> EngineError {
    EngineError::BlockRefused { reason }
}

/// A chunk on its way into the file of its block.
struct Writing {
    file: File,
    /// Bytes of the block there were.
    before: u64,
    start: u64,
    at: u64,
    size: u64,
    sum: Summing,
    problem: Option<String>,
}

impl Writing {
    fn begin(folder: &Path, path: &Path, start: u64, size: u64) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let file = OpenOptions::new()
            .create(start == 0)
            .truncate(start == 0)
            .read(true)
            .write(true)
            .open(path)?;
        let before = file.metadata()?.len();
        let problem = (before < start)
            .then(|| format!("the block has {before} bytes, the chunk is for byte {start}"));
        Ok(Self {
            file,
            before,
            start,
            at: start,
            size,
            sum: Summing::default(),
            problem,
        })
    }

    /// Writes what is new, and compares what is there already.
    fn put(mut self, pieces: Vec<Bytes>) -> io::Result<Self> {
        for bytes in pieces {
            if self.problem.is_some() {
                break;
            }
            if self.at + bytes.len() as u64 > self.size {
                self.problem = Some(format!(
                    "the chunk goes beyond the {} bytes of its block",
                    self.size
                ));
                break;
            }
            let known = self.before.saturating_sub(self.at).min(bytes.len() as u64) as usize;
            let mut there = vec![0; known];
            self.file.read_exact_at(&mut there, self.at)?;
            if there != bytes[..known] {
                self.problem = Some("another chunk was sent for this place before".to_owned());
                break;
            }
            self.file
                .write_all_at(&bytes[known..], self.at + known as u64)?;
            self.at += bytes.len() as u64;
            self.sum.update(&bytes);
        }
        Ok(self)
    }

    /// The sums of the chunk and where the next one begins; or why it was not taken.
    fn end(mut self) -> io::Result<Result<(ChunkSum, u64), String>> {
        if self.at == self.start && self.problem.is_none() {
            self.problem = Some("the chunk is empty".to_owned());
        }
        if let Some(problem) = self.problem.take() {
            self.undo();
            return Ok(Err(problem));
        }
        if self.at == self.size {
            // What is whole is not asked for again.
            self.file.flush()?;
            self.file.sync_data()?;
        }
        Ok(Ok((self.sum.finish(), self.at)))
    }

    /// As if the chunk had not come.
    fn undo(self) {
        // Whatever stays behind is overwritten by the chunk that does come.
        let _ = self.file.set_len(self.before);
    }
}

/// Removes uploads that nothing was added to for a week.
pub(crate) fn sweep(data: &Path, now: SystemTime) -> io::Result<()> {
    for entry in fs::read_dir(data.join(FOLDER))? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            continue;
        }
        let mut newest = entry.metadata()?.modified()?;
        for file in fs::read_dir(entry.path())? {
            newest = newest.max(file?.metadata()?.modified()?);
        }
        if now.duration_since(newest).is_ok_and(|age| age > ABANDONED) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_one_segment_of_a_path() {
        let context = Context {
            order: 3,
            size: 4 << 20,
            offset: 7,
            md5: "5d41402abc4b2a76b9719d911017c592".to_owned(),
        };
        let text = context.write();
        assert!(
            text.bytes()
                .all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_'),
            "{text}"
        );
        assert_eq!(Context::read(&text), Some(context));
        for none in ["", "0", "x", "MS4y"] {
            assert_eq!(Context::read(none), None, "{none}");
        }
    }
}

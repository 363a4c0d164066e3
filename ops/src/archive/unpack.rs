//! One archive being unpacked: where its members go, and what they may still cost.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use super::name;
use crate::error::{ArchiveError, OpsError};
use crate::{Cancel, Limits};

/// Bytes between two looks at the limits and the cancel flag.
const CHUNK: usize = 64 * 1024;

/// So much may come out of any archive before its ratio is asked: a small file of zeros is no bomb.
const RATIO_FROM: u64 = 16 << 20;

/// What came of an archive.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Extracted {
    /// Sorted by name.
    pub(crate) members: Vec<Member>,
    /// In the order of the archive.
    pub(crate) skipped: Vec<Skipped>,
}

/// A file that was unpacked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// A relative path that can end a key.
    pub(crate) name: String,
    /// Where it is now.
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
}

/// A member that is no file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Skipped {
    /// As the archive names it.
    pub(crate) name: String,
    /// `a symbolic link`, for one.
    pub(crate) what: &'static str,
}

/// An archive at work. The readers of the formats hand it one member after another.
pub(super) struct Unpacking<'a> {
    dir: &'a Path,
    source: &'a Path,
    /// Bytes of the archive itself.
    packed: u64,
    limits: &'a Limits,
    cancel: &'a Cancel,
    /// Members seen, of any kind.
    seen: u32,
    /// Bytes that came out so far, kept or not.
    unpacked: u64,
    members: BTreeMap<String, (PathBuf, u64)>,
    skipped: Vec<Skipped>,
    chunk: Box<[u8]>,
}

impl<'a> Unpacking<'a> {
    pub(super) fn new(
        dir: &'a Path,
        source: &'a Path,
        packed: u64,
        limits: &'a Limits,
        cancel: &'a Cancel,
    ) -> Self {
        Self {
            dir,
            source,
            packed,
            limits,
            cancel,
            seen: 0,
            unpacked: 0,
            members: BTreeMap::new(),
            skipped: Vec::new(),
            chunk: vec![0; CHUNK].into_boxed_slice(),
        }
    }

    /// Takes a file.
    pub(super) fn file(&mut self, given: &str, from: &mut dyn Read) -> Result<(), OpsError> {
        self.count()?;
        let key = name::key(given).map_err(|reason| ArchiveError::BadName {
            member: given.to_owned(),
            reason,
        })?;
        let path = self.dir.join(format!("{:06}", self.seen));
        let create = |error| OpsError::write_file(&path, &error);
        let mut file = File::create_new(&path).map_err(create)?;
        let bytes = self.pump(given, from, Some((&mut file, &path)))?;
        if let Some((earlier, _)) = self.members.insert(key, (path, bytes)) {
            std::fs::remove_file(&earlier)
                .map_err(|error| OpsError::write_file(&earlier, &error))?;
        }
        Ok(())
    }

    /// Leaves a folder out.
    pub(super) fn folder(&mut self) -> Result<(), OpsError> {
        self.count()
    }

    /// Leaves out what is neither a file nor a folder, and says what it was. What it holds counts all the same.
    pub(super) fn skip(
        &mut self,
        given: &str,
        what: &'static str,
        from: &mut dyn Read,
    ) -> Result<(), OpsError> {
        self.count()?;
        self.pump(given, from, None)?;
        self.skipped.push(Skipped {
            name: given.to_owned(),
            what,
        });
        Ok(())
    }

    /// Reads what follows the last member to its end.
    pub(super) fn padding(&mut self, from: &mut dyn Read) -> Result<(), OpsError> {
        self.pump("what follows its members", from, None).map(drop)
    }

    /// `Limits::members`.
    pub(super) fn most_members(&self) -> u32 {
        self.limits.members
    }

    /// Asks the limit beforehand, for formats that tell their number beforehand.
    pub(super) fn expect(&self, members: usize) -> Result<(), OpsError> {
        match u32::try_from(members) {
            Ok(members) if members <= self.limits.members => Ok(()),
            _ => Err(ArchiveError::TooManyMembers {
                limit: self.limits.members,
            }
            .into()),
        }
    }

    /// What was unpacked, once nothing more comes.
    pub(super) fn finish(self) -> Result<Extracted, OpsError> {
        if self.members.is_empty() {
            return Err(ArchiveError::Empty.into());
        }
        for name in self.members.keys() {
            let folders = name.match_indices('/').map(|(at, _)| &name[..at]);
            if let Some(file) = folders
                .into_iter()
                .find(|folder| self.members.contains_key(*folder))
            {
                return Err(ArchiveError::FileAndFolder {
                    file: file.to_owned(),
                    member: name.clone(),
                }
                .into());
            }
        }
        let member = |(name, (path, bytes))| Member { name, path, bytes };
        Ok(Extracted {
            members: self.members.into_iter().map(member).collect(),
            skipped: self.skipped,
        })
    }

    /// The archive could not be read on: the disk's fault, or its own.
    pub(super) fn broken(&self, member: Option<&str>, error: &io::Error) -> OpsError {
        if error.raw_os_error().is_some() {
            return OpsError::read_file(self.source, error);
        }
        // Readers of a format may stop with an error of ours inside theirs.
        if let Some(ours) = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<ArchiveError>())
        {
            return ours.clone().into();
        }
        ArchiveError::Damaged {
            member: member.map(str::to_owned),
            reason: match error.kind() {
                io::ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
                _ => error.to_string(),
            },
        }
        .into()
    }

    fn count(&mut self) -> Result<(), OpsError> {
        self.seen += 1;
        self.expect(self.seen as usize)
    }

    /// Reads a member to its end. Every byte that comes out is paid for before it is written.
    fn pump(
        &mut self,
        given: &str,
        from: &mut dyn Read,
        mut to: Option<(&mut File, &Path)>,
    ) -> Result<u64, OpsError> {
        let mut bytes = 0;
        loop {
            if self.cancel.is_cancelled() {
                return Err(OpsError::Cancelled);
            }
            let read = match from.read(&mut self.chunk) {
                Ok(0) => return Ok(bytes),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.broken(Some(given), &error)),
            };
            bytes += read as u64;
            self.spend(given, bytes, read as u64)?;
            if let Some((file, path)) = &mut to {
                file.write_all(&self.chunk[..read])
                    .map_err(|error| OpsError::write_file(path, &error))?;
            }
        }
    }

    fn spend(&mut self, given: &str, of_member: u64, now: u64) -> Result<(), ArchiveError> {
        let limits = self.limits;
        self.unpacked += now;
        if of_member > limits.output_bytes {
            return Err(ArchiveError::MemberTooLarge {
                member: given.to_owned(),
                limit: limits.output_bytes,
            });
        }
        if self.unpacked > limits.unpacked_bytes {
            return Err(ArchiveError::TooLarge {
                limit: limits.unpacked_bytes,
            });
        }
        let allowed = self.packed.saturating_mul(limits.unpack_ratio.into());
        if self.unpacked > allowed.max(RATIO_FROM) {
            return Err(ArchiveError::TooDense {
                limit: limits.unpack_ratio,
            });
        }
        Ok(())
    }
}

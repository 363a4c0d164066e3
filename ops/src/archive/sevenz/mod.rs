//! Members of a 7z archive.

mod index;

use std::fs::File;
use std::io::{BufReader, Read};

use sevenz_rust2::{Archive, ArchiveEntry, ArchiveReader, Coder, EncoderMethod, Error, Password};

use super::unpack::Unpacking;
use crate::error::{ArchiveError, OpsError};

/// How far back a compressor may refer, and so how much memory unpacking takes. 7-Zip's highest preset uses 256 MiB.
const DICTIONARY: u64 = 512 << 20;

/// Windows attributes: what follows is a Unix mode, in the upper half.
const HAS_MODE: u32 = 0x8000;
/// Windows attributes: a link of any sort.
const REPARSE_POINT: u32 = 0x400;

/// Hands every member of the archive to `into`: those with content as they are stored, then the empty ones.
pub(super) fn members(
    mut source: BufReader<File>,
    into: &mut Unpacking<'_>,
) -> Result<(), OpsError> {
    index::check(&mut source, into)?;
    let password = Password::empty();
    let archive =
        Archive::read(&mut source, &password).map_err(|error| explain(into, None, error))?;
    into.expect(archive.files.len())?;
    for coder in archive.blocks.iter().flat_map(|block| &block.coders) {
        check(coder)?;
    }
    let mut reader = ArchiveReader::from_archive(archive, source, password);
    reader.set_thread_count(1);
    // The crate takes an error of its own type alone; ours waits here.
    let mut ours = None;
    let walked = reader.for_each_entries(|entry, content| {
        member(entry, content, into)
            .map(|()| true)
            .map_err(|error| {
                ours = Some(error);
                Error::Other("stopped".into())
            })
    });
    match (ours, walked) {
        (Some(error), _) => Err(error),
        (None, Err(error)) => Err(explain(into, None, error)),
        (None, Ok(())) => Ok(()),
    }
}

fn member(
    entry: &ArchiveEntry,
    content: &mut dyn Read,
    into: &mut Unpacking<'_>,
) -> Result<(), OpsError> {
    let attributes = if entry.has_windows_attributes {
        entry.windows_attributes
    } else {
        0
    };
    let mode = if attributes & HAS_MODE == 0 {
        0
    } else {
        attributes >> 16
    };
    match mode & 0o170_000 {
        _ if entry.is_directory => into.folder(),
        _ if entry.is_anti_item => into.skip(&entry.name, "a note to delete a file", content),
        0o120_000 => into.skip(&entry.name, "a symbolic link", content),
        _ if attributes & REPARSE_POINT != 0 => into.skip(&entry.name, "a symbolic link", content),
        0 | 0o100_000 => into.file(&entry.name, content),
        _ => into.skip(&entry.name, "no regular file", content),
    }
}

/// Refuses what needs a password, and what needs too much memory, before any of it is unpacked.
fn check(coder: &Coder) -> Result<(), ArchiveError> {
    let properties = coder.properties();
    let number = || {
        let bytes = properties
            .get(1..5)
            .and_then(|bytes| bytes.first_chunk::<4>());
        bytes.map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)))
    };
    let memory = match coder.encoder_method_id() {
        EncoderMethod::ID_AES256_SHA256 => return Err(ArchiveError::Encrypted { member: None }),
        EncoderMethod::ID_LZMA | EncoderMethod::ID_PPMD => number(),
        EncoderMethod::ID_LZMA2 => properties.first().map_or(0, |bits| {
            let (mantissa, exponent) = (2 | u64::from(bits & 1), u32::from(bits / 2) + 11);
            mantissa.checked_shl(exponent).unwrap_or(u64::MAX)
        }),
        _ => 0,
    };
    if memory > DICTIONARY {
        return Err(ArchiveError::Unsupported {
            member: None,
            reason: format!(
                "unpacking it takes {} MiB of memory; the limit is {} MiB",
                memory >> 20,
                DICTIONARY >> 20
            ),
        });
    }
    Ok(())
}

fn explain(into: &Unpacking<'_>, member: Option<String>, error: Error) -> OpsError {
    match error {
        Error::Io(error, _) | Error::FileOpen(error, _) | Error::MaybeBadPassword(error) => {
            into.broken(member.as_deref(), &error)
        }
        Error::PasswordRequired => ArchiveError::Encrypted { member }.into(),
        // The names are encrypted as well.
        Error::UnsupportedCompressionMethod(method)
            if method == EncoderMethod::AES256_SHA256.name() =>
        {
            ArchiveError::Encrypted { member }.into()
        }
        Error::UnsupportedCompressionMethod(method) => ArchiveError::Unsupported {
            member,
            reason: format!("compression method {method} is not known here"),
        }
        .into(),
        Error::Unsupported(reason) => ArchiveError::Unsupported {
            member,
            reason: reason.into_owned(),
        }
        .into(),
        Error::ExternalUnsupported => ArchiveError::Unsupported {
            member,
            reason: "it refers to another file".to_owned(),
        }
        .into(),
        Error::UnsupportedVersion { major, minor } => ArchiveError::Unsupported {
            member,
            reason: format!("version {major}.{minor} of the format is not known here"),
        }
        .into(),
        Error::ChecksumVerificationFailed | Error::NextHeaderCrcMismatch => ArchiveError::Damaged {
            member,
            reason: "a checksum is wrong".to_owned(),
        }
        .into(),
        Error::Other(reason) => ArchiveError::Damaged {
            member,
            reason: reason.into_owned(),
        }
        .into(),
        other => ArchiveError::Damaged {
            member,
            reason: other.to_string(),
        }
        .into(),
    }
}

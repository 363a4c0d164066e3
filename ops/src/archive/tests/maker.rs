//! Makes archives in memory, with any names: what a decent archiver would refuse to write is what is tested.

use std::io::{Cursor, Write};

use ::tar::{Builder, EntryType, Header};
use ::zip::ZipWriter;
use ::zip::write::SimpleFileOptions;
use flate2::Compression;
use flate2::write::GzEncoder;
use sevenz_rust2::{ArchiveEntry, ArchiveWriter};

use crate::archive::Format;

/// The members in an archive of any format; `Gzip` is a tar within.
pub(super) fn archive(format: Format, members: &[(&str, &[u8])]) -> Vec<u8> {
    match format {
        Format::Zip => zip(members),
        Format::Tar => tar(members),
        Format::Gzip => gzip(&tar(members)),
        Format::SevenZip => sevenz(members),
    }
}

pub(super) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A header whose name nobody checked.
pub(super) fn header(kind: EntryType, name: &str, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(size as u64);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

pub(super) fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for (name, content) in members {
        if name.len() > 100 {
            let mut header = header(EntryType::Regular, "", content.len());
            tar.append_data(&mut header, name, *content).unwrap();
        } else {
            tar.append(&header(EntryType::Regular, name, content.len()), *content)
                .unwrap();
        }
    }
    tar.into_inner().unwrap()
}

pub(super) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(content).unwrap();
    gzip.finish().unwrap()
}

pub(super) fn sevenz(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    for (name, content) in members {
        let entry = ArchiveEntry::new_file(name);
        archive.push_archive_entry(entry, Some(*content)).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

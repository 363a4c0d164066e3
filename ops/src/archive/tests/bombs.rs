//! Archives that would fill the machine.

use ::tar::{Builder, EntryType};

use super::maker::{archive, gzip, header, tar, zip};
use super::{Bench, FORMATS, Format, Limits, refused, stored};
use crate::error::{ArchiveError, OpsError};
use crate::{Cancel, archive};

#[test]
fn every_limit_is_kept_in_every_format() {
    let zeros = vec![0; 100_000];
    let members: &[(&str, &[u8])] = &[("a", &zeros), ("b", &zeros), ("c", b"1")];
    for format in FORMATS {
        let bytes = archive(format, members);
        for (limits, expected) in [
            (
                Limits {
                    members: 2,
                    ..Limits::default()
                },
                ArchiveError::TooManyMembers { limit: 2 },
            ),
            (
                Limits {
                    output_bytes: 99_999,
                    ..Limits::default()
                },
                ArchiveError::MemberTooLarge {
                    member: "a".to_owned(),
                    limit: 99_999,
                },
            ),
            (
                Limits {
                    unpacked_bytes: 200_000,
                    ..Limits::default()
                },
                ArchiveError::TooLarge { limit: 200_000 },
            ),
        ] {
            assert_eq!(refused(&bytes, format, &limits), expected, "{format}");
        }
        let enough = Limits {
            members: 3,
            output_bytes: 100_000,
            unpacked_bytes: 300_000,
            ..Limits::default()
        };
        let enough = if format == Format::Gzip {
            Limits {
                unpacked_bytes: 400_000,
                ..enough
            }
        } else {
            enough
        };
        assert!(
            Bench::new().unpack(&bytes, format, &enough).is_ok(),
            "{format}"
        );
    }
}

#[test]
fn what_unpacks_to_too_many_times_its_size_is_a_bomb() {
    let zeros = vec![0; 17 << 20];
    for format in [Format::Zip, Format::Gzip, Format::SevenZip] {
        let bytes = archive(format, &[("zeros", &zeros)]);
        let error = refused(&bytes, format, &Limits::default());
        assert_eq!(error, ArchiveError::TooDense { limit: 200 }, "{format}");
        let patient = Limits {
            unpack_ratio: 100_000,
            ..Limits::default()
        };
        assert!(
            Bench::new().unpack(&bytes, format, &patient).is_ok(),
            "{format}"
        );
    }
}

#[test]
fn a_file_of_holes_is_a_bomb_too() {
    let mut header = header(EntryType::GNUSparse, "holes", 0);
    let gnu = header.as_gnu_mut().unwrap();
    gnu.sparse[0].offset.copy_from_slice(b"077777777770");
    gnu.sparse[0].numbytes.copy_from_slice(b"000000000000");
    gnu.realsize.copy_from_slice(b"077777777770");
    header.set_cksum();
    let mut tar = Builder::new(Vec::new());
    tar.append(&header, &b""[..]).unwrap();
    let error = refused(&tar.into_inner().unwrap(), Format::Tar, &Limits::default());
    assert_eq!(error, ArchiveError::TooDense { limit: 200 });
}

/// Many entries of the directory point at one and the same compressed member: no entry looks large.
#[test]
fn members_that_share_their_bytes_are_counted_each() {
    let zeros = vec![0; 1 << 20];
    let zip = zip(&[("a", &zeros)]);
    let directory = zip
        .windows(4)
        .position(|bytes| bytes == b"PK\x01\x02")
        .unwrap();
    let end = zip
        .windows(4)
        .position(|bytes| bytes == b"PK\x05\x06")
        .unwrap();
    let (content, entry, mut tail) = (&zip[..directory], &zip[directory..end], zip[end..].to_vec());
    let copies = 100_u16;
    let entries = entry.repeat(copies.into());
    tail[8..10].copy_from_slice(&copies.to_le_bytes());
    tail[10..12].copy_from_slice(&copies.to_le_bytes());
    tail[12..16].copy_from_slice(&(entries.len() as u32).to_le_bytes());
    let bomb = [content, &entries, &tail].concat();
    assert!(bomb.len() < 10_000, "{}", bomb.len());
    assert_eq!(
        refused(&bomb, Format::Zip, &Limits::default()),
        ArchiveError::TooDense { limit: 200 }
    );
}

#[test]
fn a_directory_is_not_read_beyond_the_limit_of_members() {
    let members: Vec<_> = (0..300).map(|at| format!("{at}")).collect();
    let members: Vec<(&str, &[u8])> = members
        .iter()
        .map(|name| (name.as_str(), &b""[..]))
        .collect();
    for format in FORMATS {
        let few = Limits {
            members: 299,
            ..Limits::default()
        };
        let error = refused(&archive(format, &members), format, &few);
        assert_eq!(
            error,
            ArchiveError::TooManyMembers { limit: 299 },
            "{format}"
        );
    }
}

#[test]
fn a_name_cannot_be_made_to_fill_the_memory() {
    let name = vec![b'a'; 2 << 20];
    let mut bomb = Builder::new(Vec::new());
    bomb.append(
        &header(EntryType::GNULongName, "././@LongLink", name.len()),
        &name[..],
    )
    .unwrap();
    bomb.append(&header(EntryType::Regular, "short", 1), &b"1"[..])
        .unwrap();
    let bomb = bomb.into_inner().unwrap();
    for (bytes, format) in [(gzip(&bomb), Format::Gzip), (bomb, Format::Tar)] {
        let error = refused(&bytes, format, &Limits::default());
        assert_eq!(
            error,
            ArchiveError::HeaderTooLarge { limit: 1 << 20 },
            "{format}"
        );
    }
}

/// The index of a 7z is compressed itself and says how large it becomes.
#[test]
fn an_index_cannot_be_made_to_fill_the_memory() {
    let mut bomb = stored("solid.7z");
    let place = |at: usize| {
        bomb[at..]
            .first_chunk::<8>()
            .map(|bytes| u64::from_le_bytes(*bytes))
            .unwrap()
    };
    let (start, size) = (32 + place(12) as usize, place(20) as usize);
    let index = &bomb[start..start + size];
    // `0c`, two bytes that say how large the index is unpacked, and the ends of what they are in.
    let at = index.len() - 5;
    assert!(
        matches!(index[at..], [0x0c, 0x80..0xc0, _, 0, 0]),
        "{index:x?}"
    );
    let mut index = index.to_vec();
    index.splice(at + 1..at + 3, [0xf0, 0, 0, 0, 0xff]);
    bomb.truncate(start);
    bomb.extend(&index);
    bomb[20..28].copy_from_slice(&(index.len() as u64).to_le_bytes());
    bomb[28..32].copy_from_slice(&checksum(&index));
    let sum = checksum(&bomb[12..32]);
    bomb[8..12].copy_from_slice(&sum);
    let error = refused(&bomb, Format::SevenZip, &Limits::default());
    assert_eq!(error, ArchiveError::HeaderTooLarge { limit: 2_560_000 });
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum().to_le_bytes()
}

#[test]
fn unpacking_stops_when_it_is_told_to() {
    for format in FORMATS {
        let bench = Bench::new();
        let source = bench.archive(&archive(format, &[("a", b"1")]));
        let cancel = Cancel::new();
        cancel.cancel();
        let outcome = archive::extract(
            &source,
            format,
            "x",
            &bench.out(),
            &Limits::default(),
            &cancel,
        );
        assert!(
            matches!(outcome, Err(OpsError::Cancelled)),
            "{format}: {outcome:?}"
        );
    }
}

#[test]
fn a_tar_of_nothing_but_folders_is_empty() {
    let folders = tar(&[("a/", b""), ("a/b/", b"")]);
    assert_eq!(
        refused(&folders, Format::Tar, &Limits::default()),
        ArchiveError::Empty
    );
}

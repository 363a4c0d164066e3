//! Archives that are something else, encrypted, or broken.

use std::io::Write as _;

use super::maker::{archive, gzip, sevenz, tar, zip};
use super::{Bench, FORMATS, Format, Limits, refused, stored};
use crate::error::{ArchiveError, Disposition, OpsError};

#[test]
fn another_format_than_the_one_named_is_told() {
    let member: &[(&str, &[u8])] = &[("a", b"1")];
    for (format, bytes, message) in [
        (
            Format::Zip,
            tar(member),
            "the source is no zip archive, but a tar archive",
        ),
        (
            Format::Zip,
            sevenz(member),
            "the source is no zip archive, but a 7z archive",
        ),
        (
            Format::SevenZip,
            zip(member),
            "the source is no 7z archive, but a zip archive",
        ),
        (
            Format::Gzip,
            tar(member),
            "the source is no gzip archive, but a tar archive",
        ),
        (
            Format::Gzip,
            b"Rar!\x1a\x07\x01\0".to_vec(),
            "the source is no gzip archive, but a rar archive",
        ),
        (
            Format::Tar,
            gzip(b"text"),
            "the source is no tar archive, but a gzip file that holds no tar",
        ),
        (
            Format::Tar,
            b"some text".to_vec(),
            "the source is no tar archive",
        ),
        (
            Format::Zip,
            Vec::new(),
            "the source is no zip archive, but an empty file",
        ),
    ] {
        assert_eq!(
            refused(&bytes, format, &Limits::default()).to_string(),
            message
        );
    }
}

#[test]
fn what_needs_a_password_says_so() {
    for (name, format, member) in [
        ("encrypted.zip", Format::Zip, Some("set/first.txt")),
        ("encrypted.7z", Format::SevenZip, None),
        ("encrypted-names.7z", Format::SevenZip, None),
    ] {
        let error = refused(&stored(name), format, &Limits::default());
        assert_eq!(
            error,
            ArchiveError::Encrypted {
                member: member.map(str::to_owned)
            },
            "{name}"
        );
    }
}

/// Cut anywhere, an archive either fails in one sentence or gives what is whole; it never hangs, panics or passes for
/// complete where a format can tell.
#[test]
fn an_archive_cut_anywhere_fails_cleanly() {
    let noise: Vec<u8> = (0..4000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    for format in FORMATS {
        let whole = archive(format, &[("a", &noise), ("b", b"end")]);
        for cut in (1..whole.len()).step_by(whole.len() / 200 + 1) {
            let outcome = Bench::new().unpack(&whole[..cut], format, &Limits::default());
            match outcome {
                Err(OpsError::Archive(_)) => {}
                // Without its last blocks of zeros a tar is whole, and cut between two members it looks so.
                Ok(_) if format == Format::Tar && cut > 4000 => {}
                other => panic!("{format} cut at {cut}: {other:?}"),
            }
        }
    }
}

#[test]
fn an_archive_with_any_byte_changed_does_no_harm() {
    for format in FORMATS {
        let whole = archive(format, &[("a", b"text, text, text"), ("b/c", b"end")]);
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0xff;
            match Bench::new().unpack(&changed, format, &Limits::default()) {
                Ok(_) | Err(OpsError::Archive(_)) => {}
                Err(other) => panic!("{format} at {at}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_wrong_checksum_is_damage() {
    let text = b"some text that is stored as it is";
    let mut stored = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = ::zip::write::SimpleFileOptions::default()
        .compression_method(::zip::CompressionMethod::Stored);
    stored.start_file("a", options).unwrap();
    stored.write_all(text).unwrap();
    let mut zip = stored.finish().unwrap().into_inner();
    let at = zip.windows(4).position(|bytes| bytes == b"text").unwrap();
    zip[at] = b'T';
    let error = refused(&zip, Format::Zip, &Limits::default());
    assert_eq!(
        error.to_string(),
        "the archive is damaged at `a`: Invalid checksum"
    );
}

#[test]
fn a_source_that_is_gone_may_come_back() {
    let bench = Bench::new();
    let missing = bench.out().join("missing");
    let outcome = crate::archive::extract(
        &missing,
        Format::Zip,
        "x",
        &bench.out(),
        &Limits::default(),
        &crate::Cancel::new(),
    );
    let error = outcome.unwrap_err();
    assert_eq!(error.disposition(), Disposition::Retry);
    assert_eq!(
        error.to_string(),
        format!("cannot read {}: entity not found", missing.display())
    );
}

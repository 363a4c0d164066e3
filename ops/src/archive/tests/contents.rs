//! What comes out of good archives.

use ::tar::{Builder, EntryType};

use super::maker::{archive, gzip, header, tar, zip};
use super::{Bench, FORMATS, Format, Limits, contents, stored, unpacked};
use crate::archive::unpack::Skipped;

#[test]
fn every_format_gives_back_what_was_packed() {
    let long = format!("{}/name.txt", "folder".repeat(30));
    let big = vec![7; 300_000];
    let members: &[(&str, &[u8])] = &[
        ("a.txt", b"first"),
        ("empty", b""),
        (&long, b"far down"),
        ("sub/视频.bin", &big),
    ];
    for format in FORMATS {
        let expected: Vec<_> = members
            .iter()
            .map(|(name, content)| ((*name).to_owned(), content.to_vec()))
            .collect();
        let mut expected = expected;
        expected.sort();
        assert_eq!(
            unpacked(&archive(format, members), format),
            expected,
            "{format}"
        );
    }
}

#[test]
fn archives_of_other_programs_are_read() {
    for name in ["solid.7z", "ppmd.7z", "bcj-lzma.7z"] {
        let bench = Bench::new();
        let extracted = bench
            .unpack(&stored(name), Format::SevenZip, &Limits::default())
            .unwrap();
        let expected = [
            ("set/empty", &b""[..]),
            ("set/first.txt", b"first"),
            ("set/sub/第二.txt", b"second"),
        ];
        let expected = expected.map(|(name, content)| (name.to_owned(), content.to_vec()));
        assert_eq!(contents(&extracted, &bench.out()), expected, "{name}");
        let link = Skipped {
            name: "set/link".to_owned(),
            what: "a symbolic link",
        };
        assert_eq!(extracted.skipped, [link], "{name}");
    }
}

#[test]
fn a_compressed_tar_goes_by_both_names() {
    let compressed = gzip(&tar(&[("a", b"1")]));
    for format in [Format::Tar, Format::Gzip] {
        assert_eq!(
            unpacked(&compressed, format),
            [("a".to_owned(), b"1".to_vec())],
            "{format}"
        );
    }
}

#[test]
fn a_file_compressed_alone_is_one_member() {
    for content in [&b"a line of a log\n".repeat(100)[..], b"short", b""] {
        let out = unpacked(&gzip(content), Format::Gzip);
        assert_eq!(out, [("some".to_owned(), content.to_vec())]);
    }
    let twice = [gzip(b"first, "), gzip(b"second")].concat();
    assert_eq!(
        unpacked(&twice, Format::Gzip),
        [("some".to_owned(), b"first, second".to_vec())]
    );
}

#[test]
fn of_two_members_with_one_name_the_later_wins() {
    let same: &[(&str, &[u8])] = &[("a", b"early"), ("b", b"other"), ("./a", b"later")];
    let expected = [
        ("a".to_owned(), b"later".to_vec()),
        ("b".to_owned(), b"other".to_vec()),
    ];
    for format in FORMATS {
        assert_eq!(
            unpacked(&archive(format, same), format),
            expected,
            "{format}"
        );
    }
    let mut twins = zip(&[("a", b"early"), ("b", b"other"), ("!twin!", b"later")]);
    while let Some(at) = twins.windows(6).position(|name| name == b"!twin!") {
        twins[at..at + 6].copy_from_slice(b".////a");
    }
    assert_eq!(unpacked(&twins, Format::Zip), expected);
}

#[test]
fn what_is_no_file_is_skipped_with_a_reason() {
    let mut tar = Builder::new(Vec::new());
    for (kind, name) in [
        (EntryType::Directory, "folder/"),
        (EntryType::Symlink, "link"),
        (EntryType::Link, "twin"),
        (EntryType::Char, "null"),
        (EntryType::Block, "disk"),
        (EntryType::Fifo, "pipe"),
        (EntryType::new(b'V'), "volume"),
        (EntryType::Regular, "old-folder/"),
    ] {
        let mut header = header(kind, name, 0);
        if kind == EntryType::Symlink || kind == EntryType::Link {
            header.set_link_name("/etc/passwd").unwrap();
            header.set_cksum();
        }
        tar.append(&header, &b""[..]).unwrap();
    }
    tar.append(&header(EntryType::Continuous, "file", 4), &b"kept"[..])
        .unwrap();
    let bench = Bench::new();
    let tar = tar.into_inner().unwrap();
    let extracted = bench.unpack(&tar, Format::Tar, &Limits::default()).unwrap();
    assert_eq!(
        contents(&extracted, &bench.out()),
        [("file".to_owned(), b"kept".to_vec())]
    );
    let skipped: Vec<_> = extracted
        .skipped
        .iter()
        .map(|skipped| (skipped.name.as_str(), skipped.what))
        .collect();
    assert_eq!(
        skipped,
        [
            ("link", "a symbolic link"),
            ("twin", "a hard link"),
            ("null", "a device"),
            ("disk", "a device"),
            ("pipe", "a pipe"),
            ("volume", "of an unknown kind"),
        ]
    );
}

#[test]
fn links_and_folders_of_a_zip_are_no_files() {
    let mut writer = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = ::zip::write::SimpleFileOptions::default();
    writer.add_directory("folder", options).unwrap();
    writer.add_symlink("link", "/etc/passwd", options).unwrap();
    writer.start_file("file", options).unwrap();
    let zip = writer.finish().unwrap().into_inner();
    let bench = Bench::new();
    let extracted = bench.unpack(&zip, Format::Zip, &Limits::default()).unwrap();
    assert_eq!(
        contents(&extracted, &bench.out()),
        [("file".to_owned(), Vec::new())]
    );
    let link = Skipped {
        name: "link".to_owned(),
        what: "a symbolic link",
    };
    assert_eq!(extracted.skipped, [link]);
}

#[test]
fn a_file_with_holes_comes_out_whole() {
    // As GNU tar stores one: 512 bytes of content at 1024, and a size of 2048.
    let mut header = header(EntryType::GNUSparse, "holes", 512);
    let gnu = header.as_gnu_mut().unwrap();
    gnu.sparse[0].offset.copy_from_slice(b"000000002000");
    gnu.sparse[0].numbytes.copy_from_slice(b"000000001000");
    gnu.sparse[1].offset.copy_from_slice(b"000000004000");
    gnu.sparse[1].numbytes.copy_from_slice(b"000000000000");
    gnu.realsize.copy_from_slice(b"000000004000");
    header.set_cksum();
    let mut tar = Builder::new(Vec::new());
    tar.append(&header, &[9; 512][..]).unwrap();
    let expected = [vec![0; 1024], vec![9; 512], vec![0; 512]].concat();
    let out = unpacked(&tar.into_inner().unwrap(), Format::Tar);
    assert_eq!(out, [("holes".to_owned(), expected)]);
}

#[test]
fn a_file_whose_holes_are_described_inside_it_is_refused() {
    let mut tar = Builder::new(Vec::new());
    tar.append_pax_extensions([("GNU.sparse.major", &b"1"[..])])
        .unwrap();
    tar.append(
        &header(EntryType::Regular, "GNUSparseFile.0/a", 6),
        &b"1\n0\n1\n"[..],
    )
    .unwrap();
    let error = super::refused(&tar.into_inner().unwrap(), Format::Tar, &Limits::default());
    assert_eq!(
        error.to_string(),
        "the archive cannot be unpacked at `GNUSparseFile.0/a`: it is stored with holes; pack it anew without `--sparse`"
    );
}

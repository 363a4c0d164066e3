//! Names that lead elsewhere.

use super::maker::archive;
use super::{FORMATS, Format, Limits, refused, unpacked};
use crate::error::{ArchiveError, BadName};

#[test]
fn no_name_leads_out_of_the_folder() {
    for format in FORMATS {
        for (name, reason) in [
            ("../outside", BadName::Parent),
            ("a/../../outside", BadName::Parent),
            (r"..\outside", BadName::Parent),
            ("/outside", BadName::Absolute),
            (r"\\host\share\outside", BadName::Absolute),
            (r"C:\outside", BadName::Drive),
        ] {
            let members: &[(&str, &[u8])] = &[("good", b"1"), (name, b"2")];
            let expected = ArchiveError::BadName {
                member: name.to_owned(),
                reason,
            };
            assert_eq!(
                refused(&archive(format, members), format, &Limits::default()),
                expected,
                "{format}"
            );
        }
    }
}

#[test]
fn odd_names_are_put_right() {
    for format in FORMATS {
        let members: &[(&str, &[u8])] = &[(r".\dir\\a b.txt", b"1"), ("new\nline", b"2")];
        let expected = [
            ("dir/a b.txt".to_owned(), b"1".to_vec()),
            ("new_line".to_owned(), b"2".to_vec()),
        ];
        assert_eq!(
            unpacked(&archive(format, members), format),
            expected,
            "{format}"
        );
    }
}

#[test]
fn a_file_cannot_be_a_folder_as_well() {
    for format in FORMATS {
        let members: &[(&str, &[u8])] = &[("a/b/c", b"1"), ("a-b", b"2"), ("a", b"3")];
        let error = refused(&archive(format, members), format, &Limits::default());
        assert_eq!(
            error.to_string(),
            "the archive has `a` both as a file and as the folder of `a/b/c`",
            "{format}"
        );
    }
}

#[test]
fn names_of_old_zips_are_read_in_the_code_page_of_dos() {
    let mut zip = super::maker::zip(&[("caf_.txt", b"1")]);
    for at in 0..zip.len() - 4 {
        if &zip[at..at + 4] == b"caf_" {
            zip[at + 3] = 0x82;
        }
    }
    assert_eq!(
        unpacked(&zip, Format::Zip),
        [("café.txt".to_owned(), b"1".to_vec())]
    );
}

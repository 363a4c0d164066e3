//! Several files as one zip.

use super::{Bench, Format, Limits, contents};
use crate::archive::pack::{Item, pack};
use crate::{Cancel, OpsError};

impl Bench {
    /// Files of these names and contents, to be packed.
    fn items(&self, files: &[(&str, &[u8])]) -> Vec<Item> {
        let item = |(name, content): &(&str, &[u8])| {
            let path = self.dir.path().join(name);
            std::fs::write(&path, content).unwrap();
            Item {
                name: (*name).to_owned(),
                path,
            }
        };
        files.iter().map(item).collect()
    }
}

#[test]
fn what_is_packed_can_be_unpacked() {
    let bench = Bench::new();
    let picture = vec![3; 100_000];
    let items = bench.items(&[
        ("p_000001.jpg", &picture),
        ("p_000002.jpg", b""),
        ("第三.jpg", b"3"),
    ]);
    let zip = bench.dir.path().join("source");
    pack(&items, &zip, &Limits::default(), &Cancel::new()).unwrap();
    match std::process::Command::new("unzip")
        .arg("-tqq")
        .arg(&zip)
        .output()
    {
        Ok(said) => assert!(said.status.success(), "{said:?}"),
        Err(_) => eprintln!("left out: unzip is not there to read it"),
    }
    let bytes = std::fs::read(&zip).unwrap();
    assert!(
        bytes.len() > picture.len() && bytes.len() < picture.len() + 1000,
        "stored"
    );
    let again = bench.dir.path().join("again");
    pack(&items, &again, &Limits::default(), &Cancel::new()).unwrap();
    assert_eq!(
        std::fs::read(&again).unwrap(),
        bytes,
        "the same files give the same bytes"
    );
    let extracted = bench
        .unpack(&bytes, Format::Zip, &Limits::default())
        .unwrap();
    let expected = [
        ("p_000001.jpg", picture),
        ("p_000002.jpg", Vec::new()),
        ("第三.jpg", b"3".to_vec()),
    ];
    let expected = expected.map(|(name, content)| (name.to_owned(), content));
    assert_eq!(contents(&extracted, &bench.out()), expected);
}

#[test]
fn packing_keeps_to_the_limit_and_stops_when_told() {
    let bench = Bench::new();
    let items = bench.items(&[("a", b"12345"), ("b", b"67890")]);
    let small = Limits {
        output_bytes: 9,
        ..Limits::default()
    };
    let outcome = pack(
        &items,
        &bench.dir.path().join("zip"),
        &small,
        &Cancel::new(),
    );
    assert!(
        matches!(outcome, Err(OpsError::OutputTooLarge { limit: 9 })),
        "{outcome:?}"
    );
    let cancel = Cancel::new();
    cancel.cancel();
    let outcome = pack(
        &items,
        &bench.dir.path().join("other"),
        &Limits::default(),
        &cancel,
    );
    assert!(matches!(outcome, Err(OpsError::Cancelled)), "{outcome:?}");
}

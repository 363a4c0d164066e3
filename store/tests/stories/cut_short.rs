//! A log that ends before what was acknowledged.

use std::fs;
use std::path::Path;

use opmill_store::{Disposition, NewJob, Options, Store, StoreError};

use crate::common::World;

/// What is left when the storage engine's files are gone.
fn without_its_log(dir: &Path) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name == "db" || name.starts_with("snap.") {
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn a_log_that_was_cut_short_is_refused() {
    let mut world = World::new();
    world.submit();
    world.submit();
    world.close();
    without_its_log(world.dir());
    for _ in 0..2 {
        let refused = Store::open(world.dir(), Options::default()).unwrap_err();
        // The mark of the format, and two jobs.
        assert!(
            matches!(&refused, StoreError::CutShort { missing: 3, .. }),
            "{refused:?}"
        );
        let note = world.dir().join("acknowledged");
        assert!(
            refused.to_string().contains(note.to_str().unwrap()),
            "{refused}"
        );
        assert_eq!(refused.disposition(), Disposition::Fail);
    }
    // As the message says.
    let store = world.reopen_after(|dir| fs::remove_file(dir.join("acknowledged")).unwrap());
    assert_eq!(store.counts().unwrap().available, 0);
    store.enqueue(NewJob::default()).unwrap();
}

/// After a power cut the number may be an old one, or none: it was not synced.
#[test]
fn a_number_that_is_behind_does_no_harm() {
    for number in [None, Some([0; 12].to_vec()), Some(b"torn".to_vec())] {
        let mut world = World::new();
        let early = fs::read(world.dir().join("acknowledged")).unwrap();
        let number = number.unwrap_or(early);
        let id = world.submit();
        world.reopen_after(|dir| fs::write(dir.join("acknowledged"), &number).unwrap());
        assert_eq!(world.job(id).id, id);
        let kept = fs::read(world.dir().join("acknowledged")).unwrap();
        world.submit();
        assert_ne!(fs::read(world.dir().join("acknowledged")).unwrap(), kept);
    }
}

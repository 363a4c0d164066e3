//! `decompression`: archives that other programs wrote, unpacked into objects and a list of them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use opmill_ops::{
    ArchiveError, Cancel, Environment, Limits, Name, OpsError, Output, Task, parse, run,
};

fn stored(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata/archive")
        .join(name)
}

/// A command at work on an archive that is the object `called`.
struct Bench {
    dir: tempfile::TempDir,
    outcome: Result<Vec<Output>, OpsError>,
    notes: Vec<String>,
}

impl Bench {
    fn run(archive: &Path, called: &str, ops: &str, limits: &Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let pipeline = parse(ops).unwrap().remove(0).pipeline.unwrap();
        let task = Task {
            source: called.parse().unwrap(),
            ..Task::new(0, pipeline, dir.path().to_owned())
        };
        let notes = Mutex::new(Vec::new());
        let env = Environment {
            limits,
            threads: 1,
            cancel: &Cancel::new(),
            progress: &|_| (),
            explain: &|_, note| notes.lock().unwrap().push(note.to_owned()),
        };
        let mut outcome = None;
        run(archive, vec![task], &env, &mut |_, result| {
            outcome = Some(result)
        });
        Self {
            dir,
            outcome: outcome.unwrap(),
            notes: notes.into_inner().unwrap(),
        }
    }

    /// The list, then each object with its content.
    fn unpacked(&self) -> (String, Vec<(String, String)>) {
        let outputs = self
            .outcome
            .as_ref()
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(outputs[0].name, Name::Target);
        let read = |output: &Output| std::fs::read_to_string(&output.path).unwrap();
        let object = |output: &Output| match &output.name {
            Name::Entry(entry) => (entry.to_string(), read(output)),
            other => panic!("{other:?}"),
        };
        (read(&outputs[0]), outputs[1..].iter().map(object).collect())
    }

    fn error(&self) -> String {
        assert_eq!(
            std::fs::read_dir(self.dir.path()).unwrap().count(),
            0,
            "something is left"
        );
        self.outcome.as_ref().unwrap_err().to_string()
    }
}

fn objects(folder: &str) -> Vec<(String, String)> {
    [
        ("set/empty", ""),
        ("set/first.txt", "first"),
        ("set/sub/第二.txt", "second"),
    ]
    .map(|(name, content)| (format!("{folder}{name}"), content.to_owned()))
    .to_vec()
}

/// The set of `testdata/archive` on disk, to be packed by the system's own programs.
fn set() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let set = dir.path().join("set");
    std::fs::create_dir_all(set.join("sub")).unwrap();
    std::fs::write(set.join("first.txt"), "first").unwrap();
    std::fs::write(set.join("empty"), "").unwrap();
    std::fs::write(set.join("sub/第二.txt"), "second").unwrap();
    std::os::unix::fs::symlink("first.txt", set.join("link")).unwrap();
    dir
}

fn tar(dir: &Path, options: &[&str], archive: &str) -> PathBuf {
    let path = dir.join(archive);
    let said = Command::new("tar")
        .current_dir(dir)
        .args(options)
        .arg("-cf")
        .arg(&path)
        .arg("set")
        .output()
        .unwrap();
    assert!(said.status.success(), "{said:?}");
    path
}

#[test]
fn archives_become_objects_and_a_list() {
    let dir = set();
    for (format, archive) in [
        ("zip", stored("plain.zip")),
        ("7z", stored("solid.7z")),
        ("tar", tar(dir.path(), &["--format=gnu"], "gnu.tar")),
        ("tar", tar(dir.path(), &["--format=pax"], "pax.tar")),
        (
            "tar",
            tar(dir.path(), &["--format=ustar", "-z"], "ustar.tar.gz"),
        ),
        ("gzip", tar(dir.path(), &["-z"], "set.tgz")),
    ] {
        let ops = format!("decompression/{format}|saveas/bkt:list.txt");
        let bench = Bench::run(&archive, "bkt:in/my set.zip", &ops, &Limits::default());
        let (list, members) = bench.unpacked();
        assert_eq!(members, objects("bkt:in/my set/"), "{}", archive.display());
        assert_eq!(
            list,
            "in/my set/set/empty\nin/my set/set/first.txt\nin/my set/set/sub/第二.txt\n"
        );
        assert_eq!(
            bench.notes,
            ["left out, as they are no files: set/link (a symbolic link)"]
        );
    }
}

#[test]
fn members_go_where_dir_says() {
    for (dir, folder, listed) in [
        ("other:photos", "other:photos/", "photos/"),
        ("bkt:", "bkt:", ""),
        ("b3RoZXI6YS9iLw==", "other:a/b/", "a/b/"),
    ] {
        let ops = format!("decompression/zip/dir/{dir}|saveas/bkt:list.txt");
        let bench = Bench::run(
            &stored("plain.zip"),
            "bkt:in/x.zip",
            &ops,
            &Limits::default(),
        );
        let (list, members) = bench.unpacked();
        assert_eq!(members, objects(folder), "{dir}");
        assert!(list.starts_with(&format!("{listed}set/empty\n")), "{list}");
    }
}

#[test]
fn a_file_compressed_alone_is_called_after_its_archive() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("original.log"), "a line\n").unwrap();
    let said = Command::new("gzip")
        .current_dir(dir.path())
        .arg("original.log")
        .output()
        .unwrap();
    assert!(said.status.success(), "{said:?}");
    let gz = dir.path().join("original.log.gz");
    for (called, object) in [
        ("bkt:logs/day.log.gz", "bkt:logs/day.log/day.log"),
        ("bkt:upload", "bkt:upload_files/original.log"),
    ] {
        let bench = Bench::run(
            &gz,
            called,
            "decompression/gzip|saveas/bkt:list.txt",
            &Limits::default(),
        );
        assert_eq!(
            bench.unpacked().1,
            [(object.to_owned(), "a line\n".to_owned())]
        );
    }
}

#[test]
fn what_cannot_be_unpacked_says_why_and_leaves_nothing() {
    let dir = set();
    let outside = dir.path().join("outside.tar");
    let said = Command::new("tar")
        .current_dir(dir.path().join("set/sub"))
        .args(["-P", "-cf"])
        .args([&outside, Path::new("../first.txt")])
        .output()
        .unwrap();
    assert!(said.status.success(), "{said:?}");
    let bomb = dir.path().join("set/bomb");
    std::fs::write(&bomb, vec![0; 20 << 20]).unwrap();
    let bomb = tar(dir.path(), &["-z"], "bomb.tar.gz");
    let few = Limits {
        members: 3,
        ..Limits::default()
    };
    for (archive, format, limits, expected) in [
        (
            stored("encrypted.zip"),
            "zip",
            &Limits::default(),
            "the archive is encrypted at `set/first.txt`; encrypted archives cannot be unpacked",
        ),
        (
            stored("encrypted-names.7z"),
            "7z",
            &Limits::default(),
            "the archive is encrypted; encrypted archives cannot be unpacked",
        ),
        (
            stored("plain.zip"),
            "7z",
            &Limits::default(),
            "the source is no 7z archive, but a zip archive",
        ),
        (
            stored("plain.zip"),
            "zip",
            &few,
            "the archive has more than 3 members, which is the limit",
        ),
        (
            outside,
            "tar",
            &Limits::default(),
            "`../first.txt` of the archive is refused: its name has `..` in it, which leads out of the folder",
        ),
        (
            bomb,
            "tar",
            &Limits::default(),
            "unpacked, the archive is more than 200 times as large as it is now, which is the limit",
        ),
    ] {
        let ops = format!("decompression/{format}");
        let bench = Bench::run(&archive, "bkt:x.zip", &ops, limits);
        assert_eq!(bench.error(), expected);
    }
}

#[test]
fn a_name_too_long_for_its_folder_is_refused() {
    let folder = "d".repeat(990);
    let called = format!("bkt:{folder}.zip");
    let bench = Bench::run(
        &stored("plain.zip"),
        &called,
        "decompression/zip",
        &Limits::default(),
    );
    assert!(
        matches!(
            bench.outcome,
            Err(OpsError::Archive(ArchiveError::BadName { .. }))
        ),
        "{:?}",
        bench.outcome
    );
}

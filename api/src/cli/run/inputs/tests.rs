//! What INPUT arguments lead to.

use super::*;

/// A folder with media, other files, hidden ones and a sub-folder.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "b.mp4",
        "a.MOV",
        "notes.txt",
        ".hidden.mp4",
        "sub/c.mkv",
        "out/bucket/done.mp4",
        ".git/d.mp4",
    ] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, name).unwrap();
    }
    folder
}

fn shown(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let arguments: Vec<PathBuf> = arguments.iter().map(|name| folder.join(name)).collect();
    let inputs = collect(&arguments, &[folder.join("out")]).unwrap();
    let relative = |input: Input| {
        input
            .shown
            .strip_prefix(folder)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    inputs.into_iter().map(relative).collect()
}

#[test]
fn arguments_become_files_in_order_and_once() {
    let folder = folder();
    let cases: &[(&str, &[&str], &[&str])] = &[
        (
            "a directory: its media, sorted, at any depth, neither hidden nor results",
            &[""],
            &["a.MOV", "b.mp4", "sub/c.mkv"],
        ),
        (
            "a file: itself, whatever its name",
            &["notes.txt"],
            &["notes.txt"],
        ),
        (
            "the order of the arguments",
            &["sub", "b.mp4"],
            &["sub/c.mkv", "b.mp4"],
        ),
        (
            "a file named twice, once through its directory",
            &["b.mp4", ""],
            &["b.mp4", "a.MOV", "sub/c.mkv"],
        ),
        ("a pattern", &["*.mp4"], &["b.mp4"]),
        (
            "a pattern that crosses directories",
            &["**/*.mkv"],
            &["sub/c.mkv"],
        ),
        (
            "a pattern that matches a directory: what is in it",
            &["s*b"],
            &["sub/c.mkv"],
        ),
    ];
    for (name, arguments, expected) in cases {
        assert_eq!(shown(folder.path(), arguments), *expected, "{name}");
    }
}

#[test]
fn an_argument_that_leads_to_nothing_is_named() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    for (argument, expected) in [
        ("gone.mp4", "gone.mp4: No such file"),
        ("gone*.mp4", "no file matches the input"),
        ("empty", "no media files in the input"),
        ("a**b", "neither a file nor a pattern"),
    ] {
        let error = collect(&[folder.path().join(argument)], &[])
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{argument}: {error}");
    }
}

#[test]
fn a_bracket_in_an_existing_name_is_no_pattern() {
    let folder = folder();
    std::fs::write(folder.path().join("take [1].mp4"), "x").unwrap();
    assert_eq!(shown(folder.path(), &["take [1].mp4"]), ["take [1].mp4"]);
}

#[test]
fn the_suffixes_are_sorted_for_the_search() {
    assert!(MEDIA_SUFFIXES.is_sorted());
}

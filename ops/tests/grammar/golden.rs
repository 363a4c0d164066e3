//! Op strings with what becomes of them, in files under `testdata/grammar`: `ok` holds canonical text, `err` what people
//! are told. `OPMILL_BLESS=1` writes the files anew; the difference is reviewed like code.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use opmill_ops::parse;

const RULE: &str = "\n====\n";

#[test]
fn ok() {
    for case in cases("ok") {
        let commands =
            parse(&case.input).unwrap_or_else(|error| panic!("{}: {error}", case.name()));
        let mut actual = String::new();
        for command in commands {
            let pipeline = command
                .pipeline
                .unwrap_or_else(|error| panic!("{}: {error}", case.name()));
            writeln!(actual, "{pipeline}").unwrap();
        }
        case.compare(&actual);
    }
}

#[test]
fn err() {
    for case in cases("err") {
        let (rendered, errors) = told(&case.input);
        assert!(errors > 0, "{} is accepted", case.name());
        case.compare(&rendered);
    }
}

/// Everything wrong with an op string, and how often.
fn told(text: &str) -> (String, usize) {
    let commands = match parse(text) {
        Err(error) => return (format!("{error}\n{}\n", error.point(text)), 1),
        Ok(commands) => commands,
    };
    let mut told = String::new();
    let mut errors = 0;
    for command in commands {
        match command.pipeline {
            Ok(pipeline) => writeln!(told, "{pipeline}").unwrap(),
            Err(error) => {
                errors += 1;
                writeln!(told, "{error}\n{}", error.point(text)).unwrap();
            }
        }
    }
    (told, errors)
}

struct Case {
    path: PathBuf,
    input: String,
    expected: String,
}

impl Case {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn compare(&self, actual: &str) {
        if std::env::var_os("OPMILL_BLESS").is_some() {
            fs::write(&self.path, format!("{}{RULE}{actual}", self.input)).unwrap();
        } else {
            assert_eq!(actual, self.expected, "{}", self.name());
        }
    }
}

fn cases(folder: &str) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata/grammar")
        .join(folder);
    let files =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    paths.into_iter().map(read).collect()
}

fn read(path: PathBuf) -> Case {
    let text = fs::read_to_string(&path).unwrap();
    let (input, expected) = text.split_once(RULE).unwrap_or((text.trim_end(), ""));
    Case {
        input: input.to_owned(),
        expected: expected.to_owned(),
        path,
    }
}

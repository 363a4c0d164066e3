//! `avconcat`, whose files stand behind its parameters without names.

use opmill_ops::op::{Container, JoinMode, Op};
use opmill_ops::{Avconcat, CommandError, ObjectRef, b64u, parse};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::{pipeline, refusal};

/// Parameters with a value they take in both ways of beginning, what it is printed as, and values they refuse.
type Row = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

pub const ROWS: &[Row] = &[
    (
        "mode",
        &[("1", "mode/1/"), ("2", "mode/2/")],
        &["0", "3", "-1", "01", "copy", "1.0"],
    ),
    (
        "format",
        &[("mp4", "format/mp4/"), ("MP4", "format/mp4/")],
        &["gif", "jpg", "4", "mp4 "],
    ),
    (
        "concatorder",
        &[
            ("1-2", "concatorder/1-2/"),
            ("2-1", "concatorder/2-1/"),
            ("01-2", "concatorder/1-2/"),
        ],
        &[
            "1-1-2",
            "0-1",
            "2",
            "1-3",
            "1-2-",
            "-1-2",
            "1,2",
            "1--2",
            "a-b",
            "2-1-4-3-5-6-7",
            "1-257",
            "1.0-2",
        ],
    ),
    (
        "index",
        &[("1", "index/1/"), ("2", "index/2/")],
        &["0", "7", "-1", "1.5", "first"],
    ),
    (
        "moovToFront",
        &[("1", "moovToFront/1/"), ("0", "")],
        &["2", "on"],
    ),
];

/// `2.mp4`, as keys are written.
const KEY: &str = "Mi5tcDQ=";

fn files(text: &str) -> Vec<String> {
    read(text).files.iter().map(ObjectRef::to_string).collect()
}

fn read(text: &str) -> Avconcat {
    match pipeline(text).ops.remove(0) {
        Op::Avconcat(op) => op,
        other => panic!("{text} is read as {other:?}"),
    }
}

#[test]
fn parameters_take_what_they_should_and_nothing_else() {
    for (name, good, bad) in ROWS {
        for (value, printed) in *good {
            let text = format!("avconcat/mp4/{name}/{value}/{KEY}");
            assert_eq!(
                pipeline(&text).to_string(),
                format!("avconcat/mp4/{printed}{KEY}"),
                "{text}"
            );
        }
        for value in *bad {
            let text = format!("avconcat/mp4/{name}/{value}/{KEY}");
            match refusal(&text) {
                CommandError::BadValue {
                    span,
                    parameter,
                    given,
                    ..
                } => {
                    assert_eq!((parameter, given.as_str()), (*name, *value), "{text}");
                    assert_eq!(&text[span.start..span.end], *value, "{text}");
                }
                other => panic!("{text} is refused with {other}"),
            }
        }
        let value = good[0].0;
        let text = format!("avconcat/mp4/{name}/{value}/{KEY}/{name}/{value}");
        assert!(
            matches!(refusal(&text), CommandError::Repeated { parameter, .. } if parameter == *name),
            "{text}"
        );
        let misspelt = format!("avconcat/mp4/{}x/{value}/{KEY}", name);
        assert!(
            matches!(refusal(&misspelt), CommandError::UnknownParameter { nearest, .. } if nearest == Some(*name)),
            "{misspelt}"
        );
    }
}

#[test]
fn files_are_named_in_base64_or_plainly() {
    let encode = |text: &str| b64u::encode(text);
    for (segment, file) in [
        (KEY.to_owned(), "2.mp4"),
        ("Mi5tcDQ".to_owned(), "2.mp4"),
        (encode("bkt:dir/2.mp4"), "bkt:dir/2.mp4"),
        (encode("dir/视频 1.mp4"), "dir/视频 1.mp4"),
        (encode("/abs/2.mp4"), "/abs/2.mp4"),
        (encode("mode"), "mode"),
        ("2.mp4".to_owned(), "2.mp4"),
        ("bkt:2".to_owned(), "bkt:2"),
    ] {
        let text = format!("avconcat/mp4/{segment}");
        assert_eq!(files(&text), [file], "{text}");
        let printed = pipeline(&text).to_string();
        assert_eq!(printed, format!("avconcat/mp4/{}", encode(file)), "{text}");
    }
    for segment in [
        "@@".to_owned(),
        "Mi5tcDQ+".to_owned(),
        "..".to_owned(),
        encode("../2.mp4"),
        encode(""),
        encode("a//b"),
        encode("http://example.com/2.mp4"),
        encode("kodo://bkt/2.mp4"),
        "2..".repeat(500),
    ] {
        let text = format!("avconcat/mp4/mode/1/{segment}");
        match parse(&text).map(|mut read| read.remove(0).pipeline) {
            Ok(Err(CommandError::BadValue {
                parameter, given, ..
            })) => {
                assert_eq!((parameter, given.as_str()), ("key", segment.as_str()));
            }
            // Nothing between two slashes.
            Ok(Err(CommandError::Missing { .. })) => assert_eq!(segment, ""),
            other => panic!("{text} is read as {other:?}"),
        }
    }
}

#[test]
fn files_may_stand_among_the_parameters() {
    let text = "avconcat/mp4/a.mp4/mode/1/b.mp4/moovToFront/1";
    assert_eq!(files(text), ["a.mp4", "b.mp4"]);
    let printed = format!(
        "avconcat/mp4/mode/1/moovToFront/1/{}/{}",
        b64u::encode("a.mp4"),
        b64u::encode("b.mp4")
    );
    assert_eq!(pipeline(text).to_string(), printed);
}

#[test]
fn five_files_can_be_listed() {
    let list = |count| vec![KEY; count].join("/");
    assert_eq!(files(&format!("avconcat/mp4/{}", list(5))).len(), 5);
    let text = format!("avconcat/mp4/mode/2/{}", list(6));
    assert_eq!(
        refusal(&text).to_string(),
        "`key` of avconcat is `Mi5tcDQ=`; allowed: at most 5 of them"
    );
    let misspelt = format!("avconcat/mp4/{}/mod/2", list(5));
    assert!(matches!(
        refusal(&misspelt),
        CommandError::UnknownParameter {
            nearest: Some("mode"),
            ..
        }
    ));
    for text in [
        "avconcat/mp4",
        "avconcat/mp4/mode/1",
        "avconcat/2/format/mp4",
    ] {
        let error = refusal(text);
        assert!(
            matches!(error, CommandError::Missing { .. }),
            "{text}: {error}"
        );
    }
    assert!(matches!(refusal("avconcat"), CommandError::Missing { .. }));
}

#[test]
fn an_order_numbers_every_file_once() {
    for (order, files, fits) in [
        ("1-2", 1, true),
        ("1", 1, true),
        ("2-1", 2, true),
        ("3-1-2", 2, true),
        ("6-5-4-3-2-1", 5, true),
        ("1-2-3", 1, false),
        ("1-2", 3, false),
        ("1-2-3-4-5-6", 4, false),
    ] {
        let text = format!(
            "avconcat/mp4/concatorder/{order}/{}",
            vec![KEY; files].join("/")
        );
        if fits {
            assert_eq!(pipeline(&text).to_string(), text);
            continue;
        }
        match refusal(&text) {
            CommandError::Conflict { given, with, .. } => {
                assert_eq!(
                    (given, with.as_str()),
                    (format!("concatorder/{order}"), KEY),
                    "{text}"
                );
            }
            other => panic!("{text} is refused with {other}"),
        }
    }
}

#[test]
fn the_mode_may_come_first() {
    let text = format!("avconcat/1/format/FLV/index/2/{KEY}/{KEY}");
    let op = read(&text);
    assert_eq!(
        (op.mode(), op.container()),
        (JoinMode::Copy, Container::Flv)
    );
    assert_eq!(op.index.map(|place| place.get()), Some(2));
    assert_eq!(pipeline(&text).to_string(), text.replace("FLV", "flv"));
    let usual = read(&format!("avconcat/mov/{KEY}"));
    assert_eq!(
        (usual.mode(), usual.container()),
        (JoinMode::Encode, Container::Mov)
    );
    for (text, in_the_way, of) in [
        ("avconcat/1/mode/2/format/mp4/a.mp4", "mode/2", "1"),
        ("avconcat/mp4/format/flv/a.mp4", "format/flv", "mp4"),
        (
            "avconcat/mp4/concatorder/1-2/index/1/a.mp4",
            "index/1",
            "concatorder/1-2",
        ),
        ("avconcat/mp4/index/3/a.mp4", "index/3", "a.mp4"),
    ] {
        match refusal(text) {
            CommandError::Conflict {
                span, given, with, ..
            } => {
                assert_eq!((given.as_str(), with.as_str()), (in_the_way, of), "{text}");
                assert_eq!(&text[span.start..span.end], in_the_way, "{text}");
            }
            other => panic!("{text} is refused with {other}"),
        }
    }
    for text in [
        "avconcat/3/format/mp4/a.mp4",
        "avconcat/gif/a.mp4",
        "avconcat/m3u8/a.mp4",
    ] {
        assert!(
            matches!(refusal(text), CommandError::BadValue { .. }),
            "{text}"
        );
    }
}

#[test]
fn a_lenient_reader_passes_over_words_and_keeps_the_list() {
    let text = format!("avconcat/mp4/quality/high/{KEY}");
    let read = opmill_ops::parse_lenient(&text).unwrap().remove(0);
    assert_eq!(
        read.pipeline.unwrap().to_string(),
        format!("avconcat/mp4/{KEY}")
    );
    assert_eq!(read.warnings.len(), 1);
    // What may be a file is never passed over.
    let read = opmill_ops::parse_lenient("avconcat/mp4/a~b/x.mp4")
        .unwrap()
        .remove(0);
    assert!(matches!(read.pipeline, Err(CommandError::BadValue { .. })));
}

#[test]
fn it_works_on_media_alone() {
    pipeline(&format!("avthumb/mp4|avconcat/mp4/{KEY}|vframe/jpg"));
    let error = refusal(&format!("vframe/jpg|avconcat/mp4/{KEY}"));
    assert!(matches!(error, CommandError::Chained { .. }), "{error}");
}

/// Joins as people may write them.
pub fn op() -> impl Strategy<Value = Op> {
    let heads = select(vec!["mp4", "MKV", "ts", "1", "2"]);
    let pairs: Vec<String> = ROWS
        .iter()
        .flat_map(|(name, good, _)| {
            good.iter()
                .map(move |(value, _)| format!("/{name}/{value}"))
        })
        .collect();
    let file = prop_oneof![
        "[a-z0-9_-]{1,9}".prop_map(b64u::encode),
        "[a-z0-9]{1,5}\\.[a-z0-9]{1,3}",
        "[a-z0-9]{1,5}:[a-z0-9]{1,5}",
    ];
    (heads, vec(select(pairs), 0..5), vec(file, 1..6)).prop_map(|(head, pairs, files)| {
        let files = format!("/{}", files.join("/"));
        let accepted = |text: &str| parse(text).is_ok_and(|read| read[0].pipeline.is_ok());
        let mut text = format!("avconcat/{head}");
        if !accepted(&format!("{text}{files}")) {
            text.push_str("/format/mp4");
        }
        for pair in pairs {
            if accepted(&format!("{text}{pair}{files}")) {
                text.push_str(&pair);
            }
        }
        pipeline(&format!("{text}{files}")).ops.remove(0)
    })
}

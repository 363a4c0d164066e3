//! What holds for every pipeline and for every string.

use std::collections::BTreeSet;

use opmill_ops::op::Op;
use opmill_ops::{Command, Entry, Pipeline, SaveAs, Span, parse};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::joins;
use crate::parameters::rows;

/// An op as people may write it: rows of the tables with values they take, where the rules let them stand together.
fn op() -> impl Strategy<Value = Op> {
    // Some rows need others beside theirs.
    let stands = |base: &&str| parse(base).is_ok_and(|read| read[0].pipeline.is_ok());
    let bases: BTreeSet<&str> = rows().map(|row| row.base).filter(stands).collect();
    let picks = vec((any::<Index>(), any::<Index>()), 0..8);
    (select(Vec::from_iter(bases)), picks).prop_map(|(base, picks)| {
        let rows: Vec<_> = rows().filter(|row| row.base == base).collect();
        let mut text = base.to_owned();
        for (row, value) in picks {
            let row = row.get(&rows);
            let (value, _) = value.get(row.good);
            let longer = format!("{text}/{}/{value}", row.name);
            // What does not go together, or stands there already, is left out.
            if parse(&longer).is_ok_and(|read| read[0].pipeline.is_ok()) {
                text = longer;
            }
        }
        parse(&text)
            .unwrap()
            .remove(0)
            .pipeline
            .unwrap()
            .ops
            .remove(0)
    })
}

/// Any key there is, in base64; separators and variables included.
fn entry() -> impl Strategy<Value = SaveAs> {
    let segment = "[^/\\pC]{1,12}".prop_filter("a path segment", |s| s != "." && s != "..");
    ("[A-Za-z0-9][A-Za-z0-9._-]{0,62}", vec(segment, 1..6))
        .prop_map(|(bucket, segments)| Entry {
            bucket: bucket.parse().unwrap(),
            key: segments.join("/").parse().unwrap(),
        })
        .prop_map(SaveAs::Entry)
}

/// Templates are made by the parser alone.
fn template() -> impl Strategy<Value = SaveAs> {
    let part = select(vec![
        "$(fname)",
        "$(fprefix)",
        "$(suffix)",
        "$(count)",
        "a",
        "视 频",
        "$",
        "x/y",
        ":",
        "=",
        ")",
    ]);
    (vec(part, 1..6), "[a-z0-9]{1,9}").prop_map(|(parts, bucket)| {
        let text = format!("vframe/jpg|saveas/{bucket}:{}$(fname)", parts.concat());
        parse(&text)
            .unwrap()
            .remove(0)
            .pipeline
            .unwrap()
            .saveas
            .unwrap()
    })
}

fn pipelines() -> impl Strategy<Value = Pipeline> {
    let op = prop_oneof![4 => op(), 1 => joins::op()];
    (op, of(prop_oneof![3 => entry(), 1 => template()])).prop_map(|(op, saveas)| Pipeline {
        ops: vec![op],
        saveas,
    })
}

/// Pieces of the language in no order.
fn soup() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "avthumb",
        "vframe",
        "avconcat",
        "concatorder",
        "2-1",
        "saveas",
        "mp4",
        "jpg",
        "vb",
        "64k",
        "s",
        "640x",
        "vn",
        "1",
        "0",
        "copy",
        "crf",
        "autoscale",
        "Ymt0Om8uanBn",
        "bkt:",
        "$(",
        "$(fname)",
        ")",
        "=",
        "@out:a",
        "视频",
        "é",
        "\0",
        "\n",
        " ",
        "999999999999999999999",
        "-1",
        "1.",
        ".",
        "..",
    ];
    vec(
        prop_oneof![3 => select(PIECES), 2 => Just("/"), 1 => Just("|"), 1 => Just(";")],
        0..24,
    )
    .prop_map(|pieces| pieces.concat())
}

/// A few characters of a valid string replaced, put in, taken out.
fn mutated() -> impl Strategy<Value = String> {
    let edit = (
        any::<Index>(),
        0..3usize,
        prop_oneof![
            any::<char>(),
            select(vec![';', '|', '/', ':', '=', '\0', '中', '.'])
        ],
    );
    (vec(pipelines(), 1..4), vec(edit, 1..6)).prop_map(|(pipelines, edits)| {
        let text = pipelines
            .iter()
            .map(Pipeline::to_string)
            .collect::<Vec<_>>()
            .join(";");
        let mut chars: Vec<char> = text.chars().collect();
        for (at, how, c) in edits {
            let at = at.index(chars.len() + 1);
            match how {
                0 => chars.insert(at, c),
                _ if at == chars.len() => chars.push(c),
                1 => chars[at] = c,
                _ => drop(chars.remove(at)),
            }
        }
        chars.into_iter().collect()
    })
}

fn inside(text: &str, span: Span) {
    assert!(
        text.get(span.start..span.end).is_some(),
        "{span:?} is not a part of {text:?}"
    );
}

/// Whatever the text: an answer, with spans that are parts of it, and messages that can be made.
fn any_answer_is_sound(text: &str) {
    let commands = match parse(text) {
        Ok(commands) => commands,
        Err(error) => {
            inside(text, error.span);
            assert!(!error.expected.is_empty() && !error.point(text).is_empty());
            return;
        }
    };
    assert!(!commands.is_empty());
    for Command {
        text: written,
        span,
        pipeline,
        ..
    } in commands
    {
        assert_eq!(text.get(span.start..span.end), Some(written.as_str()));
        match pipeline {
            Ok(pipeline) => {
                let again = parse(&pipeline.to_string()).expect("canonical text is well formed");
                assert_eq!(again[0].pipeline.as_ref(), Ok(&pipeline));
            }
            Err(error) => {
                let at = error.span();
                inside(text, at);
                assert!(
                    span.start <= at.start && at.end <= span.end,
                    "{at:?} is outside of {span:?} in {text:?}"
                );
                let lines = error.point(text);
                assert_eq!(lines.lines().count(), 2, "{lines}");
                assert!(!error.to_string().chars().any(char::is_control));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn printing_loses_nothing(pipeline in pipelines()) {
        let text = pipeline.to_string();
        let commands = parse(&text).unwrap();
        prop_assert_eq!(commands.len(), 1);
        prop_assert_eq!(&commands[0].text, &text);
        prop_assert_eq!(commands[0].pipeline.as_ref(), Ok(&pipeline));
        prop_assert_eq!(commands[0].pipeline.as_ref().unwrap().to_string(), text);
    }

    #[test]
    fn commands_are_read_one_by_one(pipelines in vec(pipelines(), 1..8)) {
        let text = pipelines.iter().map(Pipeline::to_string).collect::<Vec<_>>().join(" ; ");
        let read: Vec<Pipeline> = parse(&text).unwrap().into_iter().map(|command| command.pipeline.unwrap()).collect();
        prop_assert_eq!(read, pipelines);
    }

    #[test]
    fn any_string_has_an_answer(text in any::<String>()) {
        any_answer_is_sound(&text);
    }

    #[test]
    fn any_soup_has_an_answer(text in soup()) {
        any_answer_is_sound(&text);
    }

    #[test]
    fn any_mutation_has_an_answer(text in mutated()) {
        any_answer_is_sound(&text);
    }

    /// Errors are shown beside texts they do not come from, after a change of case or of encoding for one.
    #[test]
    fn pointing_into_another_text_is_harmless(one in soup(), other in any::<String>()) {
        if let Err(error) = parse(&one) {
            error.point(&other);
        }
    }
}

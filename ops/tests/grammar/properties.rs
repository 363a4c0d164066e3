//! What holds for every pipeline and for every string.

use opmill_ops::op::*;
use opmill_ops::{Command, Entry, Pipeline, SaveAs, Span, parse};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

fn rate() -> impl Strategy<Value = BitRate> {
    prop_oneof![
        (1_000..=1_000_000_000u64),
        (1..=1_000_000u64).prop_map(|k| k * 1_000),
        (1..=1_000u64).prop_map(|m| m * 1_000_000),
    ]
    .prop_map(|bits| BitRate::new(bits).unwrap())
}

fn size() -> impl Strategy<Value = Size> {
    let pair = (1..=3840u32, 1..=2160u32, any::<bool>());
    prop_oneof![
        pair.prop_map(|(long, short, turn)| if turn {
            (Some(short), Some(long))
        } else {
            (Some(long), Some(short))
        }),
        (1..=3840u32).prop_map(|width| (Some(width), None)),
        (1..=3840u32).prop_map(|height| (None, Some(height))),
    ]
    .prop_map(|(width, height)| Size::new(width, height).unwrap())
}

fn seconds(least: u64) -> impl Strategy<Value = Seconds> {
    prop_oneof![least..=20_000, least..=Seconds::MAX_MILLIS]
        .prop_map(|millis| Seconds::from_millis(millis).unwrap())
}

fn turn() -> impl Strategy<Value = Rotate> {
    select(vec![
        Rotate::Auto,
        Rotate::Deg90,
        Rotate::Deg180,
        Rotate::Deg270,
    ])
}

fn preset() -> impl Strategy<Value = Preset> {
    use Preset::*;
    select(vec![
        Ultrafast, Superfast, Veryfast, Faster, Fast, Medium, Slow, Slower, Veryslow, Placebo,
    ])
}

fn video() -> impl Strategy<Value = Avthumb> {
    use Container::*;
    let codec = select(vec![VideoCodec::X264, VideoCodec::X265, VideoCodec::Copy]);
    let r = (1_000..=60_000u32).prop_map(|r| FrameRate::from_millis(r).unwrap());
    let crf = (0..=51u8).prop_map(|crf| Crf::new(crf).unwrap());
    (
        select(vec![Mp4, Mov, M4a, Flv, Mkv, Ts, Mp3, Aac]),
        (of(codec), of(rate()), of(r), of(size()), any::<bool>()),
        (of(turn()), of(preset()), of(crf)),
    )
        .prop_map(
            |(container, (vcodec, vb, r, s, autoscale), (rotate, preset, crf))| Avthumb {
                vcodec,
                vb,
                r,
                s,
                autoscale,
                rotate,
                preset,
                crf,
                ..Avthumb::new(container)
            },
        )
}

fn avthumb() -> impl Strategy<Value = Avthumb> {
    let codec = select(vec![AudioCodec::Aac, AudioCodec::Mp3, AudioCodec::Copy]);
    let ar = (8_000..=48_000u32).prop_map(|ar| SampleRate::new(ar).unwrap());
    let ac = (1..=2u8).prop_map(|ac| Channels::new(ac).unwrap());
    (
        video(),
        (of(codec), of(rate()), of(ar), of(ac)),
        (of(seconds(0)), of(seconds(1))),
        any::<[bool; 4]>(),
    )
        .prop_map(
            |(video, (acodec, ab, ar, ac), (ss, t), [vn, an, moov_to_front, stripmeta])| {
                allowed(Avthumb {
                    acodec,
                    ab,
                    ar,
                    ac,
                    ss,
                    t,
                    vn,
                    an,
                    moov_to_front,
                    stripmeta,
                    ..video
                })
            },
        )
}

/// Drops what does not go together, so that every draw is a command people may write.
fn allowed(mut op: Avthumb) -> Avthumb {
    if matches!(op.container, Container::Mp3 | Container::Aac) {
        let sound = Avthumb {
            vb: op.vb,
            ..Avthumb::new(op.container)
        };
        let Avthumb {
            acodec,
            ab,
            ar,
            ac,
            ss,
            t,
            vn,
            moov_to_front,
            stripmeta,
            ..
        } = op;
        op = Avthumb {
            acodec,
            ab,
            ar,
            ac,
            ss,
            t,
            vn,
            moov_to_front,
            stripmeta,
            ..sound
        };
    }
    let foreign = matches!(
        (op.container, op.acodec),
        (Container::Mp3, Some(AudioCodec::Aac)) | (Container::Aac, Some(AudioCodec::Mp3))
    );
    op.acodec = op.acodec.filter(|_| !foreign);
    op.vcodec = op
        .vcodec
        .filter(|codec| op.container != Container::Flv || *codec != VideoCodec::X265);
    if op.vcodec == Some(VideoCodec::Copy) {
        op.rotate = op.rotate.filter(|turn| *turn == Rotate::Auto);
        op = Avthumb {
            s: None,
            r: None,
            vb: None,
            crf: None,
            preset: None,
            ..op
        };
    }
    if op.acodec == Some(AudioCodec::Copy) {
        op = Avthumb {
            ab: None,
            ar: None,
            ac: None,
            ..op
        };
    }
    op.autoscale &= op.s.is_some();
    op.an &= !op.vn;
    op.vb = op.vb.filter(|_| op.crf.is_none());
    op
}

fn vframe() -> impl Strategy<Value = Vframe> {
    let w = (1..=1920u16).prop_map(|w| Width::new(w).unwrap());
    let h = (1..=1080u16).prop_map(|h| Height::new(h).unwrap());
    (
        select(vec![Picture::Jpg, Picture::Png]),
        of(seconds(0)),
        of(w),
        of(h),
        of(turn()),
    )
        .prop_map(|(format, offset, w, h, rotate)| Vframe {
            format,
            offset,
            w,
            h,
            rotate,
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
    let op = prop_oneof![
        avthumb().prop_map(|op| Op::Avthumb(Box::new(op))),
        vframe().prop_map(Op::Vframe),
    ];
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
        any::<prop::sample::Index>(),
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

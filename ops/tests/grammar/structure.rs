//! Separators, blanks, spans and limits; which faults take the whole string down and which one command.

use opmill_ops::grammar::{MAX_BYTES, MAX_COMMANDS};
use opmill_ops::{CommandError, Span, SyntaxError, parse, parse_lenient};

use crate::{pipeline, refusal};

fn malformed(text: &str) -> SyntaxError {
    match parse(text) {
        Ok(commands) => panic!("{text:?} was read as {commands:?}"),
        Err(error) => error,
    }
}

#[test]
fn empty_commands_are_ignored_and_blanks_trimmed() {
    let text = ";; vframe/jpg \n;\t;vframe/png|saveas/bkt:a b.png ;";
    let commands = parse(text).unwrap();
    let texts: Vec<&str> = commands
        .iter()
        .map(|command| command.text.as_str())
        .collect();
    assert_eq!(texts, ["vframe/jpg", "vframe/png|saveas/bkt:a b.png"]);
    for command in &commands {
        assert_eq!(&text[command.span.start..command.span.end], command.text);
    }
    let spaced = parse("vframe/jpg | saveas/Ymt0Om8uanBn").unwrap();
    let pipeline = spaced[0].pipeline.as_ref().unwrap();
    assert_eq!(pipeline.to_string(), "vframe/jpg|saveas/Ymt0Om8uanBn");
}

#[test]
fn a_malformed_string_is_refused_at_its_byte() {
    let cases = [
        ("", 0..0),
        (";", 0..1),
        (" ;\n; ", 0..5),
        ("|", 0..0),
        ("vframe/jpg|", 11..11),
        ("vframe/jpg||saveas/Ymt0Om8uanBn", 11..11),
        ("vframe/jpg;| saveas/Ymt0Om8uanBn", 11..11),
        ("avthumb/mp4/vb", 12..14),
        ("avthumb/mp4/vb/", 12..14),
        ("avthumb/mp4/vb//r/24", 12..14),
        (
            "vframe/jpg;avthumb/mp4/s/640x360/vb|saveas/Ymt0Om8uanBn",
            33..35,
        ),
        ("vframe/jpg\0", 10..11),
        ("vframe\n/jpg", 6..7),
        ("vframe/jpg|\tsaveas/Ymt0Om8uanBn", 11..12),
        ("视频;vframe/jpg|saveas/bkt:a\u{85}", 30..32),
    ];
    for (text, bytes) in cases {
        let error = malformed(text);
        assert_eq!(
            error.span,
            Span {
                start: bytes.start,
                end: bytes.end
            },
            "{text:?}: {error}"
        );
    }
}

#[test]
fn a_bad_command_leaves_its_siblings_alone() {
    let bad = [
        "nosuchop/a//b",
        "avthumb",
        "avthumb/mp4/",
        "avthumb/mp4/vbb/1",
        "avthumb/mp4/nosuch",
        "avthumb/mp4/vb/x",
        "saveas/Ymt0Om8uanBn",
        "vframe/jpg|saveas",
        "vframe/jpg|saveas/",
        "vframe/jpg|saveas/not-base64!",
        "vframe/jpg|saveas/Ymt0Om8uanBn|vframe/png",
    ];
    for bad in bad {
        let text = format!("vframe/jpg;{bad};vframe/png");
        let commands = parse(&text).unwrap_or_else(|error| panic!("{bad}: {error}"));
        let good: Vec<bool> = commands
            .iter()
            .map(|command| command.pipeline.is_ok())
            .collect();
        assert_eq!(good, [true, false, true], "{bad}");
        let span = commands[1].pipeline.as_ref().unwrap_err().span();
        let command = commands[1].span;
        assert!(
            command.start <= span.start && span.end <= command.end,
            "{bad}"
        );
    }
}

#[test]
fn saveas_comes_last_and_after_an_op() {
    let text = "vframe/jpg|saveas/Ymt0Om8uanBn|saveas/Ymt0Om8uanBn";
    assert!(matches!(refusal(text), CommandError::SaveasNotLast { span, .. } if span.start == 31));
    assert!(matches!(
        refusal("saveas/bkt:a|vframe/jpg"),
        CommandError::SaveasNotLast { .. }
    ));
    assert!(matches!(
        refusal("saveas/bkt:a"),
        CommandError::Missing { op: "saveas", .. }
    ));
    assert!(matches!(
        refusal("vframe/jpg|saveas"),
        CommandError::Missing { op: "saveas", .. }
    ));
}

#[test]
fn an_op_may_work_on_what_another_made() {
    let text = "avthumb/mp4/t/5|vframe/jpg/offset/1|saveas/Ymt0Om8uanBn";
    let pipeline = pipeline(text);
    assert_eq!((pipeline.ops.len(), pipeline.suffix()), (2, "jpg"));
    assert_eq!(pipeline.to_string(), text);
    assert!(matches!(
        refusal("avthumb/mp4|vframe/svg"),
        CommandError::BadValue { .. }
    ));
}

#[test]
fn a_lenient_reader_passes_over_what_it_does_not_know_and_says_so() {
    let text = "avthumb/mp4/vb/64k/sparkle/9|saves/Ymt0Om8ubXA0";
    assert!(matches!(
        refusal("avthumb/mp4/vb/64k/sparkle/9"),
        CommandError::UnknownParameter { .. }
    ));
    let command = parse_lenient(text).unwrap().remove(0);
    assert_eq!(
        command.pipeline.unwrap().to_string(),
        "avthumb/mp4/vb/64k|saveas/Ymt0Om8ubXA0"
    );
    assert_eq!(command.warnings.len(), 1);
    assert!(
        command.warnings[0].contains("`sparkle`"),
        "{:?}",
        command.warnings
    );
    // Bad values of known parameters are refused all the same.
    let bad = parse_lenient("avthumb/mp4/crf/99").unwrap().remove(0);
    assert!(matches!(bad.pipeline, Err(CommandError::BadValue { .. })));
}

#[test]
fn near_names_are_suggested_and_far_ones_are_not() {
    for (text, expected) in [
        (
            "avthum/mp4",
            "there is no op `avthum`; did you mean `avthumb`?",
        ),
        (
            "save/Ymt0Om8uanBn",
            "there is no op `save`; did you mean `saveas`?",
        ),
        (
            "md2html",
            "there is no op `md2html`; allowed: avthumb, vframe, vsample, avconcat, imageView2, getapic, decompression, avinfo, avinfo2",
        ),
        (
            "avthumb/mp4/movToFront/1",
            "avthumb has no parameter `movToFront`; did you mean `moovToFront`?",
        ),
        (
            "vframe/jpg/offests/1",
            "vframe has no parameter `offests`; did you mean `offsets`?",
        ),
        (
            "vframe/jpg/quality/1",
            "vframe has no parameter `quality`; allowed: offset, offsets, interval, vframeN, t, w, h, mode, autofill, rotate, sprite, isZip",
        ),
    ] {
        assert_eq!(refusal(text).to_string(), expected);
    }
}

#[test]
fn long_strings_are_refused_before_they_are_read() {
    let longest = format!("{}vframe/jpg", ";".repeat(MAX_BYTES - "vframe/jpg".len()));
    assert_eq!(parse(&longest).map(|commands| commands.len()), Ok(1));
    let error = malformed(&format!("{longest};"));
    assert_eq!(
        error.span,
        Span {
            start: MAX_BYTES,
            end: MAX_BYTES + 1
        }
    );
    // The limit falls inside a character: the span starts before it.
    assert_eq!(malformed(&"视".repeat(MAX_BYTES)).span.start, MAX_BYTES - 1);

    let most = "vframe/jpg;".repeat(MAX_COMMANDS);
    assert_eq!(
        parse(&most).map(|commands| commands.len()),
        Ok(MAX_COMMANDS)
    );
    let error = malformed(&format!("{most};vframe/png"));
    assert_eq!(
        (error.span.start, error.found.as_str()),
        (most.len() + 1, "vframe/png")
    );
}

#[test]
fn long_user_text_is_shortened_in_messages() {
    let long = "9".repeat(50_000);
    let messages = [
        refusal(&format!("avthumb/mp4/vb/{long}")).to_string(),
        refusal(&format!("avthumb/mp4/{long}/1")).to_string(),
        refusal(&format!("{long}/1")).to_string(),
        refusal(&format!("vframe/jpg|saveas/{long}")).to_string(),
        refusal(&format!("vframe/jpg|saveas/bkt:$({long})")).to_string(),
        refusal(&format!("vframe/jpg/rotate/{long}")).point(&long),
        malformed(&format!("vframe/jpg;{long}\0")).point(&format!("vframe/jpg;{long}\0")),
    ];
    for message in messages {
        assert!(message.chars().count() < 400, "{message}");
    }
}

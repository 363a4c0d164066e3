//! Targets in plain text, and targets that depend on the source.

use opmill_ops::{CommandError, EntryError, SaveAs, expand, parse};

use crate::{pipeline, refusal};

fn saveas(target: &str) -> SaveAs {
    pipeline(&format!("vframe/jpg|saveas/{target}"))
        .saveas
        .expect("a target")
}

fn expanded(target: &str, fname: &str) -> Result<String, EntryError> {
    match saveas(target) {
        SaveAs::Template(template) => template.expand(fname).map(|entry| entry.to_string()),
        SaveAs::Entry(entry) => panic!("{target} is the entry {entry}"),
    }
}

#[test]
fn plain_text_and_base64_name_the_same_entry() {
    let plain = saveas("bkt:dir/a.txt");
    assert_eq!(plain, saveas("Ymt0OmRpci9hLnR4dA=="));
    assert_eq!(plain, saveas("Ymt0OmRpci9hLnR4dA"));
    assert_eq!(plain.to_string(), "Ymt0OmRpci9hLnR4dA==");
    // Base64 is taken literally: what looks like a variable in it is a name.
    assert_eq!(
        saveas("Ymt0OiQoZm5hbWUp"),
        SaveAs::Entry("bkt:$(fname)".parse().unwrap())
    );
}

/// The splits of wire.md 4.5, C-49 among them.
#[test]
fn variables_stand_for_parts_of_the_file_name() {
    let names = [
        ("clip.mov", "clip", "mov"),
        ("a.tar.gz", "a.tar", "gz"),
        ("noext", "noext", "unknown"),
        (".env", ".env", "unknown"),
        ("a.", "a.", "unknown"),
        (".a.b", ".a", "b"),
        ("视频.mp4", "视频", "mp4"),
        ("dir.d/noext", "dir.d/noext", "unknown"),
        ("dir/.env", "dir/.env", "unknown"),
        ("dir/a.b", "dir/a", "b"),
    ];
    for (fname, fprefix, suffix) in names {
        assert_eq!(
            expanded("bkt:x/$(fname)", fname).as_deref(),
            Ok(format!("bkt:x/{fname}").as_str())
        );
        assert_eq!(
            expanded("bkt:$(fprefix)-$(suffix)", fname),
            Ok(format!("bkt:{fprefix}-{suffix}"))
        );
    }
    assert_eq!(
        expanded("bkt:$(fprefix)_$(count).jpg", "a.mp4").as_deref(),
        Ok("bkt:a_$(count).jpg")
    );
    assert_eq!(
        expanded("bkt:$$(suffix)$", "a.mp4").as_deref(),
        Ok("bkt:$mp4$")
    );
}

#[test]
fn a_file_name_that_makes_no_key_is_refused() {
    let long = "n".repeat(1000);
    let bad = [
        ("", EntryError::KeyLength { bytes: 0 }),
        ("..", EntryError::KeySegment),
        ("../../etc/passwd", EntryError::KeySegment),
        ("/abs", EntryError::KeyEdge),
        ("a\0", EntryError::KeyControl { found: '\0' }),
    ];
    for (fname, error) in bad {
        assert_eq!(expanded("bkt:$(fname)", fname), Err(error), "{fname:?}");
    }
    assert_eq!(
        expanded("bkt:x$(fname)", &long),
        Err(EntryError::KeyLength { bytes: 1001 })
    );
}

#[test]
fn a_template_is_checked_before_any_source_is_known() {
    let bad = [
        "bkt:$(fnam)",
        "bkt:$(fname",
        "bkt:$(FNAME)",
        "bkt:$()",
        "bkt:/$(fname)",
        "bkt:a/../$(fname)",
        "@out:$(fname)",
        "@local:a.jpg",
        ":$(fname)",
        "bkt:",
        "bkt:a/",
        "b$(fname):a",
    ];
    for target in bad {
        let text = format!("vframe/jpg|saveas/{target}");
        match refusal(&text) {
            CommandError::BadTarget { span, given, .. } => {
                assert_eq!(
                    (given.as_str(), &text[span.start..span.end]),
                    (target, target)
                );
            }
            other => panic!("{target} is refused with {other}"),
        }
    }
}

#[test]
fn an_op_string_is_expanded_for_one_source() {
    let text = "avthumb/MP4/vb/64000|saveas/bkt:$(fprefix).mp4; vframe/gif ;vframe/jpg|saveas/bkt:o.jpg;vframe/png";
    let commands = parse(text).unwrap();
    let expected = "avthumb/mp4/vb/64k|saveas/Ymt0OmNsaXAubXA0;vframe/gif;vframe/jpg|saveas/Ymt0Om8uanBn;vframe/png";
    assert_eq!(expand(&commands, "clip.mov").as_deref(), Ok(expected));
    assert_eq!(expand(&commands, "a/../b.mov"), Err(EntryError::KeySegment));
}

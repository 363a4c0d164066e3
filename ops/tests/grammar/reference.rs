//! The printed reference says what the parser does.

use opmill_ops::CommandError;
use opmill_ops::reference::{OpReference, ops};

use crate::{command, pipeline, refusal};

fn described() -> Vec<OpReference> {
    ops().into_iter().filter(|op| op.name != "saveas").collect()
}

fn head(op: &OpReference) -> String {
    match op.parameters.first() {
        Some(head) => format!("{}/{}", op.name, head.example),
        None => op.name.to_owned(),
    }
}

/// What stands behind the parameters, of ops that cannot do without.
fn list(op: &OpReference) -> String {
    let list = op.parameters.iter().filter(|row| row.kind == LIST);
    list.map(|row| format!("/{}", row.example)).collect()
}

/// The kind of values that have no names.
const LIST: &str = "last segments";

/// A command as the reference says it is written, with a target: not every op can do without.
fn kept(text: &str) -> String {
    format!("{text}|saveas/bkt:a")
}

/// Beginnings a command of the op may have: not every parameter goes with every first segment.
fn heads(op: &OpReference) -> Vec<String> {
    let names = op.parameters.first().map_or("", |head| &head.range);
    let others = names.split(", ").map(|name| format!("{}/{name}", op.name));
    std::iter::once(head(op)).chain(others).collect()
}

#[test]
fn every_example_is_accepted_and_gives_its_parameter() {
    for op in described() {
        pipeline(&kept(&format!("{}{}", head(&op), list(&op))));
        for parameter in op.parameters.iter().skip(1) {
            let (heads, example, shown) = match parameter.kind {
                LIST => (vec![head(&op)], String::new(), parameter.example.to_owned()),
                _ => (
                    heads(&op),
                    format!("/{}", parameter.example),
                    format!("{}/", parameter.name),
                ),
            };
            let printed = heads.into_iter().find_map(|head| {
                let text = kept(&format!("{head}{example}{}", list(&op)));
                Some(command(&text).pipeline.ok()?.to_string())
            });
            let printed = printed.unwrap_or_else(|| panic!("{}: {parameter:?}", op.name));
            assert!(
                printed.contains(&format!("/{shown}")),
                "{} is printed as {printed}",
                parameter.example
            );
        }
    }
    let saveas = ops().pop().expect("saveas");
    for parameter in saveas.parameters {
        let printed = pipeline(&format!("vframe/jpg|saveas/{}", parameter.example)).to_string();
        assert!(printed.contains(parameter.example), "{printed}");
    }
}

/// What is refused is refused with the range the reference prints.
#[test]
fn ranges_are_those_of_the_errors() {
    for op in described() {
        for (at, parameter) in op.parameters.iter().enumerate() {
            let text = match at {
                0 => format!("{}/\u{7f8e}", op.name),
                _ if parameter.kind == LIST => format!("{}/\u{7f8e}", head(&op)),
                _ => format!("{}/{}/\u{7f8e}", head(&op), parameter.name),
            };
            match refusal(&text) {
                CommandError::BadValue {
                    allowed,
                    parameter: named,
                    ..
                } => {
                    assert_eq!(
                        (named, allowed),
                        (parameter.name, parameter.range.clone()),
                        "{text}"
                    );
                }
                other => panic!("{text} is refused with {other}"),
            }
        }
    }
}

#[test]
fn every_line_is_written_and_every_name_unique() {
    let mut names = Vec::new();
    for op in ops() {
        assert!(
            op.form.contains(op.name) && op.summary.ends_with('.'),
            "{op:?}"
        );
        for parameter in &op.parameters {
            let columns = [
                parameter.name,
                parameter.kind,
                &parameter.range,
                parameter.default,
                parameter.example,
            ];
            assert!(
                columns.iter().all(|column| !column.is_empty()),
                "{parameter:?}"
            );
            assert!(
                !parameter.about.ends_with('.') && parameter.about.len() > 8,
                "{parameter:?}"
            );
            names.push((op.name, parameter.name));
        }
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn ranges_read_as_sentences_do() {
    let ops = ops();
    let range = |op: &str, name: &str| {
        let op = ops
            .iter()
            .find(|described| described.name == op)
            .expect("an op");
        op.parameters
            .iter()
            .find(|row| row.name == name)
            .expect("a parameter")
            .range
            .clone()
    };
    assert!(range("avthumb", "vcodec").starts_with(
        "libx264 (h264), libx265 (libws265, h265, hevc), libvpx (vp8), libvpx-vp9 (vp9), "
    ));
    assert_eq!(range("avthumb", "GOPInterval"), "1 to 600 frames");
    assert_eq!(range("avthumb", "vn"), "0, 1");
    assert_eq!(
        range("avthumb", "r"),
        "1 to 60 frames per second, up to 3 decimals"
    );
    assert_eq!(
        range("avthumb", "t"),
        "0.001 to 1000000 seconds, up to 3 decimals"
    );
    assert_eq!(range("avthumb", "crf"), "0 to 51");
    assert_eq!(range("vframe", "format"), "jpg (jpeg), png, gif");
    assert_eq!(range("vframe", "w"), "1 to 1920 pixels");
}

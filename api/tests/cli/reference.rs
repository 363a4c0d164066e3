//! What the program prints about itself.

use crate::world::{World, testdata};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");

/// The README's reference is what the parser's own tables say. `OPMILL_REGENERATE=1` writes it there.
#[test]
fn the_readme_carries_the_reference() {
    let readme = std::fs::read_to_string(README).unwrap();
    let said = World::new().opmill(&["ops", "--markdown"]);
    let (begin, end) = ("<!-- opmill ops --markdown -->\n", "<!-- end -->");
    let (before, rest) = readme.split_once(begin).expect("the mark is there");
    let (within, after) = rest.split_once(end).expect("its end is there");
    if std::env::var_os("OPMILL_REGENERATE").is_some() {
        return std::fs::write(README, format!("{before}{begin}{}{end}{after}", said.out)).unwrap();
    }
    assert!(
        within == said.out,
        "README.md is behind the parser; OPMILL_REGENERATE=1 cargo test the_readme brings it up to date"
    );
}

#[test]
fn ops_describes_each_op_and_names_those_there_are() {
    let world = World::new();
    let all = world.opmill(&["ops"]).out;
    for word in ["avthumb", "vframe", "saveas", "offset", "$(fprefix)"] {
        assert!(all.contains(word), "{word}");
    }
    let one = world.opmill(&["ops", "vframe"]);
    assert!(
        one.out.contains("offset") && !one.out.contains("avthumb/"),
        "{one:?}"
    );
    world
        .opmill(&["ops", "nope"])
        .assert_refused("avthumb, vframe");
}

#[test]
fn probe_prints_avinfo() {
    let world = World::new();
    let clip = testdata("clip.mp4");
    let said = world.opmill(&["probe", clip.to_str().unwrap()]);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(json["format"]["nb_streams"], 2);
    assert_eq!(
        json["format"]["size"],
        clip.metadata().unwrap().len().to_string()
    );
    let video = &json["streams"][0];
    assert_eq!(
        (&video["codec_name"], &video["width"], &video["height"]),
        (&"h264".into(), &320.into(), &240.into())
    );

    let text = world.opmill(&["probe", testdata("bad/not-media.mp4").to_str().unwrap()]);
    assert_eq!((text.code, text.out.as_str()), (Some(1), ""), "{text:?}");
    assert!(
        text.err.contains("not-media.mp4: ") && text.err.contains("not media"),
        "{text:?}"
    );
    world
        .opmill(&["probe", "gone.mp4"])
        .assert_refused("cannot read gone.mp4");
}

/// Every subcommand's help has examples, and nothing is listed that does not work.
#[test]
fn help_has_examples() {
    let world = World::new();
    let top = world.opmill(&["--help"]).out;
    let names = [
        "run",
        "serve",
        "probe",
        "ops",
        "jobs",
        "doctor",
        "export",
        "import",
        "completions",
    ];
    for name in names {
        assert!(top.contains(&format!("\n  {name} ")), "{top}");
        let help = world.opmill(&[name, "--help"]);
        assert_eq!(help.code, Some(0));
        assert!(
            help.out.contains("Examples:\n  opmill"),
            "{name}: {}",
            help.out
        );
    }
    for later in ["bench", "token"] {
        assert!(!top.contains(&format!("\n  {later} ")), "{later}");
    }
    let script = world.opmill(&["completions", "bash"]).out;
    assert!(script.contains("_opmill") && script.contains("--ops"));
}

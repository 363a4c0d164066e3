//! `opmill run` when all goes well, and when the same line is given again.

use crate::world::{World, ffprobe_seconds};

/// The protocol's example: a film in two containers and two pictures, each under its `bucket:key`.
#[test]
fn the_example_of_the_protocol_runs() {
    let world = World::new();
    world.clip("clip.mp4", "clip.mp4");
    // b64u of bucket:clip.mp4, bucket:clip.flv, bucket:10.jpg, bucket:15.jpg
    let ops = "avthumb/mp4/vb/64k|saveas/YnVja2V0OmNsaXAubXA0;avthumb/flv/vb/64k|saveas/YnVja2V0OmNsaXAuZmx2;\
               vframe/jpg/offset/10|saveas/YnVja2V0OjEwLmpwZw==;vframe/jpg/offset/15|saveas/YnVja2V0OjE1LmpwZw==";
    let said = world.opmill(&["run", "--ops", ops, "clip.mp4"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(
        world.files("out"),
        [
            "bucket/10.jpg",
            "bucket/15.jpg",
            "bucket/clip.flv",
            "bucket/clip.mp4"
        ]
    );
    assert!(said.out.contains("4 commands ok"), "{said:?}");
    for name in ["out/bucket/clip.mp4", "out/bucket/clip.flv"] {
        assert!(
            (ffprobe_seconds(&world.path(name)) - 20.0).abs() <= 0.1,
            "{name}"
        );
        assert!(
            said.out.contains(name),
            "the summary names {name}: {said:?}"
        );
    }
    world.assert_tidy();
}

/// Every input becomes a job; a template gives each its own target, a command without saveas its default name.
#[test]
fn inputs_become_jobs_and_templates_become_names() {
    let world = World::new();
    world.clip("silent.mp4", "in/a.mp4");
    world.clip("b-frames.mp4", "in/sub/b.mp4");
    world.clip("tone.mp3", "in/.hidden.mp3");
    let ops = "vframe/png/offset/1|saveas/stills:$(suffix)/$(fprefix)/$(fname).png;vframe/jpg";
    let said = world.opmill(&["run", "--ops", ops, "in"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let files = world.files("out");
    let named: Vec<_> = files.iter().filter(|name| name.ends_with(".png")).collect();
    assert_eq!(named, ["stills/mp4/a/a.mp4.png", "stills/mp4/b/b.mp4.png"]);
    let defaults: Vec<_> = files.iter().filter(|name| name.ends_with(".jpg")).collect();
    assert_eq!(defaults.len(), 2, "{files:?}");
    assert!(
        defaults[0].starts_with("a_") && defaults[1].starts_with("b_"),
        "{files:?}"
    );
    assert_eq!(world.jobs().len(), 2);
}

/// The same line again reports and redoes nothing; a result that is gone is made again; `--force` redoes all.
#[test]
fn the_same_line_again_redoes_only_what_is_missing() {
    let world = World::new();
    world.clip("silent.mp4", "a.mp4");
    let ops = "vframe/jpg/offset/1|saveas/b:1.jpg;vframe/jpg/offset/2|saveas/b:2.jpg";
    let line = ["run", "--ops", ops, "a.mp4"];
    let written = |name: &str| world.path(name).metadata().unwrap().modified().unwrap();
    assert_eq!(world.opmill(&line).code, Some(0));
    let (first, second) = (written("out/b/1.jpg"), written("out/b/2.jpg"));

    let again = world.opmill(&line);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.out.contains("finished before"), "{again:?}");
    assert_eq!(
        (written("out/b/1.jpg"), written("out/b/2.jpg")),
        (first, second)
    );

    std::fs::remove_file(world.path("out/b/2.jpg")).unwrap();
    let mended = world.opmill(&line);
    assert_eq!(mended.code, Some(0), "{mended:?}");
    assert!(!mended.out.contains("finished before"), "{mended:?}");
    assert_eq!(
        written("out/b/1.jpg"),
        first,
        "what was there was left alone"
    );
    assert!(written("out/b/2.jpg") > second);
    assert_eq!(world.jobs().len(), 1);

    let forced = world.opmill(&[&line[..], &["--force"]].concat());
    assert_eq!(forced.code, Some(0), "{forced:?}");
    assert!(written("out/b/1.jpg") > first);
    assert_eq!(world.jobs().len(), 2, "a forced run is a job of its own");

    let after = world.opmill(&line);
    assert!(
        after.out.contains("finished before"),
        "the plain line knows of the forced run: {after:?}"
    );
}

/// A source that changed is other work: what it would overwrite is named.
#[test]
fn a_changed_source_is_not_taken_for_the_old_one() {
    let world = World::new();
    let source = world.clip("silent.mp4", "a.mp4");
    let line = ["run", "--ops", "vframe/jpg|saveas/b:1.jpg", "a.mp4"];
    assert_eq!(world.opmill(&line).code, Some(0));
    std::fs::copy(crate::world::testdata("clip.mp4"), source).unwrap();
    world
        .opmill(&line)
        .assert_refused("out/b/1.jpg exists already");
}

/// Commands of one job with the same target run in order, and the later one wins (wire.md 5.1).
#[test]
fn of_two_commands_with_one_target_the_later_wins() {
    let world = World::new();
    world.clip("silent.mp4", "a.mp4");
    let ops = "vframe/jpg/w/100|saveas/b:x.jpg;vframe/jpg/w/40|saveas/b:x.jpg";
    let said = world.opmill(&["run", "--json", "--ops", ops, "a.mp4"]);
    let items = said.lines()[0]["items"].clone();
    assert_eq!(
        (&items[0]["resolution"], &items[1]["resolution"]),
        (&"100X75".into(), &"40X30".into()),
        "{said:?}"
    );
    let size = world.path("out/b/x.jpg").metadata().unwrap().len();
    assert_eq!(items[1]["fsize"], size, "{items}");
}

/// One line of JSON per job on standard output and nothing else, members as in wire.md 7.2.
#[test]
fn json_is_one_notification_per_job() {
    let world = World::new();
    world.clip("clip.mp4", "clip.mp4");
    world.clip("silent.mp4", "silent.mp4");
    let ops = "vframe/jpg/offset/4|saveas/b:$(fname).jpg;bogus/1|saveas/b:no";
    let said = world.opmill(&["run", "--json", "--ops", ops, "clip.mp4", "silent.mp4"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let jobs = said.lines();
    assert_eq!(jobs.len(), 2);
    for (job, (source, first)) in jobs.iter().zip([("clip.mp4", "3"), ("silent.mp4", "2")]) {
        assert_eq!(job["id"].as_str().unwrap().len(), 36);
        assert_eq!(
            (&job["code"], &job["separate"]),
            (&3.into(), &0.into()),
            "numbers: {job}"
        );
        assert!(job["inputkey"].as_str().unwrap().ends_with(source), "{job}");
        let items = job["items"].as_array().unwrap();
        assert_eq!(
            (&items[0]["code"], &items[1]["code"]),
            (&first.into(), &"2".into()),
            "strings: {job}"
        );
        assert_eq!(items[0]["cmd"], "vframe/jpg/offset/4|saveas/b:$(fname).jpg");
        assert!(
            items[1]["error"].as_str().unwrap().contains("bogus"),
            "{job}"
        );
    }
    let picture = &jobs[0]["items"][0];
    assert_eq!(
        (&picture["key"], &picture["resolution"]),
        (&"b:clip.mp4.jpg".into(), &"320X240".into())
    );
    assert_eq!(
        picture["fsize"],
        world.path("out/b/clip.mp4.jpg").metadata().unwrap().len()
    );
    assert!(
        jobs[1]["items"][0]["error"]
            .as_str()
            .unwrap()
            .contains("offset"),
        "3 s have no fourth: {}",
        jobs[1]
    );
}

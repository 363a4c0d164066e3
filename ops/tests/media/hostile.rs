//! Files that try to make libav open something else, or too much.

use std::path::PathBuf;

use opmill_ops::{Limits, OpsError, probe};

use crate::bench::{Bench, clip, utf8};

/// A folder with one readable clip beside the file that names it.
struct Trap {
    dir: tempfile::TempDir,
}

impl Trap {
    fn set() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::copy(clip("start-offset.ts"), dir.path().join("ok.ts")).unwrap();
        Self { dir }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

#[test]
fn a_file_cannot_make_the_engine_open_another() {
    let trap = Trap::set();
    let target = trap.dir.path().join("ok.ts");
    let absolute = utf8(&target);
    for (name, text) in [
        ("hls-absolute.mp4", format!("#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile://{absolute}\n#EXT-X-ENDLIST\n")),
        ("hls-relative.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nok.ts\n#EXT-X-ENDLIST\n".into()),
        ("hls.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nok.ts\n#EXT-X-ENDLIST\n".into()),
        ("concat.mp4", "ffconcat version 1.0\nfile ok.ts\n".into()),
        ("session.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n".into()),
        ("letter.ans", "Dear reader, this is no film.\n".repeat(50)),
    ] {
        let path = trap.file(name, &text);
        let error = probe(&path, &Limits::default()).map(|_| ()).unwrap_err();
        assert!(matches!(error, OpsError::NotMedia { .. }), "{name}: {error:?}");
    }
}

#[test]
fn a_name_is_never_taken_for_a_protocol() {
    let trap = Trap::set();
    for name in [
        "concat:ok.ts|ok.ts",
        "subfile,,start,0,end,0,,:ok.ts",
        "data:text,x",
        "pipe:0",
        "lavfi:testsrc",
        "%03d.ts",
        "-i",
    ] {
        let path = trap.dir.path().join(name);
        std::fs::copy(clip("silent.mp4"), &path).unwrap();
        let bench = Bench::run(&path, "vframe/jpg/w/32");
        assert!(bench.outcomes[0].is_ok(), "{name}: {:?}", bench.outcomes[0]);
    }
}

#[test]
fn pictures_and_streams_beyond_the_limits_are_refused_before_they_are_decoded() {
    let small = Limits {
        pixels: 10_000,
        ..Limits::default()
    };
    let error = probe(&clip("clip.mp4"), &small).map(|_| ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the picture is 320x240; the limit is 10000 pixels"
    );
}

//! The protocol's conformance vectors that concern the op language, by their numbers.

use opmill_ops::b64u;
use opmill_ops::op::{Container, JoinMode, Op};
use opmill_ops::{Entry, EntryError, ObjectRef, SaveAs, parse};

use crate::{pipeline, refusal};

fn encoded(bucket: &str, key: &str) -> String {
    Entry {
        bucket: bucket.parse().unwrap(),
        key: key.parse().unwrap(),
    }
    .to_b64u()
}

fn target(text: &str) -> String {
    match pipeline(text).saveas {
        Some(SaveAs::Entry(entry)) => entry.to_string(),
        other => panic!("{text} has the target {other:?}"),
    }
}

#[test]
fn c01_an_entry_is_url_safe_base64() {
    assert_eq!(encoded("bucket", "filekey"), "YnVja2V0OmZpbGVrZXk=");
}

#[test]
fn c02_padding_is_kept() {
    assert_eq!(encoded("bkt", "dir/a.txt"), "Ymt0OmRpci9hLnR4dA==");
    assert_eq!(encoded("bkt", "o.jpg"), "Ymt0Om8uanBn");
    assert_eq!(encoded("bkt", "o.mp4"), "Ymt0Om8ubXA0");
    assert_eq!(encoded("test", "1.srt"), "dGVzdDoxLnNydA==");
}

#[test]
fn c03_keys_are_utf8() {
    let text = "Ymt0OuinhumikS_miKrlm74gMS5qcGc=";
    assert_eq!(encoded("bkt", "视频/截图 1.jpg"), text);
    assert_eq!(
        Entry::from_b64u(text).unwrap().key.as_str(),
        "视频/截图 1.jpg"
    );
}

#[test]
fn c04_the_alphabet_is_the_url_safe_one_and_a_key_is_needed() {
    assert_eq!(encoded("bkt", "a?>b"), "Ymt0OmE_PmI=");
    assert_eq!(b64u::encode("bkt"), "Ymt0");
    assert_eq!(Entry::from_b64u("Ymt0"), Err(EntryError::NoColon));
}

#[test]
fn c05_blanks_and_plus_are_fine_an_empty_key_is_not() {
    assert_eq!(
        encoded("bkt", "中 文/a+b.mp4"),
        "Ymt0OuS4rSDmlocvYStiLm1wNA=="
    );
    assert_eq!(b64u::encode("bkt:"), "Ymt0Og==");
    assert_eq!(
        Entry::from_b64u("Ymt0Og=="),
        Err(EntryError::KeyLength { bytes: 0 })
    );
}

#[test]
fn c06_a_prefetch_argument_is_encoded_twice() {
    let keys = ["a", "b"].map(b64u::encode).join("|");
    assert_eq!(b64u::encode(format!("bkt:{keys}")), "Ymt0OllRPT18WWc9PQ==");
}

#[test]
fn c07_keys_in_headers_and_values_in_paths_are_plain_base64url() {
    assert_eq!(b64u::encode("big.bin"), "YmlnLmJpbg==");
    assert_eq!(format!("/x:a/{}", b64u::encode("1")), "/x:a/MQ==");
}

#[test]
fn c54_the_form_the_published_sdk_builds() {
    let text = "vframe/jpg/offset/1|saveas/Ymt0Om8uanBn";
    assert_eq!(target(text), "bkt:o.jpg");
    assert_eq!(pipeline(text).to_string(), text);
}

#[test]
fn c55_two_commands_of_a_policy() {
    let text = "vframe/jpg/offset/1|saveas/Ymt0Om8uanBn;avthumb/mp4/s/640x360|saveas/Ymt0Om8ubXA0";
    let targets: Vec<String> = text.split(';').map(target).collect();
    assert_eq!(parse(text).unwrap().len(), 2);
    assert_eq!(targets, ["bkt:o.jpg", "bkt:o.mp4"]);
}

#[test]
fn c57_the_vendor_s_trimming_example() {
    let fops = "YXZ0aHVtYi9tb3Yvc3MvMTI1L3QvMTAwfHNhdmVhcy9kbTlrTFhkamN5MTBaWE4wTURBeE9tOTFkSEIxZEM1dGIzWT0=";
    let text = String::from_utf8(b64u::decode(fops).unwrap()).unwrap();
    assert!(
        text.starts_with("avthumb/mov/ss/125/t/100|saveas/"),
        "{text}"
    );
    assert_eq!(target(&text), "vod-wcs-test001:output.mov");
    let pipeline = pipeline(&text);
    let [Op::Avthumb(op)] = pipeline.ops.as_slice() else {
        panic!("{pipeline}")
    };
    assert_eq!(op.container, Container::Mov);
    assert_eq!(op.cut.start.map(|ss| ss.millis()), Some(125_000));
    assert_eq!(op.cut.length.map(|t| t.millis()), Some(100_000));
}

#[test]
fn c58_a_join_of_the_source_and_another_file() {
    let base64 = "YXZjb25jYXQvbXA0L21vZGUvMi9jb25jYXRvcmRlci8xLTIvbW9vdlRvRnJvbnQvMS9NaTV0Y0RRPXxzYXZlYXMvWW10ME9tb3ViWEEw";
    let text = String::from_utf8(b64u::decode(base64).unwrap()).unwrap();
    assert_eq!(
        text,
        "avconcat/mp4/mode/2/concatorder/1-2/moovToFront/1/Mi5tcDQ=|saveas/Ymt0OmoubXA0"
    );
    assert_eq!(target(&text), "bkt:j.mp4");
    let pipeline = pipeline(&text);
    let [Op::Avconcat(op)] = pipeline.ops.as_slice() else {
        panic!("{pipeline}")
    };
    assert_eq!(
        (op.container(), op.mode()),
        (Container::Mp4, JoinMode::Encode)
    );
    assert_eq!(op.order.as_ref().unwrap().get(), [1, 2]);
    assert!(op.moov_to_front);
    assert_eq!(op.files, [ObjectRef::parse("2.mp4").unwrap()]);
    assert_eq!(pipeline.to_string(), text);
}

#[test]
fn c60_pictures_have_limits() {
    let width = refusal("vframe/jpg/offset/1/w/1921");
    assert_eq!(
        width.to_string(),
        "`w` of vframe is `1921`; allowed: 1 to 1920 pixels"
    );
    let height = refusal("vframe/jpg/offset/1/h/1081");
    assert_eq!(
        height.to_string(),
        "`h` of vframe is `1081`; allowed: 1 to 1080 pixels"
    );
}

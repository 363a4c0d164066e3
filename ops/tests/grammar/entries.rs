//! Buckets, keys and entries: their rules, their encodings, and the names nobody can type.

use opmill_ops::{BucketName, Entry, EntryError, Key};

#[test]
fn bucket_names() {
    let longest = "b".repeat(63);
    for name in [
        "b",
        "bkt",
        "vod-wcs-test001",
        "A.b_c-D",
        "9",
        longest.as_str(),
    ] {
        assert_eq!(
            name.parse::<BucketName>()
                .map(|bucket| bucket.to_string())
                .as_deref(),
            Ok(name)
        );
    }
    let too_long = "b".repeat(64);
    let bad = [
        ("", EntryError::BucketLength { bytes: 0 }),
        (too_long.as_str(), EntryError::BucketLength { bytes: 64 }),
        ("-bkt", EntryError::BucketStart { found: '-' }),
        (".", EntryError::BucketStart { found: '.' }),
        ("a b", EntryError::BucketCharacter { found: ' ' }),
        ("bücket", EntryError::BucketCharacter { found: 'ü' }),
        ("a/b", EntryError::BucketCharacter { found: '/' }),
        ("@local", EntryError::BucketCharacter { found: '@' }),
        ("@out", EntryError::BucketCharacter { found: '@' }),
        ("b\0", EntryError::BucketCharacter { found: '\0' }),
    ];
    for (name, error) in bad {
        assert_eq!(name.parse::<BucketName>(), Err(error), "{name:?}");
    }
}

#[test]
fn keys() {
    let longest = "k".repeat(1000);
    for key in [
        "a",
        "dir/a.txt",
        ".env",
        "a..b/...",
        "a:b",
        "a b",
        "视频/截图 1.jpg",
        "$(count)",
        "-",
        longest.as_str(),
    ] {
        assert_eq!(
            key.parse::<Key>().map(|key| key.to_string()).as_deref(),
            Ok(key)
        );
    }
    let too_long = "é".repeat(501);
    let bad = [
        ("", EntryError::KeyLength { bytes: 0 }),
        (too_long.as_str(), EntryError::KeyLength { bytes: 1002 }),
        ("/a", EntryError::KeyEdge),
        ("a/", EntryError::KeyEdge),
        ("/", EntryError::KeyEdge),
        ("a//b", EntryError::KeySegment),
        (".", EntryError::KeySegment),
        ("..", EntryError::KeySegment),
        ("a/../b", EntryError::KeySegment),
        ("a/./b", EntryError::KeySegment),
        ("../a", EntryError::KeySegment),
        ("a\nb", EntryError::KeyControl { found: '\n' }),
        ("a\0", EntryError::KeyControl { found: '\0' }),
        ("a\u{85}b", EntryError::KeyControl { found: '\u{85}' }),
    ];
    for (key, error) in bad {
        assert_eq!(key.parse::<Key>(), Err(error), "{key:?}");
    }
}

#[test]
fn an_entry_splits_at_the_first_colon() {
    let entry: Entry = "bkt:a:b".parse().unwrap();
    assert_eq!((entry.bucket.as_str(), entry.key.as_str()), ("bkt", "a:b"));
    assert_eq!(entry.to_string(), "bkt:a:b");
    assert_eq!("bkt".parse::<Entry>(), Err(EntryError::NoColon));
}

#[test]
fn base64_is_read_with_and_without_padding_and_nothing_else() {
    for text in ["Ymt0OmRpci9hLnR4dA==", "Ymt0OmRpci9hLnR4dA"] {
        assert_eq!(Entry::from_b64u(text).unwrap().to_string(), "bkt:dir/a.txt");
    }
    let bad = [
        ("", EntryError::NoColon),
        ("Ymt0OmE/PmI=", EntryError::Base64), // the other alphabet
        ("Ymt0Om8uanB", EntryError::Base64),  // bits left over
        ("Ymt0 Om8u", EntryError::Base64),
        ("=", EntryError::Base64),
        ("YTr_", EntryError::NotUtf8),
        ("QGxvY2FsOmE", EntryError::BucketCharacter { found: '@' }),
        ("Ymt0Oi4uL2E", EntryError::KeySegment),
    ];
    for (text, error) in bad {
        assert_eq!(Entry::from_b64u(text), Err(error), "{text}");
    }
}

#[test]
fn records_hold_the_text_and_may_name_the_internal_buckets() {
    let key: Key = "a/b.mp4".parse().unwrap();
    for (bucket, text) in [
        (BucketName::local(), "\"@local:a/b.mp4\""),
        (BucketName::out(), "\"@out:a/b.mp4\""),
        ("bkt".parse().unwrap(), "\"bkt:a/b.mp4\""),
    ] {
        let entry = Entry {
            bucket,
            key: key.clone(),
        };
        assert_eq!(serde_json::to_string(&entry).unwrap(), text);
        assert_eq!(serde_json::from_str::<Entry>(text).unwrap(), entry);
        let bucket = serde_json::to_string(&entry.bucket).unwrap();
        assert_eq!(
            serde_json::from_str::<BucketName>(&bucket).unwrap(),
            entry.bucket
        );
    }
    assert_eq!(serde_json::from_str::<Key>("\"a/b.mp4\"").unwrap(), key);
    for text in ["\"@other:a\"", "\"bkt:../a\"", "\"bkt\"", "7"] {
        assert!(serde_json::from_str::<Entry>(text).is_err(), "{text}");
    }
    let refused = serde_json::from_str::<Key>("\"/a\"").unwrap_err();
    assert_eq!(refused.to_string(), "the key begins or ends with `/`");
}

//! Objects: received, put, looked at, read, listed, copied, renamed, deleted, gone in time.

use std::fs;
use std::time::Duration;

use futures::TryStreamExt as _;
use opmill_engine::ops::Entry;
use opmill_engine::storage::{ListQuery, Listing, Object, Order, PutOptions};
use opmill_engine::{BucketConfig, EngineError, UnixMillis};

use crate::script::Script;
use crate::world::{Seed, World, soon};

fn entry(text: &str) -> Entry {
    text.parse().unwrap()
}

async fn put(
    world: &World,
    to: &str,
    content: &str,
    options: PutOptions,
) -> Result<Object, EngineError> {
    let storage = world.engine.storage();
    let mut incoming = storage.receive(u64::MAX).await.unwrap();
    for piece in content.as_bytes().chunks(3) {
        incoming.write(piece.to_vec().into()).await.unwrap();
    }
    storage.put(incoming, &entry(to), options).await
}

async fn store(world: &World, to: &str, content: &str) -> Object {
    put(world, to, content, PutOptions::default())
        .await
        .unwrap()
}

async fn read(world: &World, from: &str) -> Option<String> {
    let opened = world.engine.storage().open(&entry(from)).await.unwrap()?;
    let size = opened.object.size;
    let bytes = opened.read(0..size).await.unwrap();
    let chunks: Vec<_> = bytes.try_collect().await.unwrap();
    Some(String::from_utf8(chunks.concat()).unwrap())
}

/// A world whose bucket is a folder, or remote storage.
async fn worlds() -> [World; 2] {
    let remote = BucketConfig {
        root: Some("memory:///deep".to_owned()),
        ..BucketConfig::default()
    };
    let far = Seed::new(Script::succeed()).config(move |config| {
        config.buckets.insert("b".to_owned(), remote);
    });
    let near = Seed::new(Script::succeed()).config(|config| {
        config
            .buckets
            .insert("b".to_owned(), BucketConfig::default());
    });
    [near.start().await, far.start().await]
}

#[tokio::test]
async fn what_was_put_is_there_with_all_that_is_known_of_it() {
    for world in worlds().await {
        let storage = world.engine.storage();
        let put = store(&world, "b:dir/a.txt", "hello").await;
        assert_eq!(put.hash, "Fqr0xh3cxeii2r7eDztILNmuqUNN");
        assert_eq!(
            (put.size, put.mime.as_str(), put.expires),
            (5, "text/plain", None)
        );
        assert_eq!(storage.stat(&put.entry).await.unwrap(), Some(put.clone()));
        assert_eq!(read(&world, "b:dir/a.txt").await.as_deref(), Some("hello"));
        let opened = storage.open(&put.entry).await.unwrap().unwrap();
        let part: Vec<_> = opened
            .read(1..3)
            .await
            .unwrap()
            .try_collect()
            .await
            .unwrap();
        assert_eq!(part.concat(), b"el");
        assert_eq!(storage.stat(&entry("b:dir")).await.unwrap(), None);
        assert_eq!(read(&world, "b:nothing").await, None);
        let nowhere = storage.stat(&entry("nowhere:a")).await;
        assert!(matches!(nowhere, Err(EngineError::BucketNotFound { .. })));
    }
}

#[tokio::test]
async fn an_object_is_replaced_only_when_that_is_asked_for() {
    for world in worlds().await {
        store(&world, "b:n.txt", "first").await;
        let refused = put(&world, "b:n.txt", "second", PutOptions::default()).await;
        assert!(
            matches!(refused, Err(EngineError::ObjectExists { .. })),
            "{refused:?}"
        );
        assert_eq!(read(&world, "b:n.txt").await.as_deref(), Some("first"));
        let options = PutOptions {
            overwrite: true,
            mime: Some("text/x-own".to_owned()),
            ..PutOptions::default()
        };
        let replaced = put(&world, "b:n.txt", "second", options).await.unwrap();
        assert_eq!(replaced.mime, "text/x-own");
        assert_eq!(read(&world, "b:n.txt").await.as_deref(), Some("second"));
    }
}

#[tokio::test]
async fn too_much_is_refused_and_leaves_nothing() {
    let world = World::start(Script::succeed()).await;
    let before = world.files();
    let mut incoming = world.engine.storage().receive(4).await.unwrap();
    let refused = incoming.write("hello".into()).await;
    assert!(matches!(refused, Err(EngineError::TooLarge { limit: 4 })));
    drop(incoming);
    store(&world, "bkt:a", "x").await;
    let below = put(&world, "bkt:a/b", "x", PutOptions::default()).await;
    assert!(
        matches!(below, Err(EngineError::ObjectName { .. })),
        "{below:?}"
    );
    world
        .engine
        .storage()
        .delete(&entry("bkt:a"))
        .await
        .unwrap();
    assert_eq!(world.files(), before);
}

#[tokio::test]
async fn a_file_that_somebody_put_there_is_an_object() {
    let world = World::start(Script::succeed()).await;
    let storage = world.engine.storage();
    let path = world.object("bkt", "own/clip.bin");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, b"\x89PNG\r\n\x1a\n rest").unwrap();
    let found = storage
        .stat(&entry("bkt:own/clip.bin"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.size, found.mime.as_str()),
        (13, "application/octet-stream")
    );
    // Changed underneath what is known.
    fs::write(&path, "hello").unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1))
        .unwrap();
    let found = storage
        .stat(&entry("bkt:own/clip.bin"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.hash, "Fqr0xh3cxeii2r7eDztILNmuqUNN");
    assert_eq!(found.modified, UnixMillis::new(1000));
}

#[tokio::test]
async fn objects_are_copied_renamed_and_deleted() {
    for world in worlds().await {
        let storage = world.engine.storage();
        store(&world, "b:a", "hello").await;
        store(&world, "b:taken", "old").await;
        let copy = storage
            .copy(&entry("b:a"), &entry("b:deep/copy"), false)
            .await
            .unwrap();
        assert_eq!(copy.hash, "Fqr0xh3cxeii2r7eDztILNmuqUNN");
        for over in [
            storage.copy(&entry("b:a"), &entry("b:taken"), false).await,
            storage
                .rename(&entry("b:a"), &entry("b:taken"), false)
                .await,
        ] {
            assert!(
                matches!(over, Err(EngineError::ObjectExists { .. })),
                "{over:?}"
            );
        }
        let moved = storage
            .rename(&entry("b:a"), &entry("b:taken"), true)
            .await
            .unwrap();
        assert_eq!(storage.stat(&entry("b:taken")).await.unwrap(), Some(moved));
        assert_eq!(read(&world, "b:taken").await.as_deref(), Some("hello"));
        assert_eq!(read(&world, "b:a").await, None);
        storage.delete(&entry("b:deep/copy")).await.unwrap();
        for missing in [
            storage.delete(&entry("b:deep/copy")).await.err(),
            storage
                .copy(&entry("b:a"), &entry("b:c"), false)
                .await
                .err(),
            storage
                .rename(&entry("b:a"), &entry("b:c"), false)
                .await
                .err(),
            storage.set_expiry(&entry("b:a"), None).await.err(),
        ] {
            assert!(
                matches!(missing, Some(EngineError::ObjectNotFound { .. })),
                "{missing:?}"
            );
        }
    }
}

#[tokio::test]
async fn an_object_whose_time_is_over_is_gone_at_once_and_its_file_soon() {
    let world = World::start(Script::succeed()).await;
    let storage = world.engine.storage();
    let hour = Duration::from_secs(3600);
    let soon_gone = PutOptions {
        expires: Some(world.engine.now().plus(hour)),
        ..PutOptions::default()
    };
    put(&world, "bkt:a", "x", soon_gone).await.unwrap();
    store(&world, "bkt:b", "x").await;
    storage
        .set_expiry(&entry("bkt:b"), Some(world.engine.now().plus(hour)))
        .await
        .unwrap();
    store(&world, "bkt:kept", "x").await;
    storage
        .set_expiry(&entry("bkt:kept"), Some(world.engine.now().plus(hour)))
        .await
        .unwrap();
    storage.set_expiry(&entry("bkt:kept"), None).await.unwrap();
    let files = [world.object("bkt", "a"), world.object("bkt", "b")];
    assert!(files.iter().all(|file| file.exists()));
    world.clock.advance(hour);
    assert_eq!(storage.stat(&entry("bkt:a")).await.unwrap(), None);
    soon(async {
        while files.iter().any(|file| file.exists()) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(read(&world, "bkt:kept").await.as_deref(), Some("x"));
    // Its name is free again.
    store(&world, "bkt:a", "y").await;
    let now = world.engine.now();
    storage
        .set_expiry(&entry("bkt:a"), Some(now))
        .await
        .unwrap();
    assert_eq!(storage.stat(&entry("bkt:a")).await.unwrap(), None);
}

#[tokio::test]
async fn a_list_comes_in_pages_and_in_order() {
    for world in worlds().await {
        let mut keys = ["a.txt", "d/1", "d/2", "d/e/3", "d/e/4", "d/f", "z"];
        for key in keys {
            store(&world, &format!("b:{key}"), key).await;
        }
        keys.sort_unstable();
        let pages = async |prefix: &str, order, limit| {
            let mut query = ListQuery {
                bucket: "b".parse().unwrap(),
                prefix: prefix.to_owned(),
                order,
                after: String::new(),
                limit,
                from: None,
                until: None,
            };
            let mut all = Vec::new();
            loop {
                let Listing {
                    objects,
                    folders,
                    next,
                } = world.engine.storage().list(query.clone()).await.unwrap();
                assert!(objects.len() + folders.len() <= limit);
                let mut page: Vec<String> = objects
                    .iter()
                    .map(|object| object.entry.key.to_string())
                    .collect();
                match order {
                    Order::FoldersFirst => page.splice(0..0, folders).for_each(drop),
                    _ => page.extend(folders),
                }
                all.extend(page);
                match next {
                    Some(next) => query.after = next,
                    None => return all,
                }
            }
        };
        for limit in [1, 2, 3, 100] {
            assert_eq!(pages("", Order::Flat, limit).await, keys, "{limit}");
            assert_eq!(pages("d/e", Order::Flat, limit).await, ["d/e/3", "d/e/4"]);
            let files_first = ["d/1", "d/2", "d/f", "d/e/"];
            assert_eq!(
                pages("d/", Order::FilesFirst, limit).await,
                files_first,
                "{limit}"
            );
            let folders_first = ["d/e/", "d/1", "d/2", "d/f"];
            assert_eq!(
                pages("d/", Order::FoldersFirst, limit).await,
                folders_first,
                "{limit}"
            );
        }
        let used = world
            .engine
            .storage()
            .usage(&"b".parse().unwrap())
            .await
            .unwrap();
        assert_eq!(used, (7, keys.iter().map(|key| key.len() as u64).sum()));
    }
}

#[tokio::test]
async fn a_playlist_tells_its_segments() {
    let world = World::start(Script::succeed()).await;
    store(
        &world,
        "bkt:f/v.m3u8",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv%20b.m3u8\n",
    )
    .await;
    store(&world, "bkt:f/v b.m3u8", "#EXTM3U\n#EXTINF:1,\n1.ts\nhttps://cdn.example/2.ts\n../3.ts\nhttp://127.0.0.1:8080/bkt/f/4.ts\n").await;
    let found = world
        .engine
        .storage()
        .segments(&entry("bkt:f/v.m3u8"))
        .await
        .unwrap();
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, ["bkt:f/1.ts", "bkt:f/4.ts", "bkt:f/v b.m3u8"]);
}

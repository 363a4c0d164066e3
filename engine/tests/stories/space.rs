//! A disk that is almost full: new jobs are refused with a reason, the one that runs ends, and with room again all is
//! as before.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opmill_engine::config::Disk;
use opmill_engine::{EngineError, Health, StoreError};

use crate::script::Script;
use crate::world::{Seed, soon};

const MB: u64 = 1 << 20;

#[tokio::test]
async fn new_jobs_wait_for_room_and_running_ones_end() {
    let free = Arc::new(AtomicU64::new(100 * MB));
    let disk = Arc::clone(&free);
    let world = Seed::new(Script::stall_on(0))
        .config(|config| {
            config.disk = Disk {
                low_water_bytes: 50 * MB,
                reserve_bytes: 0,
            };
        })
        .space(move || disk.load(Ordering::SeqCst))
        .start()
        .await;
    let id = world.submit("avthumb/mp4").await;
    world.script.stalled(1).await;
    assert_eq!(world.engine.health(), Health::Working);

    free.store(49 * MB, Ordering::SeqCst);
    let refused = world.engine.submit(world.spec("vframe/jpg")).await;
    assert!(
        matches!(
            refused,
            Err(EngineError::Store(StoreError::LowSpace { .. }))
        ),
        "{refused:?}"
    );
    let health = world.engine.health();
    assert!(
        matches!(&health, Health::LowSpace { cause } if cause.contains("low-water mark")),
        "{health:?}"
    );
    world.script.release(0);
    assert!(soon(world.engine.wait(id)).await.unwrap().succeeded());

    free.store(60 * MB, Ordering::SeqCst);
    assert_eq!(world.engine.health(), Health::Working);
    assert!(world.run("vframe/jpg").await.succeeded());
}

//! Records: the bytes of every released schema, and what happens to bytes that are not what was written.

use super::v1::{Counter, Format, Pause, Spec};
use super::*;
use crate::activity::Activity;
use crate::history::{Happened, History, Past, Trial};
use crate::id::{DeliveryId, ItemIndex, JobId, Priority, UnixMillis};
use crate::items::{Item, ItemOutcome};
use crate::jobs::JobRecord;
use crate::leases::LeaseRecord;
use crate::objects::StoredObject;
use crate::outbox::{Delivery, DeliveryState, OwedScope};
use crate::state::{JobState, Lease};

fn golden(schema: u16) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    format!("{root}/../testdata/store/v{schema}/records.txt")
}

const ID: JobId = JobId([0xab; 18]);

fn at(millis: u64) -> UnixMillis {
    UnixMillis::new(millis)
}

/// A job with every field set to something of its own.
fn job(state: JobState) -> JobRecord {
    JobRecord {
        id: ID,
        state,
        priority: Priority::new(101),
        lane: "films".to_owned(),
        due: at(1_700_000_000_001),
        submitted: at(1_700_000_000_002),
        updated: at(1_700_000_000_003),
        finished: Some(at(1_700_000_000_004)),
        attempts: 2,
        rescues: 3,
        fence: 300,
        commands: 70_000,
        cancel_requested: true,
        last_error: Some("storage is away".to_owned()),
        idempotency_key: Some("upload-7".to_owned()),
        work: Some("same".to_owned()),
        follows: Some(JobId([0xcd; 18])),
    }
}

fn delivery(scope: OwedScope, state: DeliveryState) -> Delivery {
    let last_error = Some("500".to_owned());
    Delivery {
        id: DeliveryId(9),
        job: ID,
        scope,
        code: 3,
        attempts: 4,
        state,
        created: at(5),
        last_error,
    }
}

fn item(outcome: ItemOutcome) -> Item {
    Item {
        index: ItemIndex(1),
        outcome,
        attempt: 2,
        recorded: at(3),
        body: r#"{"key":"é"}"#.to_owned(),
    }
}

/// A record under a name, its bytes, and whether bytes read as the same record again.
struct Sample {
    name: &'static str,
    bytes: Vec<u8>,
    reads_back: Box<ReadsBack>,
}

type ReadsBack = dyn Fn(&[u8]) -> Result<bool, Flaw>;

fn sample<R: Record + PartialEq + 'static>(name: &'static str, record: R) -> Sample {
    let bytes = encode(&record).unwrap();
    Sample {
        name,
        bytes,
        reads_back: Box::new(move |bytes| Ok(decode::<R>(bytes)? == record)),
    }
}

/// What happened to a job, of every kind.
fn history() -> History {
    let past = |fence, what| Past {
        at: at(1_700_000_000_006),
        fence,
        attempt: 2,
        what,
        commands: vec![ItemIndex(0), ItemIndex(7)],
    };
    let lost = Happened::Lost {
        worker: "host-1/2".to_owned(),
        began: at(1_700_000_000_005),
        started: vec![ItemIndex(7)],
    };
    let failed = Happened::Failed {
        cause: "storage".to_owned(),
        error: "no space left".to_owned(),
    };
    let trial = Trial {
        index: ItemIndex(7),
        attempts: 3,
        losses: 1,
        at: at(8),
        cause: "worker-lost".to_owned(),
        error: "its worker was lost".to_owned(),
    };
    History {
        commands: vec![trial],
        events: vec![past(1, lost), past(2, failed), past(2, Happened::Redriven)],
    }
}

/// One of each record, as schema `schema` knows it.
fn samples(schema: u16) -> Vec<Sample> {
    let job = |state| {
        let mut job = job(state);
        if schema < 2 {
            job.lane.clear();
        }
        if schema < 3 {
            (job.work, job.follows) = (None, None);
        }
        job
    };
    let lease = Lease {
        job: ID,
        fence: 300,
        expires: at(1_700_000_000_005),
    };
    let format = Format {
        format: 1,
        min_reader: 1,
        min_writer: 1,
        created_by: "opmill 0.1.0".to_owned(),
    };
    let object = StoredObject {
        hash: "FgXnBxUvfG5iLMtIVIqPNi3aq5Gf".to_owned(),
        size: 1 << 40,
        mime: Some("video/mp4".to_owned()),
        modified: at(1),
        stored: at(2),
        expires: Some(at(3)),
    };
    let bare_object = StoredObject {
        mime: None,
        expires: None,
        ..object.clone()
    };
    let mut bare_job = job(JobState::Available);
    (
        bare_job.finished,
        bare_job.last_error,
        bare_job.idempotency_key,
    ) = (None, None, None);
    let all = OwedScope::All;
    vec![
        sample("format", format),
        sample("counter", Counter { next: 70_000 }),
        sample("pause", Pause { since: 70_000 }),
        sample("job scheduled", job(JobState::Scheduled { at: at(6) })),
        sample("job available", bare_job),
        sample("job running", job(JobState::Running(lease.clone()))),
        sample("job retryable", job(JobState::Retryable { at: at(7) })),
        sample("job completed", job(JobState::Completed)),
        sample("job cancelled", job(JobState::Cancelled)),
        sample("job discarded", job(JobState::Discarded)),
        sample(
            "lease",
            LeaseRecord {
                lease,
                worker: "host-1/2".to_owned(),
                cancel_requested: true,
            },
        ),
        sample(
            "delivery due",
            delivery(all, DeliveryState::Due { at: at(6) }),
        ),
        sample(
            "delivery delivered",
            delivery(
                OwedScope::Command(ItemIndex(7)),
                DeliveryState::Delivered { at: at(7) },
            ),
        ),
        sample(
            "delivery given up",
            delivery(all, DeliveryState::GivenUp { at: at(8) }),
        ),
        sample(
            "spec",
            Spec {
                spec: r#"{"ops":"avthumb/mp4"}"#.to_owned(),
            },
        ),
        sample("item succeeded", item(ItemOutcome::Succeeded)),
        sample("item failed", item(ItemOutcome::Failed)),
        sample("item failed-transient", item(ItemOutcome::FailedTransient)),
        sample("object", object),
        sample("object without type and expiry", bare_object),
        sample("history", history()),
        sample(
            "activity",
            Activity {
                fence: 300,
                at: at(9),
                started: Some(vec![ItemIndex(7)]),
                progress: Some(r#"{"percent":50}"#.to_owned()),
            },
        ),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// The bytes of earlier schemas are frozen: they read as they did, with what is new at its default.
#[test]
fn the_bytes_of_earlier_schemas() {
    for (schema, records) in [(1, 19), (2, 20)] {
        let golden = std::fs::read_to_string(golden(schema)).unwrap();
        assert_eq!(golden.lines().count(), records);
        let samples = samples(schema);
        for line in golden.lines() {
            let (name, bytes) = line.split_once(" = ").unwrap();
            let sample = samples.iter().find(|sample| sample.name == name).unwrap();
            let read = (sample.reads_back)(&unhex(bytes));
            assert_eq!(
                read,
                Ok(true),
                "{name} of schema {schema} is read differently"
            );
        }
    }
}

/// The bytes that are written today. A record that changes gets a new schema and vectors of its own; these stay.
/// `OPMILL_REGENERATE=1` writes the file, for review.
#[test]
fn the_bytes_of_schema_3() {
    let samples = samples(3);
    if std::env::var_os("OPMILL_REGENERATE").is_some() {
        let lines = samples
            .iter()
            .map(|sample| format!("{} = {}\n", sample.name, hex(&sample.bytes)));
        std::fs::write(golden(3), lines.collect::<String>()).unwrap();
    }
    let golden = std::fs::read_to_string(golden(3)).unwrap();
    assert_eq!(golden.lines().count(), samples.len());
    for (line, sample) in golden.lines().zip(&samples) {
        let (name, bytes) = line.split_once(" = ").unwrap();
        assert_eq!(name, sample.name);
        assert_eq!(
            (sample.reads_back)(&unhex(bytes)),
            Ok(true),
            "{name} is read differently"
        );
        assert_eq!(hex(&sample.bytes), bytes, "{name} is written differently");
    }
}

#[test]
fn any_flipped_bit_is_noticed() {
    for sample in samples(3) {
        for bit in 0..sample.bytes.len() * 8 {
            let mut bytes = sample.bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(
                (sample.reads_back)(&bytes).is_err(),
                "{}: bit {bit}",
                sample.name
            );
        }
    }
}

#[test]
fn a_record_cut_short_or_grown_is_noticed() {
    for sample in samples(3) {
        for length in 0..sample.bytes.len() {
            assert!(
                (sample.reads_back)(&sample.bytes[..length]).is_err(),
                "{}: {length} bytes",
                sample.name
            );
        }
        let grown = [&sample.bytes[..], b"\0"].concat();
        assert!((sample.reads_back)(&grown).is_err(), "{}", sample.name);
    }
}

/// A header and body with a checksum that is right.
fn forged(codec: u8, kind: u8, schema: u16, flags: u8, body: &[u8]) -> Vec<u8> {
    let [high, low] = schema.to_be_bytes();
    let mut bytes = [&[MAGIC, codec, kind, high, low, flags], body].concat();
    bytes.extend(crc32c::crc32c(&bytes).to_be_bytes());
    bytes
}

/// Right checksum, wrong content: told apart from bits that rotted.
#[test]
fn what_no_opmill_wrote_is_refused() {
    let body = Counter { next: 1 }.to_body().unwrap();
    let counter = |codec, kind, schema, flags, body: &[u8]| {
        decode::<Counter>(&forged(codec, kind, schema, flags, body))
    };
    assert_eq!(
        counter(1, 2, 1, 0, &body),
        Ok(Counter { next: 1 }),
        "the forger's work is good"
    );
    let longer = [&body[..], &[0]].concat();
    let rows = [
        (
            "another kind",
            counter(1, 3, 1, 0, &body),
            "it is of kind 3, expected Counter",
        ),
        (
            "another codec",
            counter(2, 2, 1, 0, &body),
            "schema 1 has no codec 2 with flags 0x00",
        ),
        (
            "an unknown flag",
            counter(1, 2, 1, 2, &body),
            "schema 1 has no codec 1 with flags 0x02",
        ),
        (
            "schema 0",
            counter(1, 2, 0, 0, &body),
            "there is no schema 0",
        ),
        (
            "a first part alone",
            counter(1, 2, 1, MORE, &body),
            "it is the first part of several",
        ),
        (
            "bytes left over",
            counter(1, 2, 1, 0, &longer),
            "1 bytes are left over",
        ),
    ];
    for (name, outcome, reason) in rows {
        assert_eq!(outcome, Err(Flaw::Damaged(reason.to_owned())), "{name}");
    }
    assert_eq!(
        counter(9, 2, 2, 0x80, b"?"),
        Err(Flaw::Newer(2)),
        "newer before all else"
    );

    let unknown_state = [&[18; 18][..], &[8], &[0; 13]].concat();
    let job = decode::<JobRecord>(&forged(1, 3, 1, 0, &unknown_state));
    assert_eq!(
        job,
        Err(Flaw::Damaged("there is no job state 8".to_owned()))
    );
}

#[test]
fn a_document_is_cut_and_put_together() {
    for length in [
        0,
        1,
        PART - 12,
        PART - 11,
        PART - 10,
        2 * PART,
        5 * PART + 7,
    ] {
        let spec = Spec {
            spec: "x".repeat(length),
        };
        let values = encode_parts(&spec).unwrap();
        assert_eq!(
            values.len(),
            spec.to_body().unwrap().len().div_ceil(PART),
            "{length}"
        );
        assert!(
            values
                .iter()
                .all(|value| value.len() <= HEADER + PART + CHECKSUM)
        );
        let mut parts = Parts::<Spec>::new();
        let (last, before) = values.split_last().unwrap();
        for value in before {
            assert_eq!(parts.push(value), Ok(None), "{length}");
        }
        assert_eq!(parts.push(last), Ok(Some(spec)), "{length}");
    }
}

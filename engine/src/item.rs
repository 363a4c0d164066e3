//! The result of a command: [`ItemBody`] is both what the store keeps of it and what notifications and `--json` print
//! (wire.md 7.2: these members, in this order, of these types).

use opmill_ops::{BucketName, Entry};
use opmill_store::{ItemIndex, ItemOutcome};
use serde::{Deserialize, Serialize};

use crate::cause::Cause;
use crate::events::Progress;

/// One command of a job and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Which command: 0 is the first.
    pub index: ItemIndex,
    /// How far it got.
    pub status: ItemStatus,
    /// The attempt that recorded the result; 0 without one.
    pub attempt: u32,
    /// Attempts at it in all, those before a redrive and the one that runs included. 0 for one that took over the
    /// result of another job.
    pub attempts: u32,
    /// Why it failed, or did the last time before it succeeded or is tried again.
    pub last_error: Option<String>,
    /// The kind of reason of [`last_error`](Self::last_error).
    pub cause: Option<Cause>,
    /// How far it is, or was when last heard of, if it has no result.
    pub progress: Option<Progress>,
    /// The result in the protocol's shape; for a command without a result its text and status only.
    pub body: ItemBody,
}

impl Item {
    /// An item as far as its command and status tell.
    pub(crate) fn new(index: ItemIndex, status: ItemStatus, body: ItemBody) -> Self {
        Self {
            index,
            status,
            attempt: 0,
            attempts: 0,
            last_error: None,
            cause: None,
            progress: None,
            body,
        }
    }

    /// The command as it was given.
    pub fn command(&self) -> &str {
        &self.body.cmd
    }
    /// The reason of a failure that is its result.
    pub fn error(&self) -> Option<&str> {
        self.body.error.as_deref()
    }
}

/// How far a command got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ItemStatus {
    /// It has not started, or waits for its next attempt.
    Pending,
    /// An attempt is at work on it.
    Running,
    /// Its outputs are in place.
    Succeeded,
    /// It cannot succeed.
    Failed,
    /// It failed for a reason that may pass, as often as it was allowed to.
    FailedTransient,
    /// The job was cancelled before it had a result.
    Cancelled,
}

impl ItemStatus {
    /// True for the three ways of not succeeding.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::FailedTransient | Self::Cancelled)
    }

    fn code(self) -> &'static str {
        match self {
            Self::Pending => "0",
            Self::Running => "1",
            Self::Failed | Self::FailedTransient | Self::Cancelled => "2",
            Self::Succeeded => "3",
        }
    }
}

impl From<ItemOutcome> for ItemStatus {
    fn from(outcome: ItemOutcome) -> Self {
        match outcome {
            ItemOutcome::Succeeded => Self::Succeeded,
            ItemOutcome::Failed => Self::Failed,
            ItemOutcome::FailedTransient => Self::FailedTransient,
        }
    }
}

/// A command's result as the protocol writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemBody {
    /// The complete command, target included.
    pub cmd: String,
    /// `"2"` failed, `"3"` succeeded; `"0"` pending and `"1"` processing where those are shown.
    pub code: String,
    /// Always 0.
    #[serde(rename = "costTime")]
    pub cost_time: u64,
    /// `fileOperateSucceed` or `fileOperateFailed`.
    pub desc: String,
    /// The reason of a failure.
    pub error: Option<String>,
    /// Size of the (first) output in bytes.
    pub fsize: u64,
    /// Its hash (wire.md 3.1).
    pub hash: String,
    /// `bucket:key` of it; on failure the target.
    pub key: String,
    /// Its address.
    pub url: String,
    /// Its duration in seconds; 0.0 for pictures.
    pub duration: f64,
    /// Its bits per second in decimal; `"0"` for pictures.
    pub bit_rate: String,
    /// `1280X720`; empty without a picture.
    pub resolution: String,
    /// Every output, the first one included.
    pub detail: Vec<OutputBody>,
}

/// One output file of a command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // As in ItemBody.
pub struct OutputBody {
    pub fsize: u64,
    pub hash: String,
    pub key: String,
    pub url: String,
    pub duration: f64,
    pub bit_rate: String,
    pub resolution: String,
}

impl OutputBody {
    /// The object this output is, unless it was written by something else than an engine.
    pub fn entry(&self) -> Option<Entry> {
        // Through serde, because engine-made entries may be in the buckets whose names cannot be typed.
        serde_json::from_value(serde_json::Value::String(self.key.clone())).ok()
    }
}

impl ItemBody {
    /// A result with at least one output. What is to be told of it, a sentence each, follows the fixed word of `desc`.
    pub(crate) fn succeeded(command: &str, notes: &[String], outputs: Vec<OutputBody>) -> Self {
        let desc = std::iter::once("fileOperateSucceed").chain(notes.iter().map(String::as_str));
        let desc = desc.collect::<Vec<_>>().join("; ");
        let mut body = Self::blank(command, ItemStatus::Succeeded, &desc, None, String::new());
        if let Some(first) = outputs.first().cloned() {
            let OutputBody {
                fsize,
                hash,
                key,
                url,
                duration,
                bit_rate,
                resolution,
            } = first;
            body = Self {
                fsize,
                hash,
                key,
                url,
                duration,
                bit_rate,
                resolution,
                ..body
            };
        }
        Self {
            detail: outputs,
            ..body
        }
    }

    /// A deed on objects. The object it made is told of at item level alone.
    pub(crate) fn managed(command: &str, note: Option<String>, made: Made) -> Self {
        let Made {
            fsize,
            hash,
            key,
            url,
        } = made;
        let note = Vec::from_iter(note);
        Self {
            fsize,
            hash,
            url,
            key,
            ..Self::succeeded(command, &note, Vec::new())
        }
    }

    /// A failure, its reason and the target it did not reach.
    pub(crate) fn failed(command: &str, target: Option<&Entry>, error: String) -> Self {
        let target = target.map(Entry::to_string).unwrap_or_default();
        Self::blank(
            command,
            ItemStatus::Failed,
            "fileOperateFailed",
            Some(error),
            target,
        )
    }

    /// A command without a result.
    pub(crate) fn unfinished(command: &str, target: Option<&Entry>, status: ItemStatus) -> Self {
        let target = target.map(Entry::to_string).unwrap_or_default();
        let (desc, error) = match status {
            ItemStatus::Cancelled => (
                "fileOperateFailed",
                Some("the job was cancelled".to_owned()),
            ),
            ItemStatus::Running => ("processing", None),
            _ => ("waiting", None),
        };
        Self::blank(command, status, desc, error, target)
    }

    /// Failures print no numbers: fsize 0, duration 0.0, bit_rate "0", the rest empty (wire.md 7.2).
    fn blank(
        command: &str,
        status: ItemStatus,
        desc: &str,
        error: Option<String>,
        key: String,
    ) -> Self {
        Self {
            cmd: command.to_owned(),
            code: status.code().to_owned(),
            cost_time: 0,
            desc: desc.to_owned(),
            error,
            fsize: 0,
            hash: String::new(),
            key,
            url: String::new(),
            duration: 0.0,
            bit_rate: "0".to_owned(),
            resolution: String::new(),
            detail: Vec::new(),
        }
    }
}

/// What a deed on objects came to.
pub(crate) struct Made {
    pub fsize: u64,
    pub hash: String,
    /// `bucket:key`, or `bucket:` and what the keys begin with.
    pub key: String,
    pub url: String,
}

impl Made {
    /// It is there no more.
    pub fn gone(entry: &Entry) -> Self {
        Self::below(&entry.bucket, entry.key.as_str())
    }

    /// Nothing in particular: objects whose keys begin so.
    pub fn below(bucket: &BucketName, prefix: &str) -> Self {
        Self {
            fsize: 0,
            hash: String::new(),
            key: format!("{bucket}:{prefix}"),
            url: String::new(),
        }
    }
}

/// What the store keeps of a result: the protocol's members, and the cause of a failure, which the protocol has no room
/// for.
#[derive(Serialize, Deserialize)]
pub(crate) struct Kept {
    #[serde(flatten)]
    pub body: ItemBody,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// [`Kept`] as text.
pub(crate) fn kept(body: &ItemBody, cause: Option<Cause>) -> String {
    let kept = Kept {
        body: body.clone(),
        cause,
    };
    // Strings, integers and one float that `figures` kept finite: serialising cannot fail.
    serde_json::to_string(&kept).unwrap_or_default()
}

/// Media figures as the protocol prints them. A duration that is not a number would become `null`, so it is 0.
pub(crate) fn figures(output: &opmill_ops::Output) -> (f64, String, String) {
    let duration = if output.duration.is_finite() {
        output.duration.max(0.0)
    } else {
        0.0
    };
    let resolution = output
        .resolution
        .map(|(width, height)| format!("{width}X{height}"))
        .unwrap_or_default();
    (duration, output.bit_rate.to_string(), resolution)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> OutputBody {
        OutputBody {
            fsize: 5,
            hash: "Fqr0xh3cxeii2r7eDztILNmuqUNN".to_owned(),
            key: "bkt:o.jpg".to_owned(),
            url: "http://127.0.0.1:8080/o.jpg".to_owned(),
            duration: 0.0,
            bit_rate: "0".to_owned(),
            resolution: "320X568".to_owned(),
        }
    }

    #[test]
    fn c_33_an_item_prints_as_in_the_sample() {
        let body = ItemBody::succeeded(
            "vframe/jpg/offset/1|saveas/Ymt0Om8uanBn",
            &[],
            vec![picture()],
        );
        assert_eq!(
            kept(&body, None),
            r#"{"cmd":"vframe/jpg/offset/1|saveas/Ymt0Om8uanBn","code":"3","costTime":0,"desc":"fileOperateSucceed","error":null,"fsize":5,"hash":"Fqr0xh3cxeii2r7eDztILNmuqUNN","key":"bkt:o.jpg","url":"http://127.0.0.1:8080/o.jpg","duration":0.0,"bit_rate":"0","resolution":"320X568","detail":[{"fsize":5,"hash":"Fqr0xh3cxeii2r7eDztILNmuqUNN","key":"bkt:o.jpg","url":"http://127.0.0.1:8080/o.jpg","duration":0.0,"bit_rate":"0","resolution":"320X568"}]}"#
        );
        assert_eq!(
            serde_json::from_str::<ItemBody>(&kept(&body, None)).unwrap(),
            body
        );
    }

    #[test]
    fn a_failure_prints_its_reason_its_target_and_no_numbers() {
        let target: Entry = "bkt:o.mp4".parse().unwrap();
        let body = ItemBody::failed(
            "avthumb/mp4|saveas/bkt:o.mp4",
            Some(&target),
            "no \"video\"".to_owned(),
        );
        assert_eq!(
            kept(&body, None),
            r#"{"cmd":"avthumb/mp4|saveas/bkt:o.mp4","code":"2","costTime":0,"desc":"fileOperateFailed","error":"no \"video\"","fsize":0,"hash":"","key":"bkt:o.mp4","url":"","duration":0.0,"bit_rate":"0","resolution":"","detail":[]}"#
        );
    }

    #[test]
    fn several_outputs_repeat_the_first_one_at_item_level() {
        let second = OutputBody {
            key: "bkt:o_000002.jpg".to_owned(),
            fsize: 7,
            ..picture()
        };
        let body = ItemBody::succeeded("vframe/jpg", &[], vec![picture(), second]);
        assert_eq!(
            (body.fsize, body.key.as_str(), body.detail.len()),
            (5, "bkt:o.jpg", 2)
        );
    }

    #[test]
    fn codes_of_commands_without_a_result() {
        for (status, code, error) in [
            (ItemStatus::Pending, "0", false),
            (ItemStatus::Running, "1", false),
            (ItemStatus::Cancelled, "2", true),
        ] {
            let body = ItemBody::unfinished("avthumb/mp4", None, status);
            assert_eq!(
                (body.code.as_str(), body.error.is_some()),
                (code, error),
                "{status:?}"
            );
        }
    }

    #[test]
    fn figures_are_always_printable() {
        let output = |duration, resolution| opmill_ops::Output {
            path: "x".into(),
            name: opmill_ops::Name::Numbered,
            duration,
            bit_rate: 64_000,
            resolution,
        };
        for (row, given, expected) in [
            (
                "video",
                output(20.02, Some((1280, 720))),
                (20.02, "1280X720"),
            ),
            ("audio", output(1.5, None), (1.5, "")),
            ("no duration", output(f64::NAN, None), (0.0, "")),
            ("negative", output(-1.0, None), (0.0, "")),
        ] {
            let (duration, bit_rate, resolution) = figures(&given);
            assert_eq!((duration, resolution.as_str()), expected, "{row}");
            assert_eq!(bit_rate, "64000", "{row}");
        }
    }
}

//! What a notification says (wire.md 7.2): the JSON, and the base64url of it that is the body of the request.
//!
//! Two enumerations of codes must not be mixed up: a notification's (7.4) and a status query's (5.3).

use opmill_ops::b64u;
use opmill_store::{Delivery, DeliveryState, JobState, OwedScope};
use serde::{Deserialize, Serialize};

use crate::item::{ItemBody, ItemStatus};
use crate::job::Job;

/// A job in the protocol's shape; members in the order of captured notifications.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    /// The job.
    pub id: String,
    /// In a notification 1 in progress, 2 a command failed, 3 done; in a status query see [`query_code`].
    pub code: u8,
    /// Key of the source.
    pub inputkey: String,
    /// Always null.
    pub channelname: Option<String>,
    /// Bucket of the source.
    pub inputbucket: String,
    /// Size of the source.
    pub inputfsize: u64,
    /// `fileOperateSucceed`, or `fileOperateFailed` with code 2.
    pub desc: String,
    /// 0 or 1.
    pub separate: u8,
    /// The commands it is about.
    pub items: Vec<ItemBody>,
}

/// A notification with code 1: a command succeeded and others are outstanding.
pub(crate) const IN_PROGRESS: u8 = 1;
/// With code 2: a command failed and others are outstanding.
pub(crate) const FAILED: u8 = 2;
/// With code 3: every command has its result.
pub(crate) const DONE: u8 = 3;

impl Notification {
    /// The notification about a job, or about one of its commands.
    pub(crate) fn about(job: &Job, scope: OwedScope, code: u8) -> Self {
        let items = job.items.iter().filter(|item| match scope {
            OwedScope::All => true,
            OwedScope::Command(index) => item.index == index,
        });
        Self {
            id: job.id.to_string(),
            code,
            inputkey: job.source.key.to_string(),
            channelname: None,
            inputbucket: job.source.bucket.to_string(),
            inputfsize: job.size,
            desc: if code == FAILED {
                "fileOperateFailed"
            } else {
                "fileOperateSucceed"
            }
            .to_owned(),
            separate: job.separate.into(),
            items: items.map(|item| item.body.clone()).collect(),
        }
    }

    /// Compact JSON.
    pub fn to_json(&self) -> String {
        // Strings, integers and finite floats: serialising cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The body of the request: base64url of the JSON, padding kept, nothing else.
    pub fn to_body(&self) -> String {
        b64u::encode(self.to_json())
    }
}

/// The code of a command's own notification (7.4): `last` when no other command is outstanding.
pub(crate) fn command_code(status: ItemStatus, last: bool) -> u8 {
    match status {
        _ if last => DONE,
        status if status.is_failure() => FAILED,
        _ => IN_PROGRESS,
    }
}

/// The top code of a status query (5.3): 0 pending, 1 processing, 3 completed, 4 notifying, 5 notification failed,
/// 6 notification succeeded.
pub fn query_code(state: &JobState, deliveries: &[Delivery]) -> u8 {
    let any = |wanted: fn(&DeliveryState) -> bool| {
        deliveries.iter().any(|delivery| wanted(&delivery.state))
    };
    match state {
        JobState::Scheduled { .. } | JobState::Available => 0,
        JobState::Running(_) | JobState::Retryable { .. } => 1,
        JobState::Completed | JobState::Cancelled | JobState::Discarded => {
            if deliveries.is_empty() {
                3
            } else if any(|state| matches!(state, DeliveryState::Due { .. })) {
                4
            } else if any(|state| matches!(state, DeliveryState::GivenUp { .. })) {
                5
            } else {
                6
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use opmill_store::{ItemIndex, Priority, UnixMillis};
    use serde_json::Value;

    use super::*;
    use crate::config::KeyPair;
    use crate::item::{Item, OutputBody};
    use crate::notify::sign::authorization;

    const C_31: &str = r#"{"id":"200500000000000000000000000000000001","code":3,"desc":"fileOperateSucceed","separate":0,"inputkey":"v.mp4","inputbucket":"bkt","inputfsize":1000,"items":[]}"#;
    const C_33: &str = r#"{"id":"1005000000000000000000000000000000a1","code":3,"desc":"fileOperateSucceed","separate":0,"inputkey":"v.mp4","inputbucket":"bkt","inputfsize":20000,"items":[{"cmd":"vframe/jpg/offset/1|saveas/Ymt0Om8uanBn","code":"3","costTime":0,"desc":"fileOperateSucceed","error":null,"fsize":5,"hash":"Fqr0xh3cxeii2r7eDztILNmuqUNN","key":"bkt:o.jpg","url":"http://127.0.0.1:8080/o.jpg","duration":0.0,"bit_rate":"0","resolution":"320X568","detail":[{"fsize":5,"hash":"Fqr0xh3cxeii2r7eDztILNmuqUNN","key":"bkt:o.jpg","url":"http://127.0.0.1:8080/o.jpg","duration":0.0,"bit_rate":"0","resolution":"320X568"}]}]}"#;

    fn pair() -> KeyPair {
        KeyPair::new("testak", "testsk")
    }

    fn job(id: &str, size: u64, items: Vec<Item>) -> Job {
        Job {
            id: id.parse().unwrap(),
            state: JobState::Completed,
            source: "bkt:v.mp4".parse().unwrap(),
            size,
            ops: String::new(),
            out: None,
            notify: None,
            separate: false,
            manages: None,
            items,
            priority: Priority::default(),
            attempts: 1,
            rescues: 0,
            submitted: UnixMillis::new(0),
            updated: UnixMillis::new(0),
            finished: None,
            cancel_requested: false,
            follows: None,
            last_error: None,
            cause: None,
        }
    }

    fn item(index: u32, status: ItemStatus, body: ItemBody) -> Item {
        Item::new(ItemIndex(index), status, body)
    }

    fn frame() -> Item {
        let output = OutputBody {
            fsize: 5,
            hash: "Fqr0xh3cxeii2r7eDztILNmuqUNN".to_owned(),
            key: "bkt:o.jpg".to_owned(),
            url: "http://127.0.0.1:8080/o.jpg".to_owned(),
            duration: 0.0,
            bit_rate: "0".to_owned(),
            resolution: "320X568".to_owned(),
        };
        let body =
            ItemBody::succeeded("vframe/jpg/offset/1|saveas/Ymt0Om8uanBn", &[], vec![output]);
        item(0, ItemStatus::Succeeded, body)
    }

    #[test]
    fn c_31_the_body_is_base64url_of_the_json() {
        assert_eq!(
            b64u::encode(C_31),
            "eyJpZCI6IjIwMDUwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMSIsImNvZGUiOjMsImRlc2MiOiJmaWxlT3BlcmF0ZVN1Y2NlZWQiLCJzZXBhcmF0ZSI6MCwiaW5wdXRrZXkiOiJ2Lm1wNCIsImlucHV0YnVja2V0IjoiYmt0IiwiaW5wdXRmc2l6ZSI6MTAwMCwiaXRlbXMiOltdfQ=="
        );
    }

    #[test]
    fn c_32_the_signature_is_over_the_address_and_the_body_as_sent() {
        let signed = authorization(&pair(), "http://127.0.0.1:9000/notify", &b64u::encode(C_31));
        assert_eq!(
            signed,
            "testak:YjA5ZWYwNzE4OTEyNzhjMDNhY2M2MGZkMTk1NTliYjYzZDgwZGI4Mg=="
        );
        let over_json = authorization(&pair(), "http://127.0.0.1:9000/notify", C_31);
        assert_eq!(
            over_json,
            "testak:ZmZhNTQwNWFkMTQ0NDg1NzA4ZTQyODk5ZDcwODIyZWQ4YWU2ZWIzZQ=="
        );
    }

    #[test]
    fn c_33_a_notification_with_an_item() {
        let body = b64u::encode(C_33);
        assert_eq!(body.len(), 804);
        assert!(body.starts_with("eyJpZCI6IjEwMDUw") && body.ends_with("XX1dfQ=="));
        let signed = authorization(&pair(), "http://127.0.0.1:9000/notify?job=7", &body);
        assert_eq!(
            signed,
            "testak:NzFhZWM5NjA2Njg2NGIwNDg2YmZlOTVlZjA3ZWZmZDY0MjM2NGFlYg=="
        );
    }

    /// The sample of C-33 has neither the captures' `channelname` nor their order of members; the rest is the same.
    #[test]
    fn ours_says_what_the_sample_says() {
        let job = job(
            "1005000000000000000000000000000000a1",
            20_000,
            vec![frame()],
        );
        let ours = Notification::about(&job, OwedScope::All, DONE).to_json();
        let mut expected: Value = serde_json::from_str(C_33).unwrap();
        expected["channelname"] = Value::Null;
        assert_eq!(serde_json::from_str::<Value>(&ours).unwrap(), expected);
        assert!(ours.starts_with(
            r#"{"id":"1005000000000000000000000000000000a1","code":3,"inputkey":"v.mp4","channelname":null,"inputbucket":"bkt","inputfsize":20000,"desc":"fileOperateSucceed","separate":0,"items":[{"cmd":"#
        ));
    }

    #[test]
    fn c_40_codes_and_separate_are_numbers_and_item_codes_are_strings() {
        let failed = item(
            1,
            ItemStatus::Failed,
            ItemBody::failed("bogus", None, "no such op".to_owned()),
        );
        let job = Job {
            separate: true,
            ..job(
                "1005000000000000000000000000000000a1",
                1,
                vec![frame(), failed],
            )
        };
        for (scope, code, items) in [
            (OwedScope::All, DONE, 2),
            (OwedScope::Command(ItemIndex(1)), FAILED, 1),
        ] {
            let body = Notification::about(&job, scope, code).to_body();
            let json: Value = serde_json::from_slice(&b64u::decode(body).unwrap()).unwrap();
            assert!(json["code"].is_u64() && json["separate"] == 1, "{json}");
            assert_eq!(json["items"].as_array().unwrap().len(), items);
            assert!(
                json["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|item| item["code"].is_string()),
                "{json}"
            );
        }
    }

    #[test]
    fn the_code_of_a_commands_own_notification() {
        for (status, last, code) in [
            (ItemStatus::Succeeded, false, 1),
            (ItemStatus::Failed, false, 2),
            (ItemStatus::FailedTransient, false, 2),
            (ItemStatus::Cancelled, false, 2),
            (ItemStatus::Succeeded, true, 3),
            (ItemStatus::Failed, true, 3),
        ] {
            assert_eq!(command_code(status, last), code, "{status:?} last: {last}");
        }
    }
}

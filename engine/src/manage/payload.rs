//! What is told of a job that manages objects (wire.md 7.6): as of other jobs, but for an `items[].code` that is a number, keys
//! without their bucket, and no source.

use opmill_ops::b64u;
use opmill_store::OwedScope;
use serde::{Deserialize, Serialize};

use crate::item::{Item, ItemBody};
use crate::job::Job;
use crate::notify::Notification;

/// A job that manages objects, in the protocol's shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManageNotification {
    /// The job.
    pub id: String,
    /// As in [`Notification::code`].
    pub code: u8,
    /// As in [`Notification::desc`].
    pub desc: String,
    /// 0 or 1.
    pub separate: u8,
    /// What it is about.
    pub items: Vec<ManagedItem>,
}

/// One item of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagedItem {
    /// As it was given.
    pub cmd: String,
    /// 2 failed, 3 succeeded; 0 pending and 1 processing where those are shown.
    pub code: u8,
    /// `fileOperateSucceed` or `fileOperateFailed`, and what else is to be told.
    pub desc: String,
    /// The reason of a failure.
    pub error: Option<String>,
    /// The hash of the object that was made, if one was.
    pub hash: String,
    /// Its size in bytes.
    pub fsize: u64,
    /// Its key, or that of what was changed.
    pub key: String,
    /// Its address.
    pub url: String,
}

impl ManageNotification {
    pub(crate) fn about(job: &Job, scope: OwedScope, code: u8) -> Self {
        let Notification {
            id,
            code,
            desc,
            separate,
            items,
            ..
        } = Notification::about(job, scope, code);
        Self {
            id,
            code,
            desc,
            separate,
            items: items.into_iter().map(ManagedItem::from).collect(),
        }
    }

    /// Compact JSON.
    pub fn to_json(&self) -> String {
        // Strings and integers: serialising cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl From<ItemBody> for ManagedItem {
    fn from(body: ItemBody) -> Self {
        let key = body.key.split_once(':').map_or("", |(_, key)| key);
        Self {
            key: key.to_owned(),
            // Codes are digits.
            code: body.code.parse().unwrap_or_default(),
            cmd: body.cmd,
            desc: body.desc,
            error: body.error,
            hash: body.hash,
            fsize: body.fsize,
            url: body.url,
        }
    }
}

impl From<&Item> for ManagedItem {
    fn from(item: &Item) -> Self {
        item.body.clone().into()
    }
}

/// The body of a notification about any job.
pub(crate) fn body(job: &Job, scope: OwedScope, code: u8) -> String {
    match job.manages {
        Some(_) => b64u::encode(ManageNotification::about(job, scope, code).to_json()),
        None => Notification::about(job, scope, code).to_body(),
    }
}

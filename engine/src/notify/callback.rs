//! Callbacks of uploads (wire.md 4.3 and 4.4): sent while the client waits, and then again in the background until they are
//! taken or there were enough of them. What is still to be tried is on disk.

use std::sync::Arc;
use std::time::Duration;

use opmill_ops::b64u;
use opmill_store::{Message, UnixMillis};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::deliver::{pause, signer};
use super::sign::authorization;
use super::transport::{Answer, Post};
use crate::error::EngineError;
use crate::shared::Shared;
use crate::shutdown::Stage;

/// What a callback's body is, as it says of itself.
pub const CONTENT_TYPE: &str = "application/x-www-form-urlencoded";
/// What stays as it is in a form.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// Messages looked at per turn.
const LOOKAHEAD: usize = 256;

/// A callback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// Where to, exactly as the customer wrote it.
    pub url: String,
    /// What it says, before it is encoded; this is what is signed.
    pub text: String,
    /// The text is the whole body, not the field `callbackBody` of a form.
    #[serde(default)]
    pub raw: bool,
    /// The pair that signs it, if the engine has it.
    pub access_key: String,
}

/// What became of a callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallbackOutcome {
    /// The receiver took it, and answered so.
    Taken {
        /// Its body, which is JSON.
        answer: String,
    },
    /// It was not taken so far; it is tried again in the background.
    NotTaken {
        /// The `Authorization` that was sent.
        token: String,
        /// What the receiver answered; 0 if nothing.
        status: u16,
        /// Why, in a sentence.
        reason: String,
    },
}

impl Callback {
    fn post(&self, shared: &Shared) -> Result<Post, EngineError> {
        let pair = signer(&shared.config.keys, Some(&self.access_key));
        let pair = pair.ok_or(EngineError::NoKeyPair)?;
        let encoded = utf8_percent_encode(&self.text, PLAIN);
        Ok(Post {
            authorization: authorization(pair, &self.url, &b64u::encode(&self.text)),
            url: self.url.clone(),
            content_type: CONTENT_TYPE,
            body: match self.raw {
                true => encoded.to_string(),
                false => format!("callbackBody={encoded}"),
            },
        })
    }
}

/// Sends a callback, and again at once as often as the configuration says; what is left is owed.
pub(crate) async fn send(
    shared: &Shared,
    callback: Callback,
) -> Result<CallbackOutcome, EngineError> {
    let post = callback.post(shared)?;
    let mut failed = 0;
    loop {
        let began = shared.now();
        let (status, reason) = match attempt(shared, post.clone()).await {
            Ok(answer) => return Ok(CallbackOutcome::Taken { answer }),
            Err(failure) => failure,
        };
        failed += 1;
        match pause(&shared.config.notify, failed) {
            Some(Duration::ZERO) => continue,
            Some(pause) => owe(shared, &callback, failed, began.plus(pause)).await?,
            None => {}
        }
        return Ok(CallbackOutcome::NotTaken {
            token: post.authorization,
            status,
            reason,
        });
    }
}

async fn owe(
    shared: &Shared,
    callback: &Callback,
    attempts: u32,
    due: UnixMillis,
) -> Result<(), EngineError> {
    // Texts and a flag: there is nothing JSON cannot hold.
    let text = serde_json::to_string(callback).unwrap_or_default();
    shared
        .store(move |store| store.owe_message(text, attempts, due))
        .await?;
    shared.timetable.comes_due(due);
    Ok(())
}

/// One try: the receiver's body, or its status and what is wrong with it.
async fn attempt(shared: &Shared, post: Post) -> Result<String, (u16, String)> {
    match shared.transport.post(post).await {
        Ok(Answer { status: 200, body }) => match serde_json::from_slice(&body) {
            Ok(serde_json::Value::Null) | Err(_) => {
                Err((200, "the receiver did not answer with JSON".to_owned()))
            }
            Ok(_) => Ok(String::from_utf8_lossy(&body).into_owned()),
        },
        Ok(Answer { status, .. }) => Err((
            status,
            format!(
                "the receiver answered {status}; a callback is taken by answering 200 and JSON"
            ),
        )),
        Err(error) => Err((0, error.to_string())),
    }
}

/// Sends what is owed until the engine is interrupted. A request under way is then dropped; it is still owed.
pub(crate) async fn run(shared: Arc<Shared>) {
    loop {
        let mut rung = std::pin::pin!(shared.messages.notified());
        rung.as_mut().enable();
        let due = match shared.store(|store| store.due_messages(LOOKAHEAD)).await {
            Ok(due) => due,
            Err(EngineError::Closed | EngineError::Broken { .. }) => return,
            // The scheduler rings again.
            Err(error) => {
                tracing::error!(
                    error = error.report(),
                    "cannot read the callbacks that are owed"
                );
                Vec::new()
            }
        };
        let any = !due.is_empty();
        let mut under_way = JoinSet::new();
        for message in due {
            if under_way.len() >= shared.config.notify.parallel {
                under_way.join_next().await;
            }
            under_way.spawn(again(Arc::clone(&shared), message));
        }
        // When the engine is interrupted they end on their own, with nothing half noted.
        under_way.join_all().await;
        tokio::select! {
            () = std::future::ready(()), if any && shared.stage() < Stage::Interrupting => {}
            () = rung => {}
            () = shared.reached(Stage::Interrupting) => return,
        }
    }
}

/// A spaced retry.
async fn again(shared: Arc<Shared>, message: Message) {
    // Tries are as far apart as the pauses say, however long each takes.
    let began = shared.now();
    let outcome = match serde_json::from_str::<Callback>(&message.text) {
        Ok(callback) => match callback.post(&shared) {
            Ok(post) => tokio::select! {
                outcome = attempt(&shared, post) => outcome.map_err(|(_, reason)| reason),
                // It is still owed.
                () = shared.reached(Stage::Interrupting) => return,
            },
            Err(error) => Err(error.report()),
        },
        Err(error) => Err(format!("its record is damaged: {error}")),
    };
    let (id, failed) = (message.id, message.attempts + 1);
    let noted = match outcome {
        Ok(_) => shared.store(move |store| store.message_over(id)).await,
        Err(reason) => {
            tracing::warn!(message = %id, reason, "a callback was not taken");
            match pause(&shared.config.notify, failed) {
                Some(pause) => {
                    let next = began.plus(pause);
                    let noted = shared
                        .store(move |store| store.message_failed(id, reason, next))
                        .await;
                    shared.timetable.comes_due(next);
                    noted
                }
                None => {
                    tracing::warn!(message = %id, "a callback is given up");
                    shared.store(move |store| store.message_over(id)).await
                }
            }
        }
    };
    if let Err(error) = noted {
        tracing::error!(error = error.report(), "cannot note how a callback went");
        // It is still due. Without a pause this would become a flood at the receiver.
        let later = shared.now().plus(shared.config.notify.spacing);
        tokio::select! {
            () = shared.clock.sleep_until(later) => {}
            () = shared.reached(Stage::Interrupting) => {}
        }
    }
}

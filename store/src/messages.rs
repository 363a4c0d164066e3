//! Messages owed on their own, not for a job: the callbacks of uploads. They stay owed across restarts until they are taken
//! or given up; then they are forgotten.

use crate::Store;
use crate::error::StoreError;
use crate::id::{MessageId, UnixMillis};
use crate::key;
use crate::limits::{fits, short};
use crate::record::Parts;
use crate::record::v1::Counter;
use crate::trees::{Name, TxResult};
use crate::tx::Tx;

/// Key in `meta` of the number the next message gets.
pub(crate) const NEXT_MESSAGE: &[u8] = b"next-message";
/// Longest text of a message, in bytes.
const LONGEST_MESSAGE: usize = 1 << 20;

/// A message that is owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id, the same at every try.
    pub id: MessageId,
    /// What is to be sent where; the store does not look into it.
    pub text: String,
    /// Tries that failed so far.
    pub attempts: u32,
    /// When it is to be tried again.
    pub due: UnixMillis,
    /// When it came to be owed.
    pub created: UnixMillis,
    /// Why the latest try failed.
    pub last_error: Option<String>,
}

impl Store {
    /// Owes a message that was tried `attempts` times in vain, due at `due`.
    pub fn owe_message(
        &self,
        text: String,
        attempts: u32,
        due: UnixMillis,
    ) -> Result<MessageId, StoreError> {
        fits("the message", &text, LONGEST_MESSAGE)?;
        let created = self.now();
        let writer = self.writer()?;
        self.commit(writer, |tx| {
            let Counter { next } = tx
                .get(Name::Meta, NEXT_MESSAGE)?
                .unwrap_or(Counter { next: 1 });
            tx.put(Name::Meta, NEXT_MESSAGE, &Counter { next: next + 1 })?;
            let message = Message {
                id: MessageId(next),
                text: text.clone(),
                attempts,
                due,
                created,
                last_error: None,
            };
            tx.put_message(&message)?;
            Ok(message.id)
        })
    }

    /// Messages whose time has come, longest due first, at most `limit`.
    pub fn due_messages(&self, limit: usize) -> Result<Vec<Message>, StoreError> {
        let now = self.now();
        let _quiet = self.quiet();
        let mut due = Vec::new();
        for pair in self.inner.trees.scan(Name::MessagesDue) {
            let (key, _) = pair?;
            let (at, id) =
                key::read_message_at(&key).ok_or_else(|| Name::MessagesDue.bad_key(&key))?;
            if at > now || due.len() >= limit {
                break;
            }
            due.extend(self.message(id)?);
        }
        Ok(due)
    }

    /// How many messages are owed.
    pub fn messages_owed(&self) -> Result<usize, StoreError> {
        let owed = self.inner.trees.scan(Name::MessagesDue);
        owed.map(|pair| pair.map(|_| 1)).sum()
    }

    /// It was taken, or is given up: it is forgotten.
    pub fn message_over(&self, id: MessageId) -> Result<(), StoreError> {
        let writer = self.writer()?;
        let known = self.message(id)?;
        self.commit(writer, |tx| match &known {
            Some(message) => tx.remove_message(message),
            None => Ok(()),
        })
    }

    /// A try failed: due again at `next`. Counts the attempt.
    pub fn message_failed(
        &self,
        id: MessageId,
        error: String,
        next: UnixMillis,
    ) -> Result<(), StoreError> {
        let error = short(error);
        let writer = self.writer()?;
        let Some(message) = self.message(id)? else {
            return Ok(());
        };
        self.commit(writer, |tx| {
            tx.remove_message(&message)?;
            tx.put_message(&Message {
                attempts: message.attempts + 1,
                due: next,
                last_error: Some(error.clone()),
                ..message.clone()
            })
        })
    }

    fn message(&self, id: MessageId) -> Result<Option<Message>, StoreError> {
        let mut parts = Parts::<Message>::new();
        for pair in self
            .inner
            .trees
            .scan_prefix(Name::Messages, &key::message(id))
        {
            let (key, value) = pair?;
            let message = parts
                .push(&value)
                .map_err(|flaw| Name::Messages.flaw(&key, flaw))?;
            if message.is_some() {
                return Ok(message);
            }
        }
        Ok(None)
    }
}

impl Tx<'_> {
    pub(crate) fn put_message(&self, message: &Message) -> TxResult<()> {
        let due = key::message_at(message.due, message.id);
        self.put_raw(Name::MessagesDue, &due, Vec::new())?;
        self.put_document(Name::Messages, &key::message(message.id), message)
    }

    fn remove_message(&self, message: &Message) -> TxResult<()> {
        let due = key::message_at(message.due, message.id);
        self.remove(Name::MessagesDue, &due)?;
        self.remove_document(Name::Messages, &key::message(message.id))
    }
}

//! A job as the store keeps it: the JSON behind [`NewJob::spec`](opmill_store::NewJob). Written by `submit`, read by
//! everyone who has a job in hand.
//!
//! Named members, so that a newer engine reads what an older one wrote: new members get a serde default.

use std::path::PathBuf;

use opmill_ops::{Command, Entry, SyntaxError};
use opmill_store::{Job, JobId};
use serde::{Deserialize, Serialize};

use crate::error::EngineError;
use crate::manage::{self, Managed, Task};
use crate::target;

/// What a job is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spec {
    /// The source object.
    pub source: Entry,
    /// Its size at submission.
    pub size: u64,
    /// The op string as given.
    pub ops: String,
    /// Folder of the buckets the configuration does not name, and of results without `saveas`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out: Option<PathBuf>,
    /// Where notifications go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<String>,
    /// One notification per command.
    #[serde(default)]
    pub separate: bool,
    /// Parameters that an op does not know are passed over with a warning.
    #[serde(default, skip_serializing_if = "is_false")]
    pub lenient: bool,
    /// Items say how their command was carried out, and why so.
    #[serde(default, skip_serializing_if = "is_false")]
    pub explain: bool,
    /// The pair that created the job, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_key: Option<String>,
    /// Its commands are not ops but manage objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manage: Option<Managed>,
}

impl Spec {
    /// What the store kept of `job`.
    pub fn of(job: &Job) -> Result<Self, EngineError> {
        serde_json::from_str(&job.spec).map_err(|error| damaged(job.id, error.to_string()))
    }

    /// What a job that manages objects is to do with them.
    pub fn tasks(&self, job: JobId, managed: Managed) -> Result<Vec<Task>, EngineError> {
        manage::read(managed.verb, &self.ops).map_err(|error| damaged(job, error.to_string()))
    }

    /// What is shown of the commands of any job.
    pub fn shown(&self, job: JobId) -> Result<Vec<Shown>, EngineError> {
        let Some(managed) = self.manage else {
            let shown = |command: Command| Shown {
                target: target::shown(&command, self),
                text: command.text,
            };
            return Ok(self.commands(job)?.into_iter().map(shown).collect());
        };
        let tasks = self.tasks(job, managed)?;
        let texts = manage::texts(&self.ops).into_iter().zip(tasks);
        let shown = |(text, task): (&str, Task)| Shown {
            text: text.to_owned(),
            target: task.target().cloned(),
        };
        Ok(texts.map(shown).collect())
    }

    /// The form the store keeps.
    pub fn to_json(&self) -> String {
        // Strings, numbers and paths that came from strings: there is nothing JSON cannot hold.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The commands of the op string; it was parsed before the job was taken. None of a job that manages objects.
    pub fn commands(&self, job: JobId) -> Result<Vec<Command>, EngineError> {
        if self.manage.is_some() {
            return Ok(Vec::new());
        }
        parse(&self.ops, self.lenient).map_err(|error| damaged(job, error.to_string()))
    }
}

/// What is shown of a command: its text, and its target as far as one can be told.
pub(crate) struct Shown {
    pub text: String,
    pub target: Option<Entry>,
}

/// Reads an op string as strictly as the configuration was when the job came in.
pub(crate) fn parse(ops: &str, lenient: bool) -> Result<Vec<Command>, SyntaxError> {
    match lenient {
        true => opmill_ops::parse_lenient(ops),
        false => opmill_ops::parse(ops),
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn damaged(job: JobId, reason: String) -> EngineError {
    EngineError::Damaged { job, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Others read it that know nothing of managing objects.
    #[test]
    fn the_spec_of_ops_says_nothing_of_managing() {
        let text = r#"{"source":"bkt:v.mp4","size":9,"ops":"avthumb/mp4","separate":false}"#;
        let spec: Spec = serde_json::from_str(text).unwrap();
        assert_eq!(spec.to_json(), text);
    }

    #[test]
    fn a_spec_written_with_fewer_members_still_reads() {
        let spec: Spec =
            serde_json::from_str(r#"{"source":"bkt:v.mp4","size":9,"ops":"avthumb/mp4"}"#).unwrap();
        assert_eq!(
            (spec.size, spec.separate, spec.notify.as_deref(), spec.out),
            (9, false, None, None)
        );
    }

    #[test]
    fn a_spec_reads_back_as_written() {
        let spec = Spec {
            source: serde_json::from_str("\"@local:srv/clip.mp4\"").unwrap(),
            size: 20_000,
            ops: "avthumb/mp4;vframe/jpg".to_owned(),
            out: Some(PathBuf::from("/srv/out")),
            notify: Some("http://example.com/?a=1".to_owned()),
            separate: true,
            lenient: true,
            explain: true,
            access_key: Some("ak".to_owned()),
            manage: Some(Managed {
                verb: manage::Verb::DeletePlaylist,
                force: true,
            }),
        };
        assert_eq!(serde_json::from_str::<Spec>(&spec.to_json()).unwrap(), spec);
    }
}

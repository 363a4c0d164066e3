//! Brings what is at an address here: streamed to the disk, checked, and unpacked if that is asked for.

use std::sync::mpsc;

use md5::{Digest as _, Md5};
use opmill_ops::op::Folder;
use opmill_ops::{Decompression, Entry, Environment, Name, Op, OpsError, Output, Pipeline, Task};

use super::grammar::Unpack;
use super::run::Context;
use crate::cause::Cause;
use crate::item::Made;
use crate::notify::sign::hex;
use crate::notify::transport::{TransportError, failed};
use crate::processor::Failure;
use crate::storage::Hashed;
use crate::web::WebError;

pub(super) async fn run(
    context: &Context<'_>,
    url: &str,
    to: &Entry,
    md5: Option<&str>,
    unpack: Option<Unpack>,
) -> Result<(Made, Option<String>), Failure> {
    let fetched = bring(context, url, md5).await?;
    match unpack {
        None => Ok((context.put(fetched, to, context.force).await?, None)),
        Some(unpack) => unpacked(context, fetched, to, unpack).await,
    }
}

async fn bring(context: &Context<'_>, url: &str, md5: Option<&str>) -> Result<Hashed, Failure> {
    let mut answer = context.shared.web.get(url).await.map_err(refused)?;
    let status = answer.status();
    if !status.is_success() {
        let message = format!("{url} answers {}", status.as_u16());
        return Err(match status.is_server_error() || status.as_u16() == 429 {
            true => Failure::transient(message),
            false => Failure::permanent(message).because(Cause::Source),
        });
    }
    let limit = context.shared.config.limits.output_bytes;
    let mut incoming = context.storage.receive(limit).await?;
    let mut sum = Md5::new();
    let broke =
        |error| Failure::transient(format!("{url} stops in the middle: {}", failed(&error)));
    while let Some(chunk) = answer.chunk().await.map_err(broke)? {
        if md5.is_some() {
            sum.update(&chunk);
        }
        incoming.write(chunk).await?;
    }
    let sum = hex(&sum.finalize());
    match md5.filter(|md5| *md5 != sum) {
        Some(md5) => Err(Failure::permanent(format!(
            "the MD5 of what is at {url} is {sum}, not {md5}"
        ))
        .because(Cause::Source)),
        None => Ok(incoming.hashed().await?),
    }
}

fn refused(error: WebError) -> Failure {
    let message = error.to_string();
    match error {
        WebError::Address { .. }
        | WebError::Hops
        | WebError::Refused(TransportError::Private { .. }) => {
            Failure::permanent(message).because(Cause::Parameter)
        }
        WebError::Timeout { .. } | WebError::Refused(TransportError::Failed(_)) => {
            Failure::transient(message)
        }
    }
}

/// The members become objects; what was fetched does not.
async fn unpacked(
    context: &Context<'_>,
    fetched: Hashed,
    to: &Entry,
    unpack: Unpack,
) -> Result<(Made, Option<String>), Failure> {
    let folder = Folder {
        bucket: to.bucket.clone(),
        path: unpack.folder,
    };
    let op = Decompression {
        dir: Some(folder),
        ..Decompression::new(unpack.format)
    };
    let pipeline = Pipeline {
        ops: vec![Op::Decompression(op)],
        saveas: None,
    };
    let task = Task {
        source: to.clone(),
        ..Task::new(0, pipeline, context.folder()?)
    };
    let (limits, cancel) = (context.shared.config.limits.clone(), context.cancel.clone());
    let work = move |_: &_| {
        let (sender, receiver) = mpsc::channel();
        let environment = Environment {
            limits: &limits,
            threads: 1,
            cancel: &cancel,
            progress: &|_| (),
            explain: &|_, _| (),
        };
        opmill_ops::run(fetched.path(), vec![task], &environment, &mut |_, made| {
            // The receiver is right here.
            let _ = sender.send(made);
        });
        Ok(receiver.recv().unwrap_or(Err(OpsError::NothingDecoded)))
    };
    let outputs: Vec<Output> = context.shared.blocking(work).await??;
    let mut count = 0_usize;
    let mut list = Made::below(&to.bucket, "");
    if !context.force && !context.again {
        // Seen before the first one is stored.
        for output in &outputs {
            let entry = match &output.name {
                Name::Entry(entry) => entry,
                _ if unpack.list => to,
                _ => continue,
            };
            if context.storage.stat(entry).await?.is_some() {
                let entry = entry.clone();
                return Err(crate::EngineError::ObjectExists { entry }.into());
            }
        }
    }
    for output in outputs {
        let entry = match &output.name {
            Name::Entry(entry) => entry,
            // The list of the members, for whoever gave it a name.
            _ if unpack.list => to,
            _ => continue,
        };
        let hashed = context.storage.take(output.path.clone()).await?;
        let made = context.put(hashed, entry, context.force).await?;
        match &output.name {
            Name::Entry(_) => count += 1,
            _ => list = made,
        }
    }
    Ok((list, Some(format!("{count} files unpacked"))))
}

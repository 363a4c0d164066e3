//! The op language and its execution: text and bytes in, bytes out. Synchronous, no clock, no network.
//!
//! [`parse`] turns an op string into typed [`Command`]s, [`probe`] says what a file is, and [`run`] executes commands
//! on one source file, sharing a decode between those that can.
#![deny(unsafe_code)]

pub mod archive;
mod av;
pub mod b64u;
pub mod cancel;
pub mod entry;
pub mod error;
mod frames;
pub mod grammar;
pub mod limits;
pub mod op;
mod plan;
mod playlist;
mod probe;
mod quote;
pub mod reference;
mod run;
mod stage;
mod still;
mod text;

pub use archive::Format as ArchiveFormat;
pub use av::AvError;
pub use cancel::Cancel;
pub use entry::{BucketName, Entry, EntryError, Key, ObjectRef};
pub use error::{ArchiveError, BadName, CommandError, Disposition, OpsError, SyntaxError};
pub use grammar::{Command, Pipeline, SaveAs, Span, Template, expand, parse, parse_lenient};
pub use limits::Limits;
pub use op::{Avconcat, Avthumb, Decompression, Getapic, ImageView2, Op, Vframe, Vsample};
pub use probe::{Probe, probe};
/// Keeps encoders from writing to stderr on their own. To be called by a program before it starts threads; later it does
/// nothing.
pub fn quiet_encoders() {
    av::sys::quiet_svt();
}

pub use run::{Environment, Name, Output, Phase, Progress, Task, run};
pub use still::info::{ExifField, ImageInfo, exif, image_info};

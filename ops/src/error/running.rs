//! What goes wrong while a command runs, and whether another attempt would help.

use std::io;
use std::path::{Path, PathBuf};

use super::{ArchiveError, CommandError};
use crate::av::AvError;
use crate::quote::quoted;

/// Why a command did not give its outputs.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum OpsError {
    /// The command was wrong from the start.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The archive cannot be unpacked.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// No demuxer knows the bytes.
    #[error("the source is not media: {reason}")]
    NotMedia {
        /// What was found instead.
        reason: String,
    },
    /// The file's own index points past its end.
    #[error(
        "the source is truncated: it ends at byte {size}, but its index goes on to byte {needed}"
    )]
    Truncated {
        /// Bytes there are.
        size: u64,
        /// Bytes there should be.
        needed: u64,
    },
    /// A picture is larger than the limit.
    #[error("the picture is {width}x{height}; the limit is {limit} pixels")]
    TooLarge {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// `Limits::pixels`.
        limit: u64,
    },
    /// A command asks for more pictures than the limit.
    #[error(
        "the command asks for {count} pictures; the limit is {limit}: ask for fewer, or for a longer `interval`"
    )]
    TooManyPictures {
        /// Pictures there would be.
        count: u64,
        /// `Limits::pictures`.
        limit: u32,
    },
    /// A sheet of pictures would be larger than the limit.
    #[error(
        "a sheet of {rows} rows and {columns} columns of {cell_width}x{cell_height} pictures is {width}x{height}; the limit is {limit} pixels and 65535 a side: ask for smaller pictures or fewer of them on a sheet"
    )]
    SheetTooLarge {
        /// Pixels.
        width: u64,
        /// Pixels.
        height: u64,
        /// Rows of the sheet.
        rows: u32,
        /// Columns of the sheet.
        columns: u32,
        /// Pixels of one picture.
        cell_width: u32,
        /// Pixels of one picture.
        cell_height: u32,
        /// `Limits::pixels`.
        limit: u64,
    },
    /// More streams than the limit.
    #[error("the source has {count} streams; the limit is {limit}")]
    TooManyStreams {
        /// Streams found.
        count: usize,
        /// `Limits::streams`.
        limit: u32,
    },
    /// The source runs longer than the limit.
    #[error("the source is longer than the limit of {limit} seconds")]
    TooLong {
        /// `Limits::seconds`.
        limit: u64,
    },
    /// The output grew beyond the limit.
    #[error("the output is larger than the limit of {limit} bytes")]
    OutputTooLarge {
        /// `Limits::output_bytes`.
        limit: u64,
    },
    /// The output was cut into more files than the limit.
    #[error("the output is cut into more than {limit} files; a longer `segtime` makes fewer")]
    TooManyFiles {
        /// `Limits::files`.
        limit: u64,
    },
    /// Whole addresses are wanted, and there is none to begin them with.
    #[error(
        "`noDomain/0` wants whole addresses, but the folder of the target has none; give one with `domain`"
    )]
    NoAddress,
    /// The source lacks what the command needs.
    #[error("the source has no {kind} stream")]
    NoStream {
        /// "video", "audio", "audio or video".
        kind: &'static str,
    },
    /// The source has no picture inside it.
    #[error("the source has no embedded picture")]
    NoCover,
    /// A time parameter lies behind the end of the source.
    #[error("`{parameter}` is {offset:.3} s, but the source ends at {end:.3} s")]
    PastEnd {
        /// The parameter.
        parameter: &'static str,
        /// Its value in seconds.
        offset: f64,
        /// Where the source ends, in seconds.
        end: f64,
    },
    /// The samples are encrypted.
    #[error("stream {stream} of the source is encrypted, and there is no key for it")]
    Encrypted {
        /// Index of the stream.
        stream: usize,
    },
    /// The installed FFmpeg cannot decode the codec.
    #[error("the installed FFmpeg has no decoder for {codec} (stream {stream})")]
    DecoderMissing {
        /// Index of the stream.
        stream: usize,
        /// Codec name.
        codec: String,
    },
    /// The installed FFmpeg lacks an encoder.
    #[error(
        "the installed FFmpeg has no encoder {encoder}; {}",
        where_to_get(encoder)
    )]
    EncoderMissing {
        /// libav's name.
        encoder: &'static str,
    },
    /// The installed FFmpeg lacks a filter.
    #[error(
        "the installed FFmpeg has no filter {name}; a build of FFmpeg with it is needed (Debian: package libavfilter-extra)"
    )]
    FilterMissing {
        /// libav's name.
        name: &'static str,
    },
    /// The pictures are more than a level of H.264 allows.
    #[error(
        "`h264Level` is {level}, which pictures of {width}x{height} at {rate:.3} frames per second do not fit into; give a higher one, or a smaller `s` or `r`"
    )]
    AboveLevel {
        /// The level.
        level: &'static str,
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// Frames per second; 0 when the source does not tell.
        rate: f64,
    },
    /// The picture does not lie inside what it is to be laid on.
    #[error(
        "`{parameter}` is {given}, but the picture is {picture} pixels {measure} and begins at {place}"
    )]
    PadTooSmall {
        /// `padW` or `padH`.
        parameter: &'static str,
        /// Its value.
        given: u32,
        /// "wide" or "high".
        measure: &'static str,
        /// Pixels of the picture in that direction.
        picture: u32,
        /// Where the picture begins.
        place: u32,
    },
    /// A stream of the source gave no frame.
    #[error("stream {stream} ({codec}) cannot be decoded: {reason}")]
    Decode {
        /// Index of the stream.
        stream: usize,
        /// Codec name.
        codec: String,
        /// libav's reason.
        reason: AvError,
    },
    /// Nothing came out of the source within the part that was asked for.
    #[error("no picture and no sound came out of the part of the source that was asked for")]
    NothingDecoded,
    /// A filter graph could not be made or failed at work.
    #[error("the filters `{chain}` failed: {reason}")]
    Filter {
        /// The graph in libav's syntax.
        chain: String,
        /// libav's reason.
        reason: AvError,
    },
    /// An encoder could not be opened or failed at work.
    #[error("the encoder {encoder} failed: {reason}")]
    Encode {
        /// libav's name.
        encoder: &'static str,
        /// libav's reason.
        reason: AvError,
    },
    /// `copy` was asked for, but the container cannot hold the source's codec.
    #[error(
        "`copy` cannot put {codec} into {container}; leave `copy` out to encode it anew, or choose another container"
    )]
    CannotCopy {
        /// Codec of the source.
        codec: String,
        /// Container wanted.
        container: &'static str,
    },
    /// `copy` was asked for, but the source does not tell enough for it.
    #[error(
        "stream {stream} of the source does not say when its pictures are shown, so they cannot be copied; leave `copy` out to encode them anew"
    )]
    Untimed {
        /// Index of the stream.
        stream: usize,
    },
    /// `copy` was asked for, but nobody knows what is to be copied.
    #[error("stream {stream} ({codec}) cannot be copied: the source does not say {missing}")]
    NotDescribed {
        /// Index of the stream.
        stream: usize,
        /// Codec of the source.
        codec: String,
        /// What every container has to say of a stream.
        missing: &'static str,
    },
    /// A picture is longer or wider than its encoder can take.
    #[error(
        "the picture is {width}x{height}; {encoder} takes at most {limit} pixels a side, so a smaller size has to be named"
    )]
    SideTooLong {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// libav's name.
        encoder: &'static str,
        /// Pixels.
        limit: u32,
    },
    /// The container cannot hold what the encoder makes.
    #[error("{container} cannot hold what {codec} makes")]
    CannotHold {
        /// The encoder.
        codec: &'static str,
        /// Container wanted.
        container: &'static str,
    },
    /// One stream gave nothing while another went on and on.
    #[error(
        "one stream of the source begins so much later than another that {limit} bytes of output would have to wait for it"
    )]
    StreamsTooFarApart {
        /// Bytes that may wait.
        limit: usize,
    },
    /// The container could not be written.
    #[error("writing {container} failed: {reason}")]
    Mux {
        /// Container wanted.
        container: &'static str,
        /// libav's reason.
        reason: AvError,
    },
    /// The bytes are no picture of a format that can be read.
    #[error("the source is not a picture: {reason}")]
    NotAPicture {
        /// What was found instead.
        reason: String,
    },
    /// A picture file that cannot be decoded.
    #[error("the picture cannot be decoded: {reason}")]
    PictureDamaged {
        /// The decoder's reason.
        reason: String,
    },
    /// A picture could not be encoded.
    #[error("the picture cannot be encoded: {reason}")]
    Picture {
        /// The encoder's reason.
        reason: String,
    },
    /// The source could not be opened or read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// The source.
        path: PathBuf,
        /// The operating system's reason.
        reason: AvError,
    },
    /// A file could not be read.
    #[error("cannot read {}: {kind}", path.display())]
    ReadFile {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        kind: io::ErrorKind,
        /// Its number, where there is one.
        errno: Option<i32>,
    },
    /// Reading stopped in the middle.
    #[error("reading the source stopped before its end: {reason}")]
    ReadStopped {
        /// The operating system's reason.
        reason: AvError,
    },
    /// The output could not be written.
    #[error("cannot write {}: {reason}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        reason: AvError,
    },
    /// Whoever runs the command did not bring an object it names.
    #[error("the object {object} is not there")]
    ObjectMissing {
        /// Its name in the command.
        object: String,
    },
    /// An object that the command names is there, but is not what it should be.
    #[error("the {role} {object} cannot be used: {}", reason.to_string().replace("the source", "it"))]
    Object {
        /// What the object is to the command: "watermark", "subtitle".
        role: &'static str,
        /// Its name in the command.
        object: String,
        /// What is wrong with it, as if it were the source.
        reason: Box<OpsError>,
    },
    /// A file has no subtitles that can be put in.
    #[error("the source holds no subtitles that can be read: {reason}")]
    NotSubtitles {
        /// What is wrong.
        reason: String,
    },
    /// No font is installed.
    #[error(
        "no font is installed to write text with; install one (Debian: package fonts-dejavu-core, and fonts-noto-cjk for \
         Chinese, Japanese and Korean)"
    )]
    NoFont,
    /// The font that the command names is not installed.
    #[error(
        "the font {} is not installed; leave `wmFont` out, or install it",
        crate::quote::quoted(name)
    )]
    FontMissing {
        /// Its name in the command.
        name: String,
    },
    /// No font has a character of a text.
    #[error("no installed font has the character {}; install one that has it (Debian: package {package})", crate::quote::quoted(&character.to_string()))]
    GlyphMissing {
        /// The character.
        character: char,
        /// A package with such a font.
        package: &'static str,
    },
    /// The output could not be written.
    #[error("cannot write {}: {kind}", path.display())]
    WriteFile {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        kind: io::ErrorKind,
        /// Its number, where there is one.
        errno: Option<i32>,
    },
    /// libav ran out of memory.
    #[error("out of memory: {reason}")]
    Memory {
        /// libav's reason.
        reason: AvError,
    },
    /// One of several files to be joined cannot serve.
    #[error("part {number} ({}): {reason}", quoted(name))]
    Part {
        /// Its place in the output, from 1.
        number: usize,
        /// Its name in the command.
        name: String,
        /// What is wrong with it.
        reason: Box<OpsError>,
    },
    /// A part cannot follow another one without being encoded.
    #[error(
        "{difference} as in part 1, so the packets of one cannot follow those of the other; write `mode/2` to encode all parts anew"
    )]
    Unlike {
        /// What it is like, and what it is not like: "its video is 320x240, not 640x360".
        difference: String,
    },
    /// The container does not hold the codec of the parts.
    #[error(
        "`mode/1` cannot put {codec} into {container}; write `mode/2` to encode all parts anew, or choose another container"
    )]
    CannotJoin {
        /// Codec of the parts.
        codec: String,
        /// Container wanted.
        container: &'static str,
    },
    /// The order does not fit the files to be joined.
    #[error(
        "`concatorder` has {numbers} numbers, but {files} files are to be joined: the source {}",
        if *listed { "is one of those listed" } else { "and those listed" }
    )]
    OrderUnfit {
        /// Numbers given.
        numbers: usize,
        /// Files there are.
        files: usize,
        /// The source is in the list.
        listed: bool,
    },
    /// A place is given for a source that has one already.
    #[error(
        "`index` is the place of a source that is not in the list, but {} is the source",
        quoted(name)
    )]
    SourceListed {
        /// Its name in the list.
        name: String,
    },
    /// Copied pictures cannot begin with some that are not to be seen.
    #[error(
        "its first pictures are hidden by an edit list, so it cannot follow another part as it is; write `mode/2` to encode all parts anew"
    )]
    HiddenStart,
    /// Told to stop.
    #[error("stopped before it was finished")]
    Cancelled,
    /// A bug was hit; the command is given up, the engine goes on.
    #[error("the command hit a bug in opmill or in FFmpeg and was given up")]
    Panicked,
}

/// What would bring an encoder that is missing.
fn where_to_get(encoder: &str) -> &'static str {
    match encoder {
        "libvvenc" => {
            "FFmpeg 7.1 or later is needed, built with --enable-libvvenc (Debian 12 has no package of VVenC)"
        }
        "libfdk_aac" => {
            "no package of Debian has it, as its licence forbids to pass it on with FFmpeg: build FFmpeg with it, or leave `aprofile` at aac_low or aac_main"
        }
        _ => "a build of FFmpeg with it is needed (Debian: package libavcodec-extra)",
    }
}

/// What a failed command needs: another attempt, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// The cause may pass: try again later.
    Retry,
    /// It would fail every time.
    Fail,
    /// It was told to stop; the attempt does not count.
    Interrupted,
}

impl OpsError {
    /// The error of the standard library on a file to read.
    pub fn read_file(path: &Path, error: &io::Error) -> Self {
        Self::ReadFile {
            path: path.to_owned(),
            kind: error.kind(),
            errno: error.raw_os_error(),
        }
    }

    /// The same of one of several files; `number` counts them from 0. A stop is no file's fault.
    pub(crate) fn of_part(self, number: usize, name: &str) -> Self {
        match self {
            Self::Cancelled => Self::Cancelled,
            reason => Self::Part {
                number: number + 1,
                name: name.to_owned(),
                reason: Box::new(reason),
            },
        }
    }

    /// The error of the standard library on a file of ours.
    pub fn write_file(path: &Path, error: &io::Error) -> Self {
        Self::WriteFile {
            path: path.to_owned(),
            kind: error.kind(),
            errno: error.raw_os_error(),
        }
    }

    /// What is to be done about it. What the machine lacks for the moment (space, memory, rights, a readable disk) may
    /// come back; what the source or the command is stays.
    pub fn disposition(&self) -> Disposition {
        match self {
            Self::Part { reason, .. } => reason.disposition(),
            Self::Cancelled => Disposition::Interrupted,
            Self::Object { reason, .. } => reason.disposition(),
            Self::Read { .. }
            | Self::ReadFile { .. }
            | Self::ReadStopped { .. }
            | Self::Write { .. }
            | Self::WriteFile { .. }
            | Self::Memory { .. } => Disposition::Retry,
            _ => Disposition::Fail,
        }
    }
}

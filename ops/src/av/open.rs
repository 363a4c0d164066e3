//! Opens a source for reading: only plain files, only container formats that cannot name other files, within limits.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::context::StreamIo;

use super::AvError;
use super::sys::{self, Medium};
use crate::probe::Probe;
use crate::{Cancel, Limits, OpsError};

/// Demuxers a source may use. Left out on purpose: everything that opens further files or addresses (hls, dash, concat,
/// sdp, rtsp, image2, lavfi) and everything that takes any text for media (tty, subtitle formats).
const FORMATS: &str = "mov,matroska,webm,mpegts,mpeg,mpegvideo,flv,live_flv,avi,asf,rm,ogg,mp3,aac,loas,flac,wav,w64,aiff,au,caf,ac3,\
eac3,dts,dtshd,truehd,mlp,amr,amrnb,amrwb,ape,tta,wv,mpc,mpc8,tak,voc,opus,adts,mxf,nut,gxf,ivf,obu,av1,h264,hevc,\
m4v,h263,h261,vc1,dirac,cavsvideo,dv,swf,nsv,nuv,wtv,yuv4mpegpipe,gif,apng,webp_pipe,jpeg_pipe,png_pipe,bmp_pipe,tiff_pipe,mjpeg,\
smjpeg,bink,smk,roq,flic,4xm,wc3movie,xwma,avs2,avs3,iff,pva,r3d,thp,vmd,ea,film_cpk,idcin,ipmovie,mm,mtv,mv,psxstr,vivo,xa";

/// A file being read: the demuxer and what it is.
pub(crate) struct Input {
    pub(crate) context: ffmpeg::format::context::Input,
    pub(crate) probe: Probe,
}

/// A source that is opened as rarely as its readers allow: finding out what the streams are costs more than a picture does.
pub(crate) struct Source<'a> {
    path: &'a Path,
    limits: &'a Limits,
    cancel: &'a Cancel,
    open: Option<Input>,
    /// The open file was read or sought in, so it no longer stands at its first packet.
    touched: bool,
}

impl<'a> Source<'a> {
    /// Opens the source.
    pub(crate) fn open(
        path: &'a Path,
        limits: &'a Limits,
        cancel: &'a Cancel,
    ) -> Result<Self, OpsError> {
        Ok(Self {
            path,
            limits,
            cancel,
            open: Some(open(path, limits, cancel)?),
            touched: false,
        })
    }

    /// The source wherever it stands, to look at and not to read.
    pub(crate) fn opened(&mut self) -> Result<&Input, OpsError> {
        self.open_if_closed().map(|input| &*input)
    }

    /// The source at its first packet.
    pub(crate) fn fresh(&mut self) -> Result<&mut Input, OpsError> {
        if self.touched {
            self.open = None;
        }
        self.anywhere()
    }

    /// The source at any place, for readers that seek first.
    pub(crate) fn anywhere(&mut self) -> Result<&mut Input, OpsError> {
        self.touched = true;
        self.open_if_closed()
    }

    /// What the source is.
    pub(crate) fn probe(&mut self) -> Result<Probe, OpsError> {
        Ok(self.opened()?.probe.clone())
    }

    fn open_if_closed(&mut self) -> Result<&mut Input, OpsError> {
        Ok(match &mut self.open {
            Some(input) => input,
            closed => closed.insert(open(self.path, self.limits, self.cancel)?),
        })
    }

    /// Closes the file: after a panic nobody knows what state it is in.
    pub(crate) fn close(&mut self) {
        self.open = None;
    }
}

/// Bytes read from a source at once.
const READ_AHEAD: usize = 64 << 10;
/// Bytes looked at to say what a file is that could not be opened: as many as libav looks at.
const HEAD: u64 = 1 << 20;

/// Opens `path` and reads what it holds. Reading stops when `cancel` is set.
///
/// libav gets the bytes and never the name: what a file is, its bytes decide; a name such as `concat:a|b` or `%03d.jpg`
/// means nothing; and with no protocol allowed, nothing else can be opened from inside.
pub(crate) fn open(path: &Path, limits: &Limits, cancel: &Cancel) -> Result<Input, OpsError> {
    open_as(path, FORMATS, limits, cancel)
}

/// As [`open`], for a file that may be of these formats alone; none of them may be one that opens further files.
pub(crate) fn open_as(
    path: &Path,
    formats: &str,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Input, OpsError> {
    sys::init();
    let unreadable = |error: io::Error| OpsError::Read {
        path: path.to_owned(),
        reason: AvError(ffmpeg::Error::Other {
            errno: error.raw_os_error().unwrap_or(ffmpeg::error::EIO),
        }),
    };
    // Asked before it is opened, because opening a pipe waits for its other end.
    if !path.metadata().map_err(unreadable)?.is_file() {
        return Err(OpsError::NotMedia {
            reason: format!("{} is no plain file", path.display()),
        });
    }
    let file = File::open(path).map_err(unreadable)?;
    let mut options = ffmpeg::Dictionary::new();
    options.set("protocol_whitelist", "");
    options.set("format_whitelist", formats);
    options.set("max_streams", &limits.streams.to_string());
    let cancelled = cancel.clone();
    let context = StreamIo::from_read_seek_with_capacity(file, READ_AHEAD)
        .and_then(|bytes| {
            ffmpeg::format::input_from_stream_with_interrupt(
                bytes,
                None,
                Some(options),
                move || cancelled.is_cancelled(),
            )
        })
        .map_err(|error| explain_open(error, path, formats, cancel))?;
    let probe = Probe::of(&context);
    check(&probe, limits)?;
    let input = Input { context, probe };
    input.check_whole()?;
    Ok(input)
}

fn explain_open(error: ffmpeg::Error, path: &Path, formats: &str, cancel: &Cancel) -> OpsError {
    match error {
        _ if cancel.is_cancelled() => OpsError::Cancelled,
        ffmpeg::Error::Other { errno } if errno != ffmpeg::error::EINVAL => OpsError::Read {
            path: path.to_owned(),
            reason: AvError(error),
        },
        _ => OpsError::NotMedia {
            reason: what_it_is(path, formats),
        },
    }
}

/// What a file that cannot be a source is instead, as far as its bytes tell.
fn what_it_is(path: &Path, formats: &str) -> String {
    let mut head = Vec::new();
    if let Ok(file) = File::open(path) {
        // Less than all of it is better than nothing.
        let _ = file.take(HEAD).read_to_end(&mut head);
    }
    if let Some(kind) = playlist(&head) {
        return format!(
            "it is a playlist ({kind}), which only names other files; give one of those as the source"
        );
    }
    match sys::guess_format(&head) {
        Some((name, title))
            if name
                .split(',')
                .any(|name| formats.split(',').any(|known| known == name)) =>
        {
            format!("its bytes begin like {title}, but it is damaged or not whole")
        }
        Some((_, title)) => {
            // libav calls pictures that come one after the other a piped sequence.
            let title = title.strip_prefix("piped ").unwrap_or(&title);
            let title = title.strip_suffix(" sequence").unwrap_or(title);
            format!("it is {title}, which is not taken as a source")
        }
        None => "its bytes are no audio, video or picture format that can be read".into(),
    }
}

/// The kind of playlist a text is.
fn playlist(head: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(&head[..head.len().min(4096)]);
    let mut lines = text
        .lines()
        .map(|line| line.trim_start_matches(['\u{feff}', ' ', '\t']));
    lines.find_map(|line| match line {
        _ if line.starts_with("#EXTM3U") => Some("HLS"),
        _ if line.starts_with("<MPD") => Some("DASH"),
        _ if line.starts_with("ffconcat version") => Some("ffconcat"),
        _ => None,
    })
}

/// Refuses what would cost too much before a byte of it is decoded.
fn check(probe: &Probe, limits: &Limits) -> Result<(), OpsError> {
    let count = probe.streams.len();
    if count > limits.streams as usize {
        return Err(OpsError::TooManyStreams {
            count,
            limit: limits.streams,
        });
    }
    if probe.streams.is_empty() {
        return Err(OpsError::NotMedia {
            reason: "it holds no stream".into(),
        });
    }
    match probe.streams.iter().find(|s| {
        s.medium == Medium::Video && u64::from(s.width) * u64::from(s.height) > limits.pixels
    }) {
        Some(s) => Err(OpsError::TooLarge {
            width: s.width,
            height: s.height,
            limit: limits.pixels,
        }),
        None => Ok(()),
    }
}

impl Input {
    /// Refuses a file whose own index points past its end. Only mp4 and mov index every sample up front.
    fn check_whole(&self) -> Result<(), OpsError> {
        if !self.probe.format.name.starts_with("mov,") {
            return Ok(());
        }
        let (Some(size), Some(needed)) = (
            self.probe.format.size,
            self.context
                .streams()
                .filter_map(|s| sys::indexed_end(&s))
                .max(),
        ) else {
            return Ok(());
        };
        // The last sample may be cut: players show such files in full but for one frame.
        if needed > size && self.missing_samples(size) > 1 {
            return Err(OpsError::Truncated {
                size: size.max(0) as u64,
                needed: needed.max(0) as u64,
            });
        }
        Ok(())
    }

    fn missing_samples(&self, size: i64) -> usize {
        self.context
            .streams()
            .map(|stream| sys::indexed_past(&stream, size))
            .sum()
    }
}

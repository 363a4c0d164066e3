//! Opens a source for reading: only plain files, only container formats that cannot name other files, within limits.

use std::path::Path;

use ffmpeg_next as ffmpeg;

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

/// Opens `path` and reads what it holds. Reading stops when `cancel` is set.
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
    let name = path
        .to_str()
        .filter(|name| !name.contains('\0'))
        .ok_or_else(|| OpsError::NotMedia {
            reason: format!("its path is not valid UTF-8: {}", path.display()),
        })?;
    let mut options = ffmpeg::Dictionary::new();
    options.set("protocol_whitelist", "file");
    options.set("format_whitelist", formats);
    options.set("max_streams", &limits.streams.to_string());
    let cancelled = cancel.clone();
    // The `file:` prefix keeps a name such as `concat:a|b` from being taken for a protocol.
    let context = ffmpeg::format::input_with_interrupt_and_dictionary(
        &format!("file:{name}"),
        move || cancelled.is_cancelled(),
        options,
    )
    .map_err(|error| explain_open(error, path, cancel))?;
    let probe = Probe::of(&context);
    check(&probe, limits)?;
    let input = Input { context, probe };
    input.check_whole()?;
    Ok(input)
}

fn explain_open(error: ffmpeg::Error, path: &Path, cancel: &Cancel) -> OpsError {
    match error {
        _ if cancel.is_cancelled() => OpsError::Cancelled,
        ffmpeg::Error::Other { errno } if errno != ffmpeg::error::EINVAL => OpsError::Read {
            path: path.to_owned(),
            reason: AvError(error),
        },
        ffmpeg::Error::InvalidData | ffmpeg::Error::Eof => OpsError::NotMedia {
            reason: "its bytes are no audio, video or picture format that can be read".into(),
        },
        other => OpsError::NotMedia {
            reason: AvError(other).to_string(),
        },
    }
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

//! Packets in another form of their codec, for containers that want it so (libav's bitstream filters).

use std::ffi::CStr;
use std::ptr::{self, NonNull};

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;
use ffmpeg_next::packet::Mut as _;

use crate::av::decode::is_again;

/// An open bitstream filter.
pub(crate) struct Rewriter(NonNull<ffi::AVBSFContext>);

// SAFETY: the context is owned by this value alone and holds nothing that belongs to a thread.
unsafe impl Send for Rewriter {}

impl Rewriter {
    /// Opens the filter of this name for packets of `source`, or for what comes out of `before`, which has them first.
    pub(crate) fn open(
        name: &CStr,
        source: &ffmpeg::Stream,
        before: Option<&Self>,
    ) -> Result<Self, ffmpeg::Error> {
        // SAFETY: the source stream is borrowed from an open context; the filter's context is owned by the returned value
        // from its allocation on, so that it is freed on every way out.
        unsafe {
            let filter = ffi::av_bsf_get_by_name(name.as_ptr());
            if filter.is_null() {
                return Err(ffmpeg::Error::BsfNotFound);
            }
            let mut context = ptr::null_mut();
            check(ffi::av_bsf_alloc(filter, &mut context))?;
            let context = NonNull::new(context).ok_or(ffmpeg::Error::Bug)?;
            let this = Self(context);
            let raw = context.as_ptr();
            let stream = source.as_ptr();
            let parameters = match before {
                Some(before) => (*before.0.as_ptr()).par_out,
                None => (*stream).codecpar,
            };
            check(ffi::avcodec_parameters_copy((*raw).par_in, parameters))?;
            (*raw).time_base_in = (*stream).time_base;
            check(ffi::av_bsf_init(raw))?;
            Ok(this)
        }
    }

    /// Gives an output stream the codec parameters of the packets that come out.
    pub(crate) fn describe(
        &self,
        output: &mut ffmpeg::format::context::Output,
        index: usize,
    ) -> Result<(), ffmpeg::Error> {
        if index >= output.nb_streams() as usize {
            return Err(ffmpeg::Error::StreamNotFound);
        }
        // SAFETY: the index is below the stream count of a context we hold mutably; the filter's parameters are set since
        // it was opened.
        unsafe {
            let stream = *(*output.as_mut_ptr()).streams.add(index);
            check(ffi::avcodec_parameters_copy(
                (*stream).codecpar,
                (*self.0.as_ptr()).par_out,
            ))
        }
    }

    /// Takes one packet and gives those that are ready; `None` ends them.
    pub(crate) fn packet(
        &mut self,
        packet: Option<ffmpeg::Packet>,
    ) -> Result<Vec<ffmpeg::Packet>, ffmpeg::Error> {
        let mut ready = Vec::new();
        // SAFETY: the filter takes over what the packet holds and leaves it blank; a null packet ends the stream; packets
        // to receive into are blank.
        unsafe {
            match packet {
                // An empty packet would end the stream.
                Some(packet) if packet.size() == 0 => return Ok(ready),
                Some(mut packet) => check(ffi::av_bsf_send_packet(
                    self.0.as_ptr(),
                    packet.as_mut_ptr(),
                ))?,
                None => check(ffi::av_bsf_send_packet(self.0.as_ptr(), ptr::null_mut()))?,
            }
            loop {
                let mut packet = ffmpeg::Packet::empty();
                let received = ffi::av_bsf_receive_packet(self.0.as_ptr(), packet.as_mut_ptr());
                match check(received) {
                    Ok(()) => ready.push(packet),
                    Err(error) if is_again(error) || error == ffmpeg::Error::Eof => {
                        return Ok(ready);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    }
}

impl Drop for Rewriter {
    fn drop(&mut self) {
        let mut context = self.0.as_ptr();
        // SAFETY: the context is owned by this value and used by nobody after it.
        unsafe { ffi::av_bsf_free(&mut context) }
    }
}

fn check(result: std::os::raw::c_int) -> Result<(), ffmpeg::Error> {
    if result < 0 {
        Err(ffmpeg::Error::from(result))
    } else {
        Ok(())
    }
}

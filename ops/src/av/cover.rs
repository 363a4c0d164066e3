//! The picture inside an audio file: containers keep it as a stream of one packet.

use ffmpeg_next as ffmpeg;

use super::open::Source;
use super::sys::RawStream;
use crate::OpsError;
use crate::run::Environment;

/// Packets that may come before the picture. Demuxers hand it out first.
const PACKETS: usize = 1000;

/// What ID3, FLAC and MP4 call the front of an album.
const FRONT: &str = "Cover (front)";

/// The bytes of the picture, a picture file by themselves; the front cover where there are several. `None` without one.
pub(crate) fn find(
    source: &mut Source<'_>,
    env: &Environment<'_>,
) -> Result<Option<Vec<u8>>, OpsError> {
    let input = source.fresh()?;
    let mut covers = input
        .probe
        .streams
        .iter()
        .filter(|stream| stream.attached_picture);
    let front = covers.clone().find(|stream| is_front(stream));
    let Some(wanted) = front.or_else(|| covers.next()).map(|stream| stream.index) else {
        return Ok(None);
    };
    for _ in 0..PACKETS {
        if env.cancel.is_cancelled() {
            return Err(OpsError::Cancelled);
        }
        let mut packet = ffmpeg::Packet::empty();
        match packet.read(&mut input.context) {
            Ok(()) if packet.stream() == wanted => {
                return Ok(packet.data().map(<[u8]>::to_vec));
            }
            Ok(()) | Err(ffmpeg::Error::InvalidData) => {}
            Err(_) => break,
        }
    }
    Ok(None)
}

fn is_front(stream: &RawStream) -> bool {
    stream
        .metadata
        .iter()
        .any(|(key, value)| key.eq_ignore_ascii_case("comment") && value == FRONT)
}

//! What filters do to samples.

use ffmpeg_next as ffmpeg;

use super::Trim;
use super::graph::{Graph, Kind};
use crate::OpsError;
use crate::av::sys::{self, SampleShape};

/// What happens to the samples of one output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AudioChain {
    pub(crate) rate: u32,
    /// libav's name of the channel layout.
    pub(crate) layout: String,
    pub(crate) sample_format: &'static str,
    pub(crate) level: Level,
    /// Cut at output time 0 and at this many microseconds.
    pub(crate) trim: Option<Trim>,
}

/// How loud the samples come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// As they are.
    Same,
    /// Multiplied by thousandths.
    Times(u16),
    /// Raised by thousandths of a decibel.
    Gain(i32),
    /// As `Gain`, with peaks held below [`CEILING`].
    Limited(i32),
}

/// True peaks are kept below this part of full scale (-1.5 dB): the way back from four times the rate adds up to half a
/// decibel, and -1 dB is where they have to stay.
pub(crate) const CEILING: f64 = 0.841;

/// Samples in, samples of one rate, layout and format out, in frames of the encoder's size.
pub(crate) struct AudioFilter {
    chain: AudioChain,
    time_base: (i32, i32),
    frame_size: u32,
    graph: Option<(SampleShape, Graph)>,
}

impl AudioFilter {
    pub(crate) fn new(chain: AudioChain, time_base: (i32, i32)) -> Self {
        Self {
            chain,
            time_base,
            frame_size: 0,
            graph: None,
        }
    }

    /// What comes out.
    pub(crate) fn chain(&self) -> &AudioChain {
        &self.chain
    }

    /// Samples per frame that the encoder takes; to be told before the first frame is filtered.
    pub(crate) fn set_frame_size(&mut self, samples: u32) {
        self.frame_size = samples;
    }

    /// Filters one frame of samples; `None` flushes. Everything that comes out goes to `out` with its time base.
    pub(crate) fn frame(
        &mut self,
        frame: Option<ffmpeg::Frame>,
        out: &mut dyn FnMut(ffmpeg::Frame, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        let Some(mut frame) = frame else {
            return self.flush(out);
        };
        sys::settle_layout(&mut frame);
        let shape = SampleShape {
            samples: 0,
            ..sys::sample_shape(&frame)
        };
        if self
            .graph
            .as_ref()
            .is_none_or(|(built_for, _)| *built_for != shape)
        {
            self.flush(out)?;
            self.graph = Some((shape.clone(), self.build(&shape)?));
        }
        if let Some((_, graph)) = &mut self.graph {
            graph.push(Some(frame))?;
            graph.drain(out)?;
        }
        Ok(())
    }

    fn flush(
        &mut self,
        out: &mut dyn FnMut(ffmpeg::Frame, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        if let Some((_, graph)) = &mut self.graph {
            graph.push(None)?;
            graph.drain(out)?;
            self.graph = None;
        }
        Ok(())
    }

    fn build(&self, shape: &SampleShape) -> Result<Graph, OpsError> {
        let args = source_args(shape, self.time_base);
        let mut graph = Graph::build(Kind::Audio, &args, &audio_chain(&self.chain), 1)?;
        if self.frame_size > 0 {
            graph.set_frame_size(self.frame_size)?;
        }
        Ok(graph)
    }
}

/// What a graph is told about the samples it will get.
pub(super) fn source_args(shape: &SampleShape, (num, den): (i32, i32)) -> String {
    format!(
        "time_base={num}/{den}:sample_rate={}:sample_fmt={}:channel_layout={}",
        shape.rate.max(1),
        shape.format,
        plain_layout(shape),
    )
}

/// True of a layout name that holds nothing but what libav's own names are made of.
pub(crate) fn is_plain_layout(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '(' | ')' | '+' | '-');
    !name.is_empty() && name.chars().all(plain)
}

/// The layout's own name where it is one.
fn plain_layout(shape: &SampleShape) -> String {
    if is_plain_layout(&shape.layout) {
        shape.layout.clone()
    } else {
        format!("{}c", shape.channels.max(1))
    }
}

/// `async=1` fills holes with silence and trims overlaps of more than a tenth of a second, so that sound stays with the picture.
fn audio_chain(chain: &AudioChain) -> String {
    let mut filters = Vec::new();
    if let Some(trim) = chain.trim {
        let end = trim
            .length
            .map(|us| format!(":end={:.6}", us as f64 / 1e6))
            .unwrap_or_default();
        filters.push(format!("atrim=start=0{end}"));
    }
    filters.push(format!("aresample={}:async=1", chain.rate));
    if chain.level != Level::Same {
        // In floats, so that what is turned up beyond full scale can still be brought down.
        filters.push(format!(
            "aformat=sample_fmts=fltp:sample_rates={}:channel_layouts={}",
            chain.rate, chain.layout
        ));
        filters.push(level(chain.level, chain.rate));
    }
    filters.push(format!(
        "aformat=sample_fmts={}:sample_rates={}:channel_layouts={}",
        chain.sample_format, chain.rate, chain.layout
    ));
    filters.join(",")
}

fn level(level: Level, rate: u32) -> String {
    let decibels = |thousandths: i32| f64::from(thousandths) / 1000.0;
    match level {
        Level::Same => "anull".into(),
        Level::Times(thousandths) => format!("volume={:.3}", f64::from(thousandths) / 1000.0),
        Level::Gain(thousandths) => format!("volume={:.3}dB", decibels(thousandths)),
        // Peaks between samples show at four times the rate. The limiter looks 5 ms ahead and lets go slowly enough not to
        // be heard at work.
        Level::Limited(thousandths) => format!(
            "volume={:.3}dB,aresample={},alimiter=limit={CEILING}:attack=5:release=50:asc=true:level=false:latency=true,\
             aresample={rate}",
            decibels(thousandths),
            4 * rate,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_name_with_foreign_characters_never_reaches_a_graph() {
        let hostile = SampleShape {
            rate: 8000,
            format: 1,
            channels: 2,
            layout: "x:sample_fmt=0".into(),
            samples: 0,
        };
        assert_eq!(plain_layout(&hostile), "2c");
    }
}

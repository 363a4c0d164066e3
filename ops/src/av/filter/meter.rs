//! How loud samples are (EBU R 128), after everything else that is done to them.

use ffmpeg_next as ffmpeg;

use super::audio::{AudioChain, AudioFilter, source_args};
use super::graph::{Graph, Kind};
use crate::OpsError;
use crate::av::sys;

/// Where libav's scanner leaves its readings on the frames it passes on.
const INTEGRATED: &str = "lavfi.r128.I";
const PEAK: &str = "lavfi.r128.true_peak";

/// What a meter shows in the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Heard {
    /// LUFS, above -70.
    pub(crate) integrated: f64,
    /// The highest true peak, as a part of full scale.
    pub(crate) peak: f64,
}

/// Listens to what a chain gives.
pub(crate) struct Meter {
    filter: AudioFilter,
    listening: Listening,
}

/// One graph for the whole of the sound: the one before it may be made anew when the source changes its shape.
#[derive(Default)]
struct Listening {
    graph: Option<Graph>,
    reading: Option<Heard>,
}

impl Meter {
    pub(crate) fn new(chain: AudioChain, time_base: (i32, i32)) -> Self {
        Self {
            filter: AudioFilter::new(chain, time_base),
            listening: Listening::default(),
        }
    }

    /// Takes one frame of samples.
    pub(crate) fn frame(&mut self, frame: ffmpeg::Frame) -> Result<(), OpsError> {
        let Self { filter, listening } = self;
        filter.frame(Some(frame), &mut |frame, base| listening.frame(frame, base))
    }

    /// What it heard; `None` of silence, and of less than 0.4 s.
    pub(crate) fn finish(mut self) -> Result<Option<Heard>, OpsError> {
        let Self { filter, listening } = &mut self;
        filter.frame(None, &mut |frame, base| listening.frame(frame, base))?;
        if let Some(graph) = &mut listening.graph {
            graph.push(None)?;
            listening.read()?;
        }
        Ok(self.listening.reading)
    }
}

impl Listening {
    fn frame(&mut self, frame: ffmpeg::Frame, base: (i32, i32)) -> Result<(), OpsError> {
        let graph = match &mut self.graph {
            Some(graph) => graph,
            none => none.insert(Graph::build(
                Kind::Audio,
                &source_args(&sys::sample_shape(&frame), base),
                "ebur128=metadata=true:peak=true",
                1,
            )?),
        };
        graph.push(Some(frame))?;
        self.read()
    }

    fn read(&mut self) -> Result<(), OpsError> {
        let Some(graph) = &mut self.graph else {
            return Ok(());
        };
        while let Some(frame) = graph.pull()? {
            let metadata = frame.metadata();
            let number = |key| {
                metadata
                    .get(key)?
                    .parse()
                    .ok()
                    .filter(|n: &f64| n.is_finite())
            };
            if let (Some(integrated), Some(peak)) = (number(INTEGRATED), number(PEAK)) {
                // -70 is what it shows as long as it has heard nothing.
                self.reading = (integrated > -70.0).then_some(Heard { integrated, peak });
            }
        }
        Ok(())
    }
}

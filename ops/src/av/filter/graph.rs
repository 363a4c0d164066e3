//! A configured filter graph.

use ffmpeg_next as ffmpeg;

use crate::OpsError;
use crate::av::AvError;
use crate::av::decode::is_again;
use crate::av::sys;

/// A configured graph with one source and one sink. They are looked up by name at every use: a context kept beside the
/// graph could outlive it.
pub(crate) struct Graph(ffmpeg::filter::Graph);

impl Graph {
    pub(crate) fn build(
        kind: Kind,
        source_args: &str,
        chain: &str,
        threads: usize,
    ) -> Result<Self, OpsError> {
        Self::build_of(kind, &[("in", source_args)], chain, threads)
    }

    /// As [`Graph::build`], with several sources; the chain refers to them, and to the sink `out`, by their names.
    pub(crate) fn build_of(
        kind: Kind,
        sources: &[(&str, &str)],
        chain: &str,
        threads: usize,
    ) -> Result<Self, OpsError> {
        let failed = |error| OpsError::Filter {
            chain: chain.to_owned(),
            reason: AvError(error),
        };
        let find =
            |name: &'static str| ffmpeg::filter::find(name).ok_or(OpsError::FilterMissing { name });
        let (source_name, sink_name) = match kind {
            Kind::Video => ("buffer", "buffersink"),
            Kind::Audio => ("abuffer", "abuffersink"),
        };
        let mut graph = ffmpeg::filter::Graph::new();
        sys::set_graph_threads(&mut graph, threads);
        for (name, args) in sources {
            graph.add(&find(source_name)?, name, args).map_err(failed)?;
        }
        graph.add(&find(sink_name)?, "out", "").map_err(failed)?;
        let mut parser = ffmpeg::filter::graph::Parser::new(&mut graph);
        for (name, _) in sources {
            parser = parser.output(name, 0).map_err(failed)?;
        }
        parser
            .input("out", 0)
            .and_then(|parser| parser.parse(chain))
            .and_then(|()| graph.validate())
            .map_err(failed)?;
        Ok(Self(graph))
    }

    fn end(&mut self, name: &str) -> Result<ffmpeg::filter::Context, OpsError> {
        let missing = OpsError::FilterMissing { name: "buffer" };
        self.0.get(name).ok_or(missing)
    }

    /// Hands over a frame (its buffers move into the graph) or, with `None`, says that there are no more.
    pub(crate) fn push(&mut self, frame: Option<ffmpeg::Frame>) -> Result<(), OpsError> {
        self.push_to("in", frame)
    }

    /// As [`Graph::push`], to the source of this name.
    pub(crate) fn push_to(
        &mut self,
        source: &str,
        frame: Option<ffmpeg::Frame>,
    ) -> Result<(), OpsError> {
        let mut end = self.end(source)?;
        let pushed = match frame {
            Some(frame) => end.source().add(&frame),
            None => end.source().flush(),
        };
        pushed.map_err(|error| OpsError::Filter {
            chain: "input".into(),
            reason: AvError(error),
        })
    }

    /// Says that there are no more frames, and when the last one is over, in the source's time base.
    pub(crate) fn close(&mut self, end: i64) -> Result<(), OpsError> {
        let closed = self.end("in")?.source().close(end);
        closed.map_err(|error| OpsError::Filter {
            chain: "input".into(),
            reason: AvError(error),
        })
    }

    pub(crate) fn pull(&mut self) -> Result<Option<ffmpeg::Frame>, OpsError> {
        let mut frame = sys::blank_frame();
        match self.end("out")?.sink().frame(&mut frame) {
            Ok(()) => Ok(Some(frame)),
            Err(error) if is_again(error) || error == ffmpeg::Error::Eof => Ok(None),
            Err(error) => Err(OpsError::Filter {
                chain: "output".into(),
                reason: AvError(error),
            }),
        }
    }

    /// Gives away every frame that is ready, with its time base.
    pub(crate) fn drain(
        &mut self,
        out: &mut dyn FnMut(ffmpeg::Frame, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        let base = self.time_base()?;
        while let Some(frame) = self.pull()? {
            out(frame, base)?;
        }
        Ok(())
    }

    /// Time base of the frames that come out.
    pub(crate) fn time_base(&mut self) -> Result<(i32, i32), OpsError> {
        let base = self.end("out")?.sink().time_base();
        Ok((base.numerator(), base.denominator()))
    }

    /// Sets how many samples a frame that comes out has.
    pub(crate) fn set_frame_size(&mut self, samples: u32) -> Result<(), OpsError> {
        self.end("out")?.sink().set_frame_size(samples);
        Ok(())
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Video,
    Audio,
}

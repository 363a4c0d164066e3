//! What is laid over the picture: which files, how large, where.

use crate::OpsError;
use crate::av::overlay::{Content, MarkPlan, Measure, Motion, OverlayPlan, Place};
use crate::op::{Gravity, List, Pixels, Seconds, Watermark};
use crate::run::Task;

/// Pixels between a watermark and the edge, if nothing else is said.
const MARGIN: i32 = 10;

/// Decides what becomes of the watermarks; their files come with the task.
pub(crate) fn plan(op: &Watermark, task: &Task) -> Result<OverlayPlan, OpsError> {
    let mut marks = Vec::new();
    let shift = (pixels(op.shift_x, 0), pixels(op.shift_y, 0));
    for (at, object) in op.objects().enumerate() {
        let distance = |list: &Option<List<Pixels>>| {
            pixels(list.as_ref().and_then(|list| list.of(at)).copied(), MARGIN)
        };
        let gravity = op.gravity.as_ref().and_then(|list| list.of(at)).copied();
        marks.push(MarkPlan {
            content: Content::Object(object.clone(), task.object(object)?.to_owned()),
            measure: Measure {
                width: op.width,
                height: op.height,
                auto: op.auto,
            },
            opacity: op.opacity,
            place: Place {
                gravity: gravity.unwrap_or(Gravity::BottomRight),
                margin: (distance(&op.dx), distance(&op.dy)),
                shift,
                motion: motion(op, op.interval),
            },
        });
    }
    if op.text.text.is_some() {
        marks.push(MarkPlan {
            content: Content::Text(Box::new(op.text.clone())),
            measure: Measure {
                width: None,
                height: None,
                auto: false,
            },
            opacity: op.text.opacity,
            place: Place {
                gravity: op.text.gravity.unwrap_or(Gravity::BottomRight),
                margin: (pixels(op.text.dx, MARGIN), pixels(op.text.dy, MARGIN)),
                shift: (0, 0),
                motion: motion(op, op.text.interval),
            },
        });
    }
    Ok(OverlayPlan { marks })
}

fn pixels(given: Option<Pixels>, default: i32) -> i32 {
    given.map_or(default, |pixels| pixels.get().into())
}

fn motion(op: &Watermark, interval: Option<Seconds>) -> Motion {
    match (&op.moves, interval) {
        (Some(moments), _) => Motion::At(
            moments
                .as_slice()
                .iter()
                .map(|moment| moment.millis())
                .collect(),
        ),
        (None, Some(interval)) => Motion::Every(interval.millis()),
        (None, None) => Motion::Stays,
    }
}

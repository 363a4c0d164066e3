//! Where a watermark lies, as numbers and as expressions over time that the overlay filter computes. Pure.

use super::measure::Dimensions;
use crate::op::Gravity;

/// Where a watermark lies and how it moves.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub(crate) gravity: Gravity,
    /// Space to the edges of the anchor; in the middle, how far to the right and down.
    pub(crate) margin: (i32, i32),
    /// How far to the right and down from there.
    pub(crate) shift: (i32, i32),
    pub(crate) motion: Motion,
}

/// How a watermark moves from anchor to anchor. Times are milliseconds of the output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Motion {
    Stays,
    /// At every multiple of this.
    Every(u64),
    /// At these.
    At(Vec<u64>),
}

/// The anchors of the edge, clockwise.
const EDGE: [Gravity; 8] = [
    Gravity::TopLeft,
    Gravity::TopCenter,
    Gravity::TopRight,
    Gravity::CenterRight,
    Gravity::BottomRight,
    Gravity::BottomCenter,
    Gravity::BottomLeft,
    Gravity::CenterLeft,
];

/// The anchors in the order they are visited from one on: clockwise along the edge. Who begins in the middle goes on at the
/// upper left and comes back to the middle.
fn round(from: Gravity) -> Vec<Gravity> {
    match EDGE.iter().position(|&gravity| gravity == from) {
        Some(at) => EDGE[at..].iter().chain(&EDGE[..at]).copied().collect(),
        None => [from].into_iter().chain(EDGE).collect(),
    }
}

impl Place {
    /// The upper left corner of the mark as expressions of libav, over the time `t`: numbers and functions of ours only.
    pub(super) fn expressions(
        &self,
        picture: Dimensions,
        mark: Dimensions,
        scale: f64,
    ) -> (String, String) {
        let corner = |gravity| self.corner(gravity, picture, mark, scale);
        let turn = match &self.motion {
            Motion::Stays => {
                let (x, y) = corner(self.gravity);
                return (x.to_string(), y.to_string());
            }
            // Half a millisecond, so that a frame at the very moment is never taken for one before it.
            Motion::Every(millis) => {
                format!("floor((t+0.0005)/{})", seconds(*millis))
            }
            Motion::At(moments) => {
                let passed = moments
                    .iter()
                    .map(|&at| format!("gte(t+0.0005,{})", seconds(at)));
                passed.collect::<Vec<_>>().join("+")
            }
        };
        let corners: Vec<(i32, i32)> = round(self.gravity).into_iter().map(corner).collect();
        let choose = |values: Vec<i32>| {
            let count = values.len();
            let mut chosen = String::new();
            for (at, value) in values.iter().enumerate().take(count - 1) {
                chosen += &format!("if(lt(ld(0),{}),{value},", at + 1);
            }
            let last = values[count - 1];
            format!(
                "st(0,mod({turn},{count}));{chosen}{last}{}",
                ")".repeat(count - 1)
            )
        };
        (
            choose(corners.iter().map(|corner| corner.0).collect()),
            choose(corners.iter().map(|corner| corner.1).collect()),
        )
    }

    fn corner(
        &self,
        gravity: Gravity,
        picture: Dimensions,
        mark: Dimensions,
        scale: f64,
    ) -> (i32, i32) {
        use Gravity::*;
        let scaled = |distance: i32| (f64::from(distance) * scale).round() as i32;
        let place = |at: Edge, picture: u32, mark: u32, margin: i32, shift: i32| {
            let room = picture as i32 - mark as i32;
            let base = match at {
                Edge::Near => scaled(margin),
                Edge::Middle => room / 2 + scaled(margin),
                Edge::Far => room - scaled(margin),
            };
            base + scaled(shift)
        };
        let across = match gravity {
            TopLeft | CenterLeft | BottomLeft => Edge::Near,
            TopCenter | Center | BottomCenter => Edge::Middle,
            TopRight | CenterRight | BottomRight => Edge::Far,
        };
        let down = match gravity {
            TopLeft | TopCenter | TopRight => Edge::Near,
            CenterLeft | Center | CenterRight => Edge::Middle,
            BottomLeft | BottomCenter | BottomRight => Edge::Far,
        };
        (
            place(across, picture.0, mark.0, self.margin.0, self.shift.0),
            place(down, picture.1, mark.1, self.margin.1, self.shift.1),
        )
    }
}

/// Which side a distance is counted from.
enum Edge {
    Near,
    Middle,
    Far,
}

fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn still(gravity: Gravity, margin: (i32, i32), shift: (i32, i32)) -> Place {
        Place {
            gravity,
            margin,
            shift,
            motion: Motion::Stays,
        }
    }

    #[test]
    fn margins_count_from_the_edge_and_shifts_to_the_right_and_down() {
        use Gravity::*;
        for (gravity, margin, shift, scale, expected) in [
            (TopLeft, (10, 20), (0, 0), 1.0, ("10", "20")),
            (TopRight, (10, 20), (0, 0), 1.0, ("270", "20")),
            (BottomRight, (10, 20), (0, 0), 1.0, ("270", "210")),
            (BottomRight, (10, 10), (-40, 5), 1.0, ("230", "225")),
            (Center, (0, 0), (0, 0), 1.0, ("140", "115")),
            (Center, (10, -10), (0, 0), 1.0, ("150", "105")),
            (CenterRight, (-5, 0), (0, 0), 1.0, ("285", "115")),
            (TopLeft, (10, 20), (4, 0), 0.25, ("4", "5")),
        ] {
            let (x, y) = still(gravity, margin, shift).expressions((320, 240), (40, 10), scale);
            assert_eq!((x.as_str(), y.as_str()), expected, "{gravity:?}");
        }
    }

    #[test]
    fn a_round_goes_along_the_edge() {
        let from_below = round(Gravity::BottomRight);
        assert_eq!(
            from_below[..3],
            [
                Gravity::BottomRight,
                Gravity::BottomCenter,
                Gravity::BottomLeft
            ]
        );
        assert_eq!(from_below.len(), 8);
        assert_eq!(
            round(Gravity::Center)[..2],
            [Gravity::Center, Gravity::TopLeft]
        );
    }

    #[test]
    fn motion_is_an_expression_over_time() {
        let place = Place {
            motion: Motion::At(vec![1500, 60_000]),
            ..still(Gravity::TopLeft, (0, 0), (0, 0))
        };
        let (x, _) = place.expressions((100, 100), (10, 10), 1.0);
        assert_eq!(
            x,
            "st(0,mod(gte(t+0.0005,1.500)+gte(t+0.0005,60.000),8));if(lt(ld(0),1),0,if(lt(ld(0),2),45,if(lt(ld(0),3),90,\
             if(lt(ld(0),4),90,if(lt(ld(0),5),90,if(lt(ld(0),6),45,if(lt(ld(0),7),0,0)))))))"
        );
    }
}

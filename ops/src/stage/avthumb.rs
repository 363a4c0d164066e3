//! `avthumb`: which files it wants of a pass, and what becomes of them: the one there is, or lists of many.

use std::path::Path;

use crate::OpsError;
use crate::av::branch::Product;
use crate::av::transcode::Wanted;
use crate::op::Avthumb;
use crate::plan::ladder::{Ladder, ladder};
use crate::plan::{self, OutputPlan};
use crate::playlist;
use crate::probe::Probe;
use crate::run::{Environment, Output, Task};

/// A command whose files come out of a pass.
pub(crate) enum Planned {
    /// There is one, and it is the output.
    File,
    /// There are many, and lists of them are made.
    Segments(Box<Avthumb>, Ladder),
}

impl Planned {
    /// What a command makes of a source, and the outputs of the pass it makes it of.
    pub(crate) fn of(
        task: &Task,
        op: Avthumb,
        (source, probe): (&Path, &Probe),
        env: &Environment<'_>,
    ) -> Result<(Self, Vec<Wanted>), OpsError> {
        let plan = |op: &Avthumb| {
            let plan = plan::avthumb(op, probe, env.threads)?;
            plan.with_objects(op, task, (source, probe))
        };
        let wanted = |plan: OutputPlan, name: &str| Wanted {
            index: task.index,
            plan,
            path: task.file(name),
        };
        if !op.container.is_segmented() {
            let name = format!("out.{}", op.container.suffix());
            return Ok((Self::File, vec![wanted(plan(&op)?, &name)]));
        }
        playlist::folder(task, &op)?;
        let ladder = ladder(&op, probe, env.limits, &plan)?;
        let layers = ladder.layers.iter().map(|layer| {
            let stem = format!("{}{}", task.stem(), layer.label);
            wanted(layer.plan.clone(), &stem)
        });
        let layers = layers.collect();
        Ok((Self::Segments(Box::new(op), ladder), layers))
    }

    /// The outputs of a command, of what came of those it wanted.
    pub(crate) fn outputs(
        &self,
        task: &Task,
        made: Vec<(&Wanted, Result<Product, OpsError>)>,
    ) -> Result<Vec<Output>, OpsError> {
        // One that fails stops the others, which then may have nothing to show.
        let is_empty = |error: &&OpsError| matches!(error, OpsError::NothingDecoded);
        let errors = made.iter().filter_map(|(_, made)| made.as_ref().err());
        if let Some(error) = errors.min_by_key(is_empty) {
            return Err(error.clone());
        }
        let made = made.into_iter().map(|(want, made)| Ok((want, made?)));
        let made: Vec<(&Wanted, Product)> = made.collect::<Result<_, OpsError>>()?;
        match self {
            Self::File => Ok(made.iter().map(|(want, made)| file(want, made)).collect()),
            Self::Segments(op, ladder) => {
                let products: Vec<Product> = made.into_iter().map(|(_, product)| product).collect();
                playlist::package(task, op, ladder, &products)
            }
        }
    }
}

fn file(want: &Wanted, made: &Product) -> Output {
    let (bytes, duration) = (made.written.bytes, made.written.duration);
    Output::timed(want.path.clone(), bytes, duration, made.resolution)
}

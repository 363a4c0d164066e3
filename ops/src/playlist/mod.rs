//! Lists of segments for players: those of HLS in `hls`, those of DASH in `dash`. Called by `run` when all segments of a
//! command are there.

mod dash;
mod hls;
mod rate;
mod uri;

use std::path::PathBuf;

use crate::OpsError;
use crate::av::branch::Product;
use crate::av::segments::Rendition;
use crate::op::{Avthumb, Container, HlsIv, Url};
use crate::plan::ladder::{Ladder, Rung};
use crate::run::{Name, Output, Task};
use uri::Folder;

/// What is known of a command's segments.
struct Package<'a> {
    folder: Folder,
    key: Option<Key<'a>>,
    layers: Vec<Made<'a>>,
    rungs: &'a [Rung],
}

/// How players decrypt segments.
struct Key<'a> {
    url: &'a Url,
    iv: Option<&'a HlsIv>,
}

/// One output, cut.
struct Made<'a> {
    /// What its files' names begin with.
    stem: String,
    rendition: &'a Rendition,
    /// Every segment can be decoded without those before it.
    independent: bool,
}

/// Where names of segments are relative to. To be asked before the work begins, for there may be no answer.
pub(crate) fn folder(task: &Task, op: &Avthumb) -> Result<Folder, OpsError> {
    match (&op.segments.domain, op.segments.no_domain) {
        (Some(domain), _) => Ok(Folder::at(domain.as_str())),
        (None, Some(false)) => match &task.folder_url {
            Some(url) => Ok(Folder::at(url)),
            None => Err(OpsError::NoAddress),
        },
        (None, _) => Ok(Folder::relative()),
    }
}

/// Writes the lists. The first output is the one that names the others, each list stands behind what it names.
pub(crate) fn package(
    task: &Task,
    op: &Avthumb,
    ladder: &Ladder,
    products: &[Product],
) -> Result<Vec<Output>, OpsError> {
    let renditions = products.iter().map(|product| {
        let rendition = product.written.rendition.as_ref();
        rendition.ok_or(OpsError::NothingDecoded)
    });
    let made = ladder
        .layers
        .iter()
        .zip(renditions)
        .map(|(layer, rendition)| {
            let picture = layer.plan.video.as_ref();
            Ok(Made {
                stem: format!("{}{}", task.stem(), layer.label),
                rendition: rendition?,
                independent: picture.is_none_or(|picture| picture.encode.is_some()),
            })
        });
    let url = op.segments.key_url.as_ref();
    let package = Package {
        folder: folder(task, op)?,
        key: url.filter(|_| op.segments.key.is_some()).map(|url| Key {
            url,
            iv: op.segments.iv.as_ref(),
        }),
        layers: made.collect::<Result<_, OpsError>>()?,
        rungs: &ladder.rungs,
    };
    let files = Files { task, products };
    let is_dash = op.container == Container::Mpd;
    let is_one = package.layers.len() == 1 && package.rungs.iter().all(|r| r.bandwidth.is_none());
    let list = match is_dash {
        true => dash::manifest(&package),
        false if is_one => hls::media(&package, &package.layers[0]),
        false => hls::master(&package),
    };
    let target = files
        .task
        .file(&format!("{}.{}", task.stem(), op.container.suffix()));
    let mut outputs = vec![
        files
            .list(target, &list, package.best())?
            .named(Name::Target),
    ];
    for (layer, made) in package.layers.iter().enumerate() {
        outputs.extend(files.segments(layer, made.rendition));
        if (is_dash && op.segments.hls_too) || (!is_dash && !is_one) {
            let path = task.file(&format!("{}.m3u8", made.stem));
            let list = hls::media(&package, made);
            outputs.push(files.list(path, &list, &[layer])?.named(Name::Beside));
        }
    }
    if is_dash && op.segments.hls_too {
        let path = task.file(&format!("{}_hls.m3u8", task.stem()));
        let list = hls::master(&package);
        outputs.push(files.list(path, &list, package.best())?.named(Name::Beside));
    }
    Ok(outputs)
}

impl Package<'_> {
    /// The layers of the last rung.
    fn best(&self) -> &[usize] {
        self.rungs.last().map_or(&[], |rung| &rung.layers)
    }
}

/// The command's files as outputs.
struct Files<'a> {
    task: &'a Task,
    products: &'a [Product],
}

impl Files<'_> {
    /// Writes a list; it is described by the layers it stands for.
    fn list(&self, path: PathBuf, text: &str, layers: &[usize]) -> Result<Output, OpsError> {
        std::fs::write(&path, text).map_err(|error| OpsError::write_file(&path, &error))?;
        let products = layers.iter().filter_map(|layer| self.products.get(*layer));
        let mut whole = (0, 0.0_f64, None);
        for product in products {
            whole.0 += product.written.bytes;
            whole.1 = whole.1.max(product.written.duration);
            whole.2 = whole.2.or(product.resolution);
        }
        Ok(Output::timed(path, whole.0, whole.1, whole.2))
    }

    /// The files of a layer.
    fn segments(&self, layer: usize, rendition: &Rendition) -> Vec<Output> {
        let resolution = self.products.get(layer).and_then(|layer| layer.resolution);
        let init = rendition.init.iter().cloned();
        let init = init.map(|path| Output::still(path, resolution));
        let segments = rendition.segments.iter().map(|segment| {
            let seconds = rendition.seconds(segment.length);
            Output::timed(segment.path.clone(), segment.bytes, seconds, resolution)
        });
        let beside = |output: Output| output.named(Name::Beside);
        init.chain(segments).map(beside).collect()
    }
}

//! Questions about an object in its own address (wire.md 6.9 to 6.12): `?op=avinfo`, `imageInfo`, `exif`, `imageView2`.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use opmill_engine::ops::{self, Entry};
use percent_encoding::percent_decode_str;

use super::App;
use super::error::Refusal;

/// The parameters of a query, decoded.
pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn of(query: Option<&str>) -> Self {
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let pairs = query
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty());
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        };
        Self(pairs.map(pair).collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(own, _)| own == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }
}

/// Answers `?op=<name>`.
pub async fn read(app: &App, entry: &Entry, query: &Query) -> Result<Response, Refusal> {
    let storage = app.storage();
    Ok(match query.get("op").unwrap_or_default() {
        "avinfo" => Json(storage.avinfo(entry, false).await?).into_response(),
        "avinfo2" => Json(storage.avinfo(entry, true).await?).into_response(),
        "imageInfo" => Json(storage.image_info(entry).await?).into_response(),
        "exif" => match storage.exif(entry).await? {
            Some(noted) => Json(noted).into_response(),
            None => return Err(Refusal::bad("no exif data")),
        },
        "imageView2" => {
            let (bytes, kind) = storage.picture(entry, view(query)?).await?;
            ([(header::CONTENT_TYPE, kind)], bytes).into_response()
        }
        other => {
            return Err(Refusal::bad(format!(
                "{other:?} is no op of this kind; there are avinfo, avinfo2, imageInfo, exif and imageView2"
            )));
        }
    })
}

/// The parameters of `imageView2` in the words of its op string: one parser knows what is allowed.
fn view(query: &Query) -> Result<ops::Op, Refusal> {
    // One of the SDKs prints the names of its variables.
    let value = |name: &str| query.get(name).or_else(|| query.get(&format!("${name}")));
    let mode = value("mode").ok_or_else(|| Refusal::bad("`mode` is missing; it is 1, 2 or 3"))?;
    let mut text = format!("imageView2/{mode}");
    for name in ["width", "height", "quality", "format"] {
        if let Some(value) = value(name) {
            text += &format!("/{name}/{value}");
        }
    }
    // A target, so that nobody asks for one: the picture goes to whoever asked.
    text += "|saveas/read:picture";
    let commands = ops::parse(&text).map_err(|error| Refusal::bad(error.to_string()))?;
    let pipeline = commands.into_iter().next().map(|command| command.pipeline);
    match pipeline {
        Some(Ok(pipeline)) => {
            let first = pipeline.ops.into_iter().next();
            first.ok_or_else(|| Refusal::bad("the op says nothing"))
        }
        Some(Err(error)) => Err(Refusal::bad(error.to_string())),
        None => Err(Refusal::bad("the op says nothing")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_64_names_with_a_dollar_are_understood() {
        let read = |query: &str| view(&Query::of(Some(query)));
        let plain = read("op=imageView2&mode=2&width=100&height=50").unwrap();
        for query in [
            "op=imageView2&mode=2&width=100&$height=50",
            "op=imageView2&mode=2&width=100&%24height=50&$quality=",
        ] {
            assert_eq!(read(query).unwrap(), plain, "{query}");
        }
        for query in [
            "op=imageView2",
            "op=imageView2&mode=9",
            "op=imageView2&mode=2&width=x/y",
        ] {
            assert_eq!(read(query).unwrap_err().status.as_u16(), 400, "{query}");
        }
    }
}

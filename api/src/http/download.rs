//! Objects on their way out (wire.md 2.7): whole or in part, or not at all where the client has them already.

use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use opmill_engine::ops::{BucketName, Entry};
use opmill_engine::storage::Object;
use percent_encoding::percent_decode_str;

use super::App;
use super::error::Refusal;
use super::reads::{self, Query};
use super::{ufop, wire};

/// Whatever no other path is: the object of that name.
pub async fn object(
    State(app): State<App>,
    method: Method,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Refusal> {
    if !matches!(method, Method::GET | Method::HEAD) {
        return Err(Refusal::new(405, "Method Not Allowed"));
    }
    let entry = entry(&app, &headers, &uri)?;
    let query = Query::of(uri.query());
    if query.get("op").is_some() {
        return reads::read(&app, &entry, &query).await;
    }
    if let Some(name) = query.get("ufop") {
        return ufop::forward(&app, name, &entry).await;
    }
    let missing = || Refusal::new(404, "File Not Found");
    let opened = app.storage().open(&entry).await?.ok_or_else(missing)?;
    let object = opened.object.clone();
    let tag = format!("\"{}\"", object.hash);
    let mut response = match part(&headers, &object, &tag) {
        Part::Unchanged => StatusCode::NOT_MODIFIED.into_response(),
        Part::Failed => return Err(Refusal::new(412, "Precondition Failed")),
        Part::Outside => {
            let mut response = Refusal::new(416, "Range Not Satisfiable").into_response();
            set(
                &mut response,
                header::CONTENT_RANGE,
                &format!("bytes */{}", object.size),
            );
            return Ok(response);
        }
        Part::Whole => sent(opened, 0..object.size, &method, StatusCode::OK).await?,
        Part::Some(range) => {
            let said = format!("bytes {}-{}/{}", range.start, range.end - 1, object.size);
            let mut response = sent(opened, range, &method, StatusCode::PARTIAL_CONTENT).await?;
            set(&mut response, header::CONTENT_RANGE, &said);
            response
        }
    };
    set(&mut response, header::ETAG, &tag);
    set(
        &mut response,
        header::LAST_MODIFIED,
        &httpdate::fmt_http_date(modified(&object)),
    );
    set(&mut response, header::ACCEPT_RANGES, "bytes");
    if method == Method::HEAD {
        response.headers_mut().extend(wire::growth(&object));
    }
    if response.status() != StatusCode::NOT_MODIFIED {
        set(&mut response, header::CONTENT_TYPE, &object.mime);
    }
    Ok(response)
}

/// The object that a request is about: the bucket by its host, or by the first part of the path.
pub fn entry(app: &App, headers: &HeaderMap, uri: &Uri) -> Result<Entry, Refusal> {
    let path = percent_decode_str(uri.path().trim_start_matches('/')).decode_utf8();
    let path = path.map_err(|_| Refusal::bad("the path is not UTF-8"))?;
    let (bucket, key) = match bucket_of_host(app, headers, uri) {
        Some(bucket) => (bucket, &*path),
        None => {
            let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
            let bucket = bucket
                .parse()
                .map_err(|_| Refusal::new(404, "Bucket Not Found"))?;
            (bucket, key)
        }
    };
    app.storage().check_bucket(&bucket)?;
    let key = key
        .parse()
        .map_err(|_| Refusal::new(404, "File Not Found"))?;
    Ok(Entry { bucket, key })
}

fn bucket_of_host(app: &App, headers: &HeaderMap, uri: &Uri) -> Option<BucketName> {
    let named = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let host = uri
        .authority()
        .map(|authority| authority.as_str())
        .or(named)?;
    app.storage().bucket_of_host(host).or_else(|| {
        let bare = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let base = app.options().base_domain.as_deref()?;
        let name = bare.strip_suffix(base)?.strip_suffix('.')?;
        name.parse().ok()
    })
}

/// What a client gets.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Some(Range<u64>),
    /// It has it already.
    Unchanged,
    /// It wants another one.
    Failed,
    /// It asks for bytes that are not there.
    Outside,
}

/// By the conditions of RFC 9110, in its order.
fn part(headers: &HeaderMap, object: &Object, tag: &str) -> Part {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let date = |name| text(name).and_then(|text| httpdate::parse_http_date(text).ok());
    let lists = |text: &str| {
        text.split(',')
            .any(|one| matches!(one.trim(), "*") || same(one, tag))
    };
    let modified = modified(object);
    let refused = match text(header::IF_MATCH) {
        Some(tags) => !lists(tags),
        None => date(header::IF_UNMODIFIED_SINCE).is_some_and(|at| modified > at),
    };
    if refused {
        return Part::Failed;
    }
    let unchanged = match text(header::IF_NONE_MATCH) {
        Some(tags) => lists(tags),
        None => date(header::IF_MODIFIED_SINCE).is_some_and(|at| modified <= at),
    };
    if unchanged {
        return Part::Unchanged;
    }
    let still_it = text(header::IF_RANGE).is_none_or(|given| {
        let by_date = httpdate::parse_http_date(given).is_ok_and(|at| at == modified);
        given == tag || by_date
    });
    match text(header::RANGE).filter(|_| still_it) {
        Some(range) => of_range(range, object.size),
        None => Part::Whole,
    }
}

fn same(one: &str, tag: &str) -> bool {
    let one = one.trim().trim_start_matches("W/");
    one == tag || one.trim_matches('"') == tag.trim_matches('"')
}

/// One range; several are answered with the whole, as a server may.
fn of_range(text: &str, size: u64) -> Part {
    let Some(range) = text.strip_prefix("bytes=") else {
        return Part::Whole;
    };
    let Some((first, last)) = range.split_once('-').filter(|_| !range.contains(',')) else {
        return Part::Whole;
    };
    let number = |text: &str| text.trim().parse::<u64>();
    let range = match (first.trim(), last.trim()) {
        ("", "") => return Part::Whole,
        ("", last) => match number(last) {
            Ok(count) => size.saturating_sub(count)..size,
            Err(_) => return Part::Whole,
        },
        (first, "") => match number(first) {
            Ok(first) => first..size,
            Err(_) => return Part::Whole,
        },
        (first, last) => match (number(first), number(last)) {
            (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
            _ => return Part::Whole,
        },
    };
    match range.start < range.end {
        true => Part::Some(range),
        false => Part::Outside,
    }
}

async fn sent(
    opened: opmill_engine::storage::Opened,
    range: Range<u64>,
    method: &Method,
    status: StatusCode,
) -> Result<Response, Refusal> {
    let length = range.end - range.start;
    let body = match *method == Method::HEAD {
        true => Body::empty(),
        false => Body::from_stream(opened.read(range).await?),
    };
    let mut response = (status, body).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    Ok(response)
}

/// With whole seconds, as HTTP has them.
fn modified(object: &Object) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(object.modified.get() / 1000)
}

fn set(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opmill_engine::UnixMillis;

    #[test]
    fn ranges_are_those_of_the_rfc() {
        for (text, expected) in [
            ("bytes=0-0", Part::Some(0..1)),
            ("bytes=2-", Part::Some(2..10)),
            ("bytes=-3", Part::Some(7..10)),
            ("bytes=-30", Part::Some(0..10)),
            ("bytes=8-99", Part::Some(8..10)),
            ("bytes=10-", Part::Outside),
            ("bytes=-0", Part::Outside),
            ("bytes=5-4", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("lines=0-1", Part::Whole),
            ("bytes=x-", Part::Whole),
        ] {
            assert_eq!(of_range(text, 10), expected, "{text}");
        }
        assert_eq!(of_range("bytes=0-", 0), Part::Outside);
    }

    #[test]
    fn conditions_come_before_ranges() {
        let object = Object {
            entry: "bkt:a".parse().unwrap(),
            hash: "h".to_owned(),
            size: 10,
            mime: "text/plain".to_owned(),
            stored: UnixMillis::new(0),
            modified: UnixMillis::new(784_111_777_000),
            expires: None,
        };
        let (then, before) = (
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:36 GMT",
        );
        for (row, expected) in [
            (vec![("if-none-match", "\"h\"")], Part::Unchanged),
            (vec![("if-none-match", "\"x\", W/\"h\"")], Part::Unchanged),
            (
                vec![("if-none-match", "\"x\""), ("if-modified-since", then)],
                Part::Whole,
            ),
            (vec![("if-modified-since", then)], Part::Unchanged),
            (vec![("if-modified-since", before)], Part::Whole),
            (vec![("if-match", "\"x\"")], Part::Failed),
            (
                vec![("if-match", "*"), ("range", "bytes=1-1")],
                Part::Some(1..2),
            ),
            (vec![("if-unmodified-since", before)], Part::Failed),
            (
                vec![("if-range", "\"h\""), ("range", "bytes=1-1")],
                Part::Some(1..2),
            ),
            (
                vec![("if-range", "\"x\""), ("range", "bytes=1-1")],
                Part::Whole,
            ),
            (
                vec![("if-range", then), ("range", "bytes=1-1")],
                Part::Some(1..2),
            ),
        ] {
            let pairs = row.iter().map(|(name, value)| {
                (
                    header::HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            });
            let headers: HeaderMap = pairs.collect();
            assert_eq!(part(&headers, &object, "\"h\""), expected, "{row:?}");
        }
    }
}

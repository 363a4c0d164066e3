//! Objects read, and asked about.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::world::{Server, refused};

fn clip(name: &str) -> Vec<u8> {
    let media = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/media");
    fs::read(media.join(name)).unwrap()
}

#[test]
fn an_object_is_read_by_path_by_host_and_in_part() {
    let server = Server::with("base_domain = \"files.example\"");
    server.put("bkt:dir/ü b.txt", b"0123456789");
    let path = "/dir/%C3%BC%20b.txt";
    for (host, path) in [
        (None, format!("/bkt{path}")),
        (Some("bkt.localhost"), path.to_owned()),
        (Some("BKT.localhost:8080"), path.to_owned()),
        (Some("bkt.files.example"), path.to_owned()),
    ] {
        let request = server.http.get(format!("{}{path}", server.url));
        let request = match host {
            Some(host) => request.header("Host", host),
            None => request,
        };
        let answer = request.send().unwrap();
        assert_eq!(answer.status(), 200, "{host:?}");
        assert_eq!(answer.text().unwrap(), "0123456789");
    }
    let part = |range: &str| {
        let request = server.http.get(format!("{}/bkt{path}", server.url));
        request.header("Range", range).send().unwrap()
    };
    let answer = part("bytes=2-4");
    assert_eq!(answer.status(), 206);
    assert_eq!(answer.headers()["content-range"], "bytes 2-4/10");
    let tag = answer.headers()["etag"].clone();
    assert_eq!(answer.text().unwrap(), "234");
    assert_eq!(part("bytes=20-").status(), 416);
    let again = server
        .http
        .get(format!("{}/bkt{path}", server.url))
        .header("If-None-Match", tag);
    assert_eq!(again.send().unwrap().status(), 304);
    let head = server
        .http
        .head(format!("{}/bkt{path}", server.url))
        .send()
        .unwrap();
    assert_eq!(head.headers()["content-length"], "10");
    assert!(head.headers().contains_key("last-modified"));
    refused(server.get("/nowhere/x"), 404, "Bucket Not Found");
    refused(server.get("/bkt/x"), 404, "File Not Found");
    refused(server.get("/bkt/%FF"), 400, "UTF-8");
    refused(
        server
            .http
            .post(format!("{}/bkt/x", server.url))
            .send()
            .unwrap(),
        405,
        "Method",
    );
}

#[test]
fn c_62_media_tells_what_it_is() {
    let server = Server::start();
    server.put("bkt:v.mp4", &clip("silent.mp4"));
    let info: Value = server.get("/bkt/v.mp4?op=avinfo2").json().unwrap();
    assert!(info["format"]["duration"].is_string() && info["format"]["nb_streams"].is_number());
    assert_eq!(info["streams"][0]["codec_name"], "h264");
    let full: Value = server.get("/bkt/v.mp4?op=avinfo").json().unwrap();
    assert!(full["streams"][0]["time_base"].is_string(), "{full}");
    server.put("bkt:a.txt", b"hello");
    refused(server.get("/bkt/a.txt?op=avinfo"), 400, "not media");
    refused(server.get("/bkt/a.txt?op=bogus"), 400, "bogus");
    refused(server.get("/bkt/none?op=avinfo"), 404, "File Not Found");
}

#[test]
fn a_picture_tells_what_it_is_and_becomes_smaller() {
    let server = Server::start();
    let mut picture = Vec::new();
    let pixels = image::RgbImage::from_fn(320, 240, |x, y| image::Rgb([x as u8, y as u8, 9]));
    pixels
        .write_to(
            &mut std::io::Cursor::new(&mut picture),
            image::ImageFormat::Png,
        )
        .unwrap();
    server.put("bkt:p.png", &picture);
    let info: Value = server.get("/bkt/p.png?op=imageInfo").json().unwrap();
    assert_eq!(
        (&info["width"], &info["height"]),
        (&320.into(), &240.into())
    );
    assert_eq!(info["size"], picture.len().to_string());
    assert_eq!(
        (&info["format"], &info["colorModel"]),
        (&"png".into(), &"rgb".into())
    );
    refused(server.get("/bkt/p.png?op=exif"), 400, "no exif data");
    let answer = server.get("/bkt/p.png?op=imageView2&mode=2&width=100&$height=50&format=jpg");
    assert_eq!(answer.headers()["content-type"], "image/jpeg");
    let small = image::load_from_memory(&answer.bytes().unwrap()).unwrap();
    assert_eq!((small.width(), small.height()), (67, 50));
    refused(
        server.get("/bkt/p.png?op=imageView2&mode=7&width=1"),
        400,
        "mode",
    );
}

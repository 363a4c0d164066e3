//! A customer's own server: takes callbacks and notifications, checks their signatures, and answers as it is told.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;

use crate::world::sign;

/// Something that was sent here.
#[derive(Debug)]
pub struct Post {
    pub path: String,
    pub authorization: String,
    pub content_type: String,
    pub body: String,
}

pub struct Customer {
    pub url: String,
    posts: Receiver<Post>,
}

impl Customer {
    /// One that answers the n-th post, counted from 0, with a status and a body.
    pub fn answering(answer: impl Fn(usize) -> (u16, &'static str) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, posts) = channel();
        // Ends with the process: it waits for connections alone.
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                serve(stream.unwrap(), answer(number), &sender);
            }
        });
        Self { url, posts }
    }

    pub fn next(&self) -> Post {
        self.posts.recv_timeout(Duration::from_secs(30)).unwrap()
    }

    /// Signed by the pair of these tests, over this plain text.
    pub fn is_signed(&self, post: &Post, plain: &str) -> bool {
        let message = format!("{}{}\n{}", self.url, post.path, URL_SAFE.encode(plain));
        post.authorization == format!("testak:{}", sign("testsk", message.as_bytes()))
    }
}

fn serve(mut stream: TcpStream, (status, answer): (u16, &str), posts: &Sender<Post>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut post = Post {
        path,
        authorization: String::new(),
        content_type: String::new(),
        body: String::new(),
    };
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim().split_once(": ") else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => post.authorization = value.to_owned(),
            "content-type" => post.content_type = value.to_owned(),
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    post.body = String::from_utf8(body).unwrap();
    let answer = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
        answer.len()
    );
    // Whoever sent it may be gone by now.
    let _ = stream.write_all(answer.as_bytes());
    let _ = posts.send(post);
}

//! A transport that keeps what it is given and answers what it is told.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use futures::future::BoxFuture;
use opmill_engine::notify::{Answer, Notification, Post, Transport, TransportError};
use tokio::sync::watch;

/// The status of the n-th post, counted from 0; `None` hangs up.
type Answers = dyn Fn(usize) -> Option<u16> + Send + Sync;

/// A shared handle; clones are the same recorder.
#[derive(Clone)]
pub struct Recorder {
    posts: watch::Sender<Vec<Post>>,
    answers: Arc<Mutex<Box<Answers>>>,
    /// What every answer says.
    body: Arc<Mutex<Vec<u8>>>,
}

impl Recorder {
    pub fn answering(answers: impl Fn(usize) -> Option<u16> + Send + Sync + 'static) -> Self {
        Self {
            posts: watch::Sender::new(Vec::new()),
            answers: Arc::new(Mutex::new(Box::new(answers))),
            body: Arc::default(),
        }
    }

    pub fn taking() -> Self {
        Self::answering(|_| Some(200))
    }

    pub fn saying(self, body: &str) -> Self {
        *self.body.lock().unwrap() = body.into();
        self
    }

    pub fn posts(&self) -> Vec<Post> {
        self.posts.borrow().clone()
    }

    /// Waits until there are so many posts.
    pub async fn received(&self, count: usize) {
        let mut posts = self.posts.subscribe();
        // The sender is this recorder itself.
        let _ = posts.wait_for(|posts| posts.len() >= count).await;
    }

    /// What the posts said, after decoding.
    pub fn notifications(&self) -> Vec<Notification> {
        let decode =
            |post: &Post| serde_json::from_slice(&URL_SAFE.decode(&post.body).unwrap()).unwrap();
        self.posts.borrow().iter().map(decode).collect()
    }
}

impl Transport for Recorder {
    fn post(&self, post: Post) -> BoxFuture<'static, Result<Answer, TransportError>> {
        let mut number = 0;
        self.posts.send_modify(|posts| {
            number = posts.len();
            posts.push(post);
        });
        let answer = (self.answers.lock().unwrap())(number);
        let body = self.body.lock().unwrap().clone();
        Box::pin(async move {
            let hung_up = TransportError::Failed("the receiver hung up".to_owned());
            let status = answer.ok_or(hung_up)?;
            Ok(Answer { status, body })
        })
    }
}

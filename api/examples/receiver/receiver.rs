//! The listener: one path, verified notifications out of a channel.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE;
use tokio::sync::{mpsc, oneshot};

use super::signature::{KeyPair, verify};

/// A notification whose signature holds.
pub struct Notification {
    pub json: serde_json::Value,
}

/// Listens on its own task until [`Receiver::close`].
pub struct Receiver {
    url: String,
    arrived: mpsc::UnboundedReceiver<Result<Notification, String>>,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

#[derive(Clone)]
struct Shared {
    url: String,
    keys: KeyPair,
    arrived: mpsc::UnboundedSender<Result<Notification, String>>,
}

impl Receiver {
    /// Binds `address`; the URL to notify is then [`Receiver::url`].
    pub async fn listen(address: &str, keys: KeyPair) -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind(address).await?;
        let url = format!("http://{}/notify", listener.local_addr()?);
        let (sender, arrived) = mpsc::unbounded_channel();
        let shared = Shared {
            url: url.clone(),
            keys,
            arrived: sender,
        };
        let router = axum::Router::new()
            .route("/notify", post(receive))
            .with_state(shared);
        let (stop, stopped) = oneshot::channel::<()>();
        // Resolves when told to stop and when nobody is left to tell.
        let until = async move { stopped.await.unwrap_or_default() };
        let task = tokio::spawn(
            axum::serve(listener, router)
                .with_graceful_shutdown(until)
                .into_future(),
        );
        Ok(Self {
            url,
            arrived,
            stop,
            task,
        })
    }

    /// Where to send notifications.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The next one; an error when what came was not signed as it must be.
    pub async fn next(&mut self) -> Result<Notification, String> {
        self.arrived
            .recv()
            .await
            .ok_or_else(|| String::from("the listener ended"))?
    }

    /// Stops listening once the answers under way are written; else the last sender would not hear its 200.
    pub async fn close(self) -> Result<(), String> {
        // A receiver that already ended has nobody listening to this.
        let _ = self.stop.send(());
        self.task
            .await
            .map_err(|e| e.to_string())?
            .map_err(|e| e.to_string())
    }
}

async fn receive(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let result = read(&shared, &headers, &body);
    let status = if result.is_ok() {
        StatusCode::OK
    } else {
        StatusCode::UNAUTHORIZED
    };
    // Whoever listens may have left; the sender still gets its answer.
    let _ = shared.arrived.send(result);
    status
}

fn read(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<Notification, String> {
    let authorization = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    verify(&shared.keys, &shared.url, body, authorization)?;
    let json = BASE64_URL_SAFE
        .decode(body)
        .map_err(|e| format!("body is not base64url: {e}"))?;
    let json = serde_json::from_slice(&json).map_err(|e| format!("body is not JSON: {e}"))?;
    Ok(Notification { json })
}

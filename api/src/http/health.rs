//! What load balancers and supervisors ask.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use opmill_engine::Health;
use serde_json::json;

use super::App;
use super::error::Refusal;

/// The process answers.
pub async fn alive() -> Response {
    Json(json!({"status": "ok"})).into_response()
}

/// The engine takes work.
pub async fn ready(State(app): State<App>) -> Result<Response, Refusal> {
    match app.engine().health() {
        Health::Working => Ok(Json(json!({"status": "ready"})).into_response()),
        Health::LowSpace { cause } | Health::Failed { cause } => Err(Refusal::later(cause)),
        _ => Err(Refusal::later("the server is shutting down")),
    }
}

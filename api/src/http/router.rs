//! The routes. Paths of the protocol win; whatever is none of them is an object.

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Router, middleware};

use super::{App, blocks, download, fmgr, fops, health, manage, request, upload};

/// Most bytes of a body that is not an upload.
const BODY: usize = 4 << 20;

/// Every path the server knows.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/file/upload", post(upload::simple))
        .route("/append/{position}", post(upload::append))
        .route("/mkblk/{size}/{order}", post(blocks::make))
        .route("/bput/{context}/{offset}", post(blocks::add))
        .route("/mkfile/{*rest}", post(blocks::finish))
        .route("/stat/{name}", get(manage::stat))
        .route("/delete/{name}", post(manage::delete))
        .route("/copy/{from}/{to}", post(manage::copy))
        .route("/move/{from}/{to}", post(manage::rename))
        .route("/setdeadline", post(manage::set_deadline))
        .route("/list", get(manage::list))
        .route("/bucket/list", get(manage::buckets))
        .route("/bucket/stat", get(manage::usage))
        .route("/bucket/statistics", get(manage::out_of_scope))
        .route("/prefetch/{names}", post(manage::prefetch))
        .route("/imageDetect", post(manage::out_of_scope))
        .route("/wslive/list", get(manage::out_of_scope))
        .route("/wslive/setdeadline", post(manage::out_of_scope))
        .route("/fops", post(fops::submit))
        .route("/status/get/prefop", get(fops::status))
        .route("/fmgr/status", get(fmgr::status))
        .route("/fmgr/{verb}", post(fmgr::submit))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .fallback(download::object)
        .layer(DefaultBodyLimit::max(BODY))
        .layer(middleware::from_fn(request::wrap))
        .with_state(app)
}

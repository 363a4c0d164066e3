//! What goes wrong, as clients see it: every status in one place (wire.md 1.5 and 2.8). The body always says `code` and
//! `message`.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use opmill_engine::{EngineError, StoreError};
use serde_json::json;

use super::token::Denied;

/// An answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub status: StatusCode,
    pub message: Cow<'static, str>,
    /// When to come again, in seconds.
    pub retry_after: Option<u32>,
}

/// Seconds after which a client may try again what was refused for now.
const LATER: u32 = 30;

impl Refusal {
    pub fn new(status: u16, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            // Every number in this program is a status.
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            message: message.into(),
            retry_after: None,
        }
    }

    pub fn bad(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(400, message)
    }

    pub fn later(message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            retry_after: Some(LATER),
            ..Self::new(503, message)
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({"code": self.status.as_u16(), "message": self.message});
        let mut response = (self.status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            let value = HeaderValue::from(seconds);
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        let status = match denied {
            Denied::NoToken => 405,
            Denied::Policy(_) => 400,
            Denied::Missing
            | Denied::Format
            | Denied::UnknownKey
            | Denied::Invalid
            | Denied::NoDeadline
            | Denied::Bucket => 401,
        };
        Self::new(status, denied.to_string())
    }
}

impl From<EngineError> for Refusal {
    fn from(error: EngineError) -> Self {
        match &error {
            EngineError::BucketNotFound { .. } => Self::new(404, "Bucket Not Found"),
            EngineError::ObjectNotFound { .. } | EngineError::SourceNotFound { .. } => {
                Self::new(404, "File Not Found")
            }
            EngineError::ObjectExists { .. } => Self::new(406, "File Already Exist"),
            EngineError::TargetExists { .. } => {
                Self::new(401, "The Persistent File Already Exists")
            }
            EngineError::AppNotFound { .. } => Self::new(404, "ufop not found"),
            EngineError::AppUnreachable { .. } => Self::new(502, error.report()),
            EngineError::AppTimeout { .. } => Self::new(504, error.report()),
            EngineError::UnknownJob { .. } => Self::new(404, "persistentId not found"),
            EngineError::BlockRefused { .. } => Self::new(701, error.report()),
            EngineError::BlocksDoNotFit { .. } => Self::new(412, error.report()),
            EngineError::TooLarge { .. } => Self::new(413, error.report()),
            EngineError::Broke { .. }
            | EngineError::Unreadable { .. }
            | EngineError::ObjectName { .. }
            | EngineError::AppendPosition { .. }
            | EngineError::Ops(_)
            | EngineError::Manage(_)
            | EngineError::TargetName(_)
            | EngineError::NotifyUrl { .. }
            | EngineError::Bucket { .. }
            | EngineError::SourcePath { .. }
            | EngineError::LocalFilesOff
            | EngineError::NotFinal { .. } => Self::bad(error.report()),
            EngineError::Closed => Self::later("the server is shutting down"),
            EngineError::Store(StoreError::LowSpace { .. } | StoreError::DiskFull { .. }) => {
                Self::later(error.report())
            }
            EngineError::Store(StoreError::Failed { .. }) | EngineError::Broken { .. } => {
                Self::later("the server's disk failed; it has to be restarted")
            }
            _ => {
                tracing::error!(error = error.report(), "a request failed");
                Self::new(500, "Internal Error")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_of_a_token_has_its_status_and_text() {
        for (denied, status, message) in [
            (Denied::Missing, 401, "Authorization Required"),
            (Denied::NoToken, 405, "Token Required"),
            (Denied::Format, 401, "Token Format Invalid"),
            (Denied::UnknownKey, 401, "AK/SK Not Found"),
            (Denied::Invalid, 401, "Token Invalid"),
            (Denied::NoDeadline, 401, "ExpireTime Is Null"),
            (Denied::Bucket, 401, "Bucket Access Denied"),
        ] {
            let refusal = Refusal::from(denied);
            assert_eq!(
                (refusal.status.as_u16(), &*refusal.message),
                (status, message)
            );
        }
    }
}

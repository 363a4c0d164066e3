//! The put policy: what the holder of an upload token may upload, and what happens then (wire.md 1.2). Numbers come as
//! numbers or as text; members nobody knows are passed over.

use opmill_engine::UnixMillis;
use opmill_engine::ops::BucketName;
use serde_json::{Map, Value};

/// What an upload token allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub bucket: BucketName,
    /// The key, if the policy names one; it wins over whatever the request names.
    pub key: Option<String>,
    /// Until when the token is good.
    pub deadline: UnixMillis,
    /// Template of the key where nobody names one.
    pub save_key: Option<String>,
    /// Most bytes.
    pub size_limit: Option<u64>,
    pub overwrite: bool,
    pub return_url: Option<String>,
    pub return_body: Option<String>,
    pub callback_url: Option<String>,
    pub callback_body: Option<String>,
    pub ops: Option<String>,
    pub notify_url: Option<String>,
    /// A notification for each command.
    pub separate: bool,
    /// The time the object is to have.
    pub last_modified: Option<UnixMillis>,
    /// The answer to a block upload says its CRC-64.
    pub crc64: bool,
}

/// Why a text is no put policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("the put policy is not JSON")]
    NotJson,
    #[error("the put policy has no deadline")]
    NoDeadline,
    #[error("the put policy has no scope; it is `bucket` or `bucket:key`")]
    NoScope,
    #[error("the scope of the put policy names no bucket: {0}")]
    Bucket(String),
    #[error("`{name}` of the put policy is {value}; it is a whole number")]
    NoNumber { name: &'static str, value: String },
    #[error("a put policy has either `returnUrl` or `callbackUrl`")]
    ReturnAndCallback,
}

impl Policy {
    /// Reads the JSON of a policy.
    pub fn read(json: &[u8]) -> Result<Self, PolicyError> {
        let value: Value = serde_json::from_slice(json).map_err(|_| PolicyError::NotJson)?;
        let members = Members(value.as_object().ok_or(PolicyError::NotJson)?);
        let deadline = members.number("deadline")?.ok_or(PolicyError::NoDeadline)?;
        let scope = members.text("scope").ok_or(PolicyError::NoScope)?;
        // A key may have colons.
        let (bucket, key) = match scope.split_once(':') {
            Some((bucket, key)) => (bucket, Some(key.to_owned()).filter(|key| !key.is_empty())),
            None => (scope.as_str(), None),
        };
        let bucket = bucket
            .parse()
            .map_err(|error: opmill_engine::ops::EntryError| {
                PolicyError::Bucket(error.to_string())
            })?;
        let policy = Self {
            bucket,
            key,
            deadline: UnixMillis::new(deadline),
            save_key: members.text("saveKey"),
            size_limit: members.number("fsizeLimit")?.filter(|bytes| *bytes > 0),
            overwrite: members.number("overwrite")? == Some(1),
            return_url: members.text("returnUrl"),
            return_body: members.text("returnBody"),
            callback_url: members.text("callbackUrl"),
            callback_body: members.text("callbackBody"),
            ops: members.text("persistentOps"),
            notify_url: members.text("persistentNotifyUrl"),
            separate: members.number("separate")? == Some(1),
            last_modified: members.number("lastModifiedTime")?.map(UnixMillis::new),
            crc64: members.text("hashAlgorithm").as_deref() == Some("crc64ecma"),
        };
        match (&policy.return_url, &policy.callback_url) {
            (Some(_), Some(_)) => Err(PolicyError::ReturnAndCallback),
            _ => Ok(policy),
        }
    }
}

struct Members<'a>(&'a Map<String, Value>);

impl Members<'_> {
    /// A text that says something.
    fn text(&self, name: &str) -> Option<String> {
        let text = self.0.get(name)?.as_str()?;
        Some(text.to_owned()).filter(|text| !text.is_empty())
    }

    /// A number, or a text of digits.
    fn number(&self, name: &'static str) -> Result<Option<u64>, PolicyError> {
        let wrong = |value: &Value| PolicyError::NoNumber {
            name,
            value: value.to_string(),
        };
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => match text.trim().parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(wrong(&Value::String(text.clone()))),
            },
            Some(Value::Bool(flag)) => Ok(Some(u64::from(*flag))),
            Some(value @ Value::Number(number)) => {
                // Some clients print whole numbers with a decimal point.
                let whole = number.as_f64().filter(|n| *n >= 0.0 && n.fract() == 0.0);
                let number = number.as_u64().or(whole.map(|n| n as u64));
                number.map(Some).ok_or_else(|| wrong(value))
            }
            Some(other) => Err(wrong(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Policy, PolicyError> {
        Policy::read(json.as_bytes())
    }

    #[test]
    fn numbers_come_as_numbers_and_as_text() {
        let all = r#"{"scope":"bkt:a:b/c","deadline":"4102444800000","overwrite":"1","fsizeLimit":"12","separate":1,
            "returnBody":"","instant":1,"unknown":{"a":[1]},"callbackUrl":"http://c/","lastModifiedTime":5}"#;
        let policy = read(all).unwrap();
        assert_eq!(policy.key.as_deref(), Some("a:b/c"));
        assert_eq!((policy.overwrite, policy.separate), (true, true));
        assert_eq!(policy.size_limit, Some(12));
        assert_eq!(
            (policy.return_body, policy.last_modified),
            (None, Some(UnixMillis::new(5)))
        );
        let least = read(r#"{"scope":"bkt","deadline":4.0e12,"fsizeLimit":0}"#).unwrap();
        assert_eq!(
            (least.key, least.size_limit, least.overwrite),
            (None, None, false)
        );
        assert_eq!(least.deadline, UnixMillis::new(4_000_000_000_000));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (json, expected) in [
            ("[]", PolicyError::NotJson),
            (r#"{"scope":"bkt"}"#, PolicyError::NoDeadline),
            (r#"{"scope":"bkt","deadline":""}"#, PolicyError::NoDeadline),
            (r#"{"deadline":1}"#, PolicyError::NoScope),
            (
                r#"{"scope":"bkt","deadline":"soon"}"#,
                PolicyError::NoNumber {
                    name: "deadline",
                    value: "\"soon\"".to_owned(),
                },
            ),
            (
                r#"{"scope":"bkt","deadline":1,"fsizeLimit":-1}"#,
                PolicyError::NoNumber {
                    name: "fsizeLimit",
                    value: "-1".to_owned(),
                },
            ),
            (
                r#"{"scope":"bkt","deadline":1,"returnUrl":"http://r/","callbackUrl":"http://c/"}"#,
                PolicyError::ReturnAndCallback,
            ),
        ] {
            assert_eq!(read(json).unwrap_err(), expected, "{json}");
        }
        let bucket = read(r#"{"scope":"no bucket:a","deadline":1}"#);
        assert!(matches!(bucket, Err(PolicyError::Bucket(_))), "{bucket:?}");
    }
}

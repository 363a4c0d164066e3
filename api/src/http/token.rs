//! Who signed a request, and whether what came is what was signed (wire.md 1.2 and 1.3). Nothing is written before this says
//! yes.

use opmill_engine::notify::sign::is_signed;
use opmill_engine::ops::b64u;
use opmill_engine::{KeyPair, UnixMillis};
use percent_encoding::percent_decode_str;

use super::policy::{Policy, PolicyError};

/// A key pair and what it may do.
#[derive(Debug, Clone)]
pub struct Account {
    pub pair: KeyPair,
    /// Names of the buckets it is for; `None`: all of them.
    pub buckets: Option<Vec<String>>,
}

impl Account {
    pub fn may_use(&self, bucket: &str) -> bool {
        let listed = |buckets: &Vec<String>| buckets.iter().any(|own| own == bucket);
        self.buckets.as_ref().is_none_or(listed)
    }
}

/// Why a token is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("Authorization Required")]
    Missing,
    /// A form without a token: 405 in the vendor's table.
    #[error("Token Required")]
    NoToken,
    #[error("Token Format Invalid")]
    Format,
    #[error("AK/SK Not Found")]
    UnknownKey,
    /// A wrong signature, or an upload token whose time is over.
    #[error("Token Invalid")]
    Invalid,
    #[error("ExpireTime Is Null")]
    NoDeadline,
    #[error("Bucket Access Denied")]
    Bucket,
    /// The policy was signed, and says what cannot be.
    #[error("{0}")]
    Policy(PolicyError),
}

/// Reads an upload token and the policy in it.
pub fn upload<'a>(
    accounts: &'a [Account],
    token: &str,
    now: UnixMillis,
) -> Result<(&'a Account, Policy), Denied> {
    let token = token.strip_prefix("UpToken ").unwrap_or(token).trim();
    let mut fields = token.splitn(3, ':');
    let (Some(key), Some(sign), Some(encoded)) = (fields.next(), fields.next(), fields.next())
    else {
        return Err(Denied::Format);
    };
    let account = account(accounts, key)?;
    // What was received is what was signed, padding or not; it is never written anew.
    if !is_signed(&account.pair, &[encoded.as_bytes()], sign) {
        return Err(Denied::Invalid);
    }
    let json = b64u::decode(encoded).ok_or(Denied::Format)?;
    let policy = Policy::read(&json).map_err(|error| match error {
        PolicyError::NotJson => Denied::Format,
        PolicyError::NoDeadline => Denied::NoDeadline,
        error => Denied::Policy(error),
    })?;
    if policy.deadline <= now {
        return Err(Denied::Invalid);
    }
    match account.may_use(policy.bucket.as_str()) {
        true => Ok((account, policy)),
        false => Err(Denied::Bucket),
    }
}

/// Checks a management token against the request it came with: the target as it was sent, and the whole body.
pub fn management<'a>(
    accounts: &'a [Account],
    token: Option<&str>,
    target: &str,
    body: &[u8],
) -> Result<&'a Account, Denied> {
    let token = token.ok_or(Denied::Missing)?.trim();
    let (key, sign) = token.split_once(':').ok_or(Denied::Format)?;
    if sign.contains(':') {
        // An upload token.
        return Err(Denied::Format);
    }
    let account = account(accounts, key)?;
    // SDKs sign what they send, or the path as it was before it was encoded.
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let with_query = |path: String| match query {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut targets = vec![target.to_owned()];
    if target.contains('%') {
        targets.push(with_query(decoded(path)));
        targets.push(decoded(target));
    }
    let signed =
        |target: &String| is_signed(&account.pair, &[target.as_bytes(), b"\n", body], sign);
    match targets.iter().any(signed) {
        true => Ok(account),
        false => Err(Denied::Invalid),
    }
}

fn account<'a>(accounts: &'a [Account], key: &str) -> Result<&'a Account, Denied> {
    let own = |account: &&Account| account.pair.access_key == key;
    accounts.iter().find(own).ok_or(Denied::UnknownKey)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts() -> Vec<Account> {
        let account = |access: &str, secret: &str, buckets: Option<&[&str]>| Account {
            pair: KeyPair::new(access, secret),
            buckets: buckets.map(|names| names.iter().map(|name| name.to_string()).collect()),
        };
        vec![
            account("other", "secret", None),
            account("testak", "testsk", Some(&["bkt"])),
            account("UMU", "Blog", None),
        ]
    }

    fn now() -> UnixMillis {
        UnixMillis::new(1_700_000_000_000)
    }

    #[test]
    fn c_12_a_policy_as_python_prints_it() {
        let token = "testak:MzZiZDdhNTEwOTIzMGRmYzQ4YzFjMmMyN2FjNjY4OGEyYTE4NzZkMw==:eyJzY29wZSI6ICJia3Q6ZGlyL2EudHh0IiwgIm92ZXJ3cml0ZSI6IDEsICJkZWFkbGluZSI6IDQxMDI0NDQ4MDAwMDB9";
        let accounts = accounts();
        for token in [token.to_owned(), format!("UpToken {token}")] {
            let (account, policy) = upload(&accounts, &token, now()).unwrap();
            assert_eq!(account.pair.access_key, "testak");
            assert_eq!(policy.key.as_deref(), Some("dir/a.txt"));
            assert!(policy.overwrite);
        }
    }

    const C_13: &str = "testak:YTY2NmVmYmYxN2YwNjliZTcxYmM5NDVjYWMyYWQ3ZjAxODYzZGMxZA==:eyJzY29wZSI6ImJrdDpuLnR4dCIsImRlYWRsaW5lIjoiNDEwMjQ0NDgwMDAwMCIsIm92ZXJ3cml0ZSI6MX0=";

    #[test]
    fn c_13_a_deadline_in_a_string() {
        let accounts = accounts();
        let (_, policy) = upload(&accounts, C_13, now()).unwrap();
        assert_eq!(policy.deadline, UnixMillis::new(4_102_444_800_000));
        // Without padding it is another text, which nobody signed.
        let cut = C_13.trim_end_matches('=');
        assert_eq!(upload(&accounts, cut, now()).unwrap_err(), Denied::Invalid);
        let sign_cut = C_13.replacen("==:", ":", 1);
        assert!(upload(&accounts, &sign_cut, now()).is_ok());
    }

    #[test]
    fn c_14_a_signature_without_the_hexadecimal_step() {
        let sign = "YTY2NmVmYmYxN2YwNjliZTcxYmM5NDVjYWMyYWQ3ZjAxODYzZGMxZA==";
        let token = C_13.replace(sign, "pmbvvxfwab5xvJRcrCrX8Bhj3B0=");
        assert_eq!(
            upload(&accounts(), &token, now()).unwrap_err(),
            Denied::Invalid
        );
    }

    #[test]
    fn c_15_a_token_of_1970() {
        let token = "testak:NjEwODFiZDg2ZTlkMDQwNGQ4YzYwMjQyM2NmYTQwYzk4MDU3ZjZlOA==:eyJzY29wZSI6ImJrdDpuLnR4dCIsImRlYWRsaW5lIjoxMDAwfQ==";
        assert_eq!(
            upload(&accounts(), token, now()).unwrap_err(),
            Denied::Invalid
        );
        let then = UnixMillis::new(999);
        assert!(upload(&accounts(), token, then).is_ok());
    }

    #[test]
    fn tokens_are_denied_for_the_first_reason_there_is() {
        let accounts = accounts();
        let fresh = |access: &str, secret: &str, policy: &str| {
            let encoded = b64u::encode(policy);
            let sign = opmill_engine::notify::sign::sign(secret.as_bytes(), encoded.as_bytes());
            format!("{access}:{sign}:{encoded}")
        };
        for (token, expected) in [
            ("".to_owned(), Denied::Format),
            ("testak:x".to_owned(), Denied::Format),
            ("nobody:x:y".to_owned(), Denied::UnknownKey),
            ("testak:x:y".to_owned(), Denied::Invalid),
            (fresh("testak", "wrong", "{}"), Denied::Invalid),
            (fresh("testak", "testsk", "no json"), Denied::Format),
            (
                fresh("testak", "testsk", r#"{"scope":"bkt"}"#),
                Denied::NoDeadline,
            ),
            (
                fresh("testak", "testsk", r#"{"scope":"bkt","deadline":1}"#),
                Denied::Invalid,
            ),
            (
                fresh(
                    "testak",
                    "testsk",
                    r#"{"scope":"else","deadline":4102444800000}"#,
                ),
                Denied::Bucket,
            ),
        ] {
            assert_eq!(
                upload(&accounts, &token, now()).unwrap_err(),
                expected,
                "{token}"
            );
        }
    }

    fn check(target: &str, body: &str, token: &str) {
        let accounts = accounts();
        let accepted = management(&accounts, Some(token), target, body.as_bytes());
        assert!(accepted.is_ok(), "{target}: {accepted:?}");
        // C-24: one byte of difference anywhere.
        for (target, body) in [
            (format!("{target}x"), body.to_owned()),
            (target.to_owned(), format!("{body} ")),
            (target.replacen('/', "//", 1), body.to_owned()),
        ] {
            let refused = management(&accounts, Some(token), &target, body.as_bytes());
            assert_eq!(refused.unwrap_err(), Denied::Invalid, "{target}");
        }
    }

    #[test]
    fn c_16_to_c_23_management_tokens_of_the_python_sdk() {
        for (target, body, token) in [
            (
                "/stat/Ymt0OmRpci9hLnR4dA==",
                "",
                "testak:MDM2NTJlMGM1NDZiYWRmNWI0YzhmZjhkNjhjYzZjZTJjZWZiMWMyMg==",
            ),
            (
                "/list?bucket=bkt&marker=m1&limit=10&prefix=ZGlyLw==&mode=0",
                "",
                "testak:ZmVlY2IwOGI3ZGI4MzJmNzBhN2Q5YmU3ZmQyNjhmNGJkYzdkMGM4MQ==",
            ),
            (
                "/bucket/list",
                "",
                "testak:NWE4ZmU2NWJmY2QzYzI3OTY3ODMwZjI5M2RhOTA4OGNkNDJkNzU2Mg==",
            ),
            (
                "/delete/Ymt0OmE=",
                "",
                "testak:ZTFhZWRlZjEyODM0ZGM1MDhhNGJjZmUxNDQ4YTEzYjI4NmVkM2MwMQ==",
            ),
            (
                "/copy/Ymt0OmE=/Ymt0OmI=",
                "",
                "testak:YmVmNWI4MzAwOTk3NDEzMThjOTc0MDdiYzBhMWMwMGRhODdlYmVmNg==",
            ),
            (
                "/move/Ymt0OmE=/Ymt0OmM=",
                "",
                "testak:MDlkYTllYjVkNzdiMTYwOGJmNTJmMzk4YzlhZGYxNWZkNjA1M2MwNA==",
            ),
            (
                "/setdeadline",
                "bucket=Ymt0&key=YQ==&deadline=3",
                "testak:M2Q2YjZjOTBlODgyY2Q3NTUzNTYyOTkyZThhMzE2ZGExZDhmMzcyYQ==",
            ),
            (
                "/fops",
                "bucket=Ymt0&key=di5tcDQ=&fops=dmZyYW1lL2pwZy9vZmZzZXQvMXxzYXZlYXMvWW10ME9tOHVhbkJu&notifyURL=aHR0cDovLzEyNy4wLjAuMTo5L25vdGlmeT94PTE=&force=1&separate=1",
                "testak:YTEzZjNjZGY4NDE0OTlkNTY5OTlkZThhMjJjMTgzMjBlMDk2YTcyNA==",
            ),
            (
                "/fops",
                "bucket=Ymt0&key=di5tcDQ=&fops=YXZpbmZv&notifyURL=",
                "testak:YjE1OWY3N2I1OGFmYTE5MzRhMjU4YTkyNDcyYjA5YWUzM2NhMTVjOA==",
            ),
            (
                "/fmgr/fetch",
                "fops=fetchURL/aHR0cDovL3gveQ==/bucket/Ymt0/key/aw==&notifyURL=aHR0cDovLzEyNy4wLjAuMTo5L25vdGlmeT94PTE=&separate=1&force=1",
                "testak:NzFlMjNiMDkzMTVmODkwYzg4Mjc3OWE4NGI0ZjNkNWY3OGU4NjQ1OQ==",
            ),
            (
                "/fmgr/delete",
                "fops=bucket/Ymt0/key/YQ==;bucket/Ymt0/key/Yg==&separate=0",
                "testak:Mjg1MDdkYzVlNDk5YzQ0OTViMzUwMjIxZGViYjI0MDgzYjVlMWNhMA==",
            ),
            (
                "/fmgr/copy",
                "fops=resource/Ymt0OmE=/bucket/Ymt0/key/Yg==",
                "testak:MWVkYWQxNDkzNTFjNzQ2YjY0ZDRlMTFmMzc0NTkyZTIzMmU4MzIxYQ==",
            ),
            (
                "/2017/08/09/reconstructionism-poet-keep-secret/",
                "",
                "UMU:MDE2ZWM0MzY0M2RjN2YwZDA5YjFkMmY3OGVkNjdhYjIyMWZkODdjMQ==",
            ),
        ] {
            check(target, body, token);
        }
    }

    #[test]
    fn a_path_may_be_signed_as_it_was_before_it_was_encoded() {
        let accounts = accounts();
        let sign = |text: &str| {
            let sign = opmill_engine::notify::sign::sign(b"testsk", format!("{text}\n").as_bytes());
            format!("testak:{sign}")
        };
        let target = "/stat/a%3D%3D?x=%20";
        for signed in [target, "/stat/a==?x=%20", "/stat/a==?x= "] {
            let accepted = management(&accounts, Some(&sign(signed)), target, b"");
            assert!(accepted.is_ok(), "{signed}");
        }
        let other = management(&accounts, Some(&sign("/stat/a%3D%3D?x= ")), target, b"");
        assert_eq!(other.unwrap_err(), Denied::Invalid);
    }

    #[test]
    fn a_management_request_needs_a_management_token() {
        let accounts = accounts();
        for (token, expected) in [
            (None, Denied::Missing),
            (Some("testak"), Denied::Format),
            (Some(C_13), Denied::Format),
            (Some("nobody:x"), Denied::UnknownKey),
        ] {
            assert_eq!(
                management(&accounts, token, "/stat/x", b"").unwrap_err(),
                expected
            );
        }
    }
}

//! Bodies of `name=value` pairs as the SDKs write them (wire.md 2.6): values are raw, end in `=` and hold `/`, so a form
//! parser would spoil them.

use opmill_engine::ops::b64u;

use super::error::Refusal;

/// The pairs of a body.
#[derive(Debug)]
pub struct Pairs<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Pairs<'a> {
    /// Reads a body: split at `&`, then at the first `=`.
    pub fn of(body: &'a [u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(body).map_err(|_| Refusal::bad("the body is not UTF-8"))?;
        let pair = |pair: &'a str| pair.split_once('=').unwrap_or((pair, ""));
        let pairs = text.trim().split('&').filter(|pair| !pair.is_empty());
        Ok(Self(pairs.map(pair).collect()))
    }

    /// The value of a name, unless it is empty.
    pub fn plain(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(own, _)| *own == name);
        found
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// The same, decoded.
    pub fn decoded(&self, name: &'static str) -> Result<Option<String>, Refusal> {
        self.plain(name)
            .map(|value| decode(name, value))
            .transpose()
    }

    /// The same, which must be there.
    pub fn required(&self, name: &'static str) -> Result<String, Refusal> {
        let value = self.decoded(name)?;
        value.ok_or_else(|| Refusal::bad(format!("`{name}` is missing")))
    }

    /// 0 or 1; 0 if it is not there.
    pub fn flag(&self, name: &'static str) -> Result<bool, Refusal> {
        match self.plain(name) {
            None | Some("0") => Ok(false),
            Some("1") => Ok(true),
            Some(other) => Err(Refusal::bad(format!("`{name}` is {other}; it is 0 or 1"))),
        }
    }
}

/// The text in URL-safe base64.
pub fn decode(name: &str, value: &str) -> Result<String, Refusal> {
    let bytes = b64u::decode(value);
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| Refusal::bad(format!("`{name}` is not URL-safe base64 of UTF-8 text")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_20_the_pairs_of_a_request_for_ops() {
        let body = b"bucket=Ymt0&key=di5tcDQ=&fops=dmZyYW1lL2pwZy9vZmZzZXQvMXxzYXZlYXMvWW10ME9tOHVhbkJu&notifyURL=aHR0cDovLzEyNy4wLjAuMTo5L25vdGlmeT94PTE=&force=1&separate=1";
        let pairs = Pairs::of(body).unwrap();
        assert_eq!(pairs.required("bucket").unwrap(), "bkt");
        assert_eq!(pairs.required("key").unwrap(), "v.mp4");
        assert_eq!(
            pairs.required("fops").unwrap(),
            "vframe/jpg/offset/1|saveas/Ymt0Om8uanBn"
        );
        let notify = pairs.decoded("notifyURL").unwrap();
        assert_eq!(notify.as_deref(), Some("http://127.0.0.1:9/notify?x=1"));
        assert!(pairs.flag("force").unwrap() && pairs.flag("separate").unwrap());
    }

    #[test]
    fn c_21_an_empty_value_is_none() {
        let pairs = Pairs::of(b"bucket=Ymt0&key=di5tcDQ=&fops=YXZpbmZv&notifyURL=").unwrap();
        assert_eq!(pairs.decoded("notifyURL").unwrap(), None);
        assert!(!pairs.flag("force").unwrap());
    }

    #[test]
    fn c_57_a_request_of_the_vendors_pages() {
        let body = b"bucket=dm9kLXdjcy10ZXN0MDAx&key=dGVzdC5tcDQ=&fops=YXZ0aHVtYi9tb3Yvc3MvMTI1L3QvMTAwfHNhdmVhcy9kbTlrTFhkamN5MTBaWE4wTURBeE9tOTFkSEIxZEM1dGIzWT0=&force=1&separate=1";
        let pairs = Pairs::of(body).unwrap();
        assert_eq!(pairs.required("bucket").unwrap(), "vod-wcs-test001");
        assert_eq!(pairs.required("key").unwrap(), "test.mp4");
        let ops = pairs.required("fops").unwrap();
        let target = ops
            .strip_prefix("avthumb/mov/ss/125/t/100|saveas/")
            .unwrap();
        assert_eq!(
            decode("saveas", target).unwrap(),
            "vod-wcs-test001:output.mov"
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let pairs = Pairs::of(b"key=%%%&force=2").unwrap();
        assert_eq!(
            pairs.required("bucket").unwrap_err().message,
            "`bucket` is missing"
        );
        assert!(
            pairs
                .required("key")
                .unwrap_err()
                .message
                .starts_with("`key` is not")
        );
        assert_eq!(
            pairs.flag("force").unwrap_err().message,
            "`force` is 2; it is 0 or 1"
        );
        assert_eq!(Pairs::of(b"\xff").unwrap_err().status.as_u16(), 400);
    }
}

//! The seam to the network: [`Transport`] posts one message. [`Http`] does it for real; tests record.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use url::{Host, Url};

use super::address;
use crate::config::Notify;
use crate::error::{self, EngineError};

/// Posts messages.
pub trait Transport: Send + Sync + 'static {
    /// Sends one message and gives the answer.
    fn post(&self, post: Post) -> BoxFuture<'static, Result<Answer, TransportError>>;
}

/// What a receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body, as far as [`Answer::LONGEST`].
    pub body: Vec<u8>,
}

impl Answer {
    /// Bytes of a body that are read; a receiver has no reason to send more.
    pub const LONGEST: usize = 1 << 20;
}

impl From<u16> for Answer {
    /// An answer without a body.
    fn from(status: u16) -> Self {
        Self {
            status,
            body: Vec::new(),
        }
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The address exactly as the client gave it; it is signed in this form.
    pub url: String,
    /// `Authorization`.
    pub authorization: String,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// The body as signed.
    pub body: String,
}

/// Why there was no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The address is not one requests may go to.
    #[error(
        "{host} is an address of a local or private network; allow_private_addresses = true permits those"
    )]
    Private {
        /// The host of the URL.
        host: String,
    },
    /// The request failed.
    #[error("{0}")]
    Failed(String),
}

/// Posts over HTTP and HTTPS. It follows no redirects and uses no proxy, as both would lead around the address guard.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    allow_private: bool,
}

impl Http {
    /// A client with the timeouts and the address rule of the configuration.
    pub fn new(config: &Notify) -> Result<Self, EngineError> {
        let client = client(config, config.allow_private_addresses)
            .timeout(config.connect + config.response)
            .build()
            .map_err(EngineError::Client)?;
        Ok(Self {
            client,
            allow_private: config.allow_private_addresses,
        })
    }
}

/// A client that follows nothing by itself, and connects to public addresses alone unless that is switched off.
pub(crate) fn client(config: &Notify, allow_private: bool) -> reqwest::ClientBuilder {
    let client = reqwest::Client::builder()
        .user_agent(concat!("opmill/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(config.connect);
    match allow_private {
        true => client,
        false => client.dns_resolver(Arc::new(PublicOnly)),
    }
}

impl Transport for Http {
    fn post(&self, post: Post) -> BoxFuture<'static, Result<Answer, TransportError>> {
        let Self {
            client,
            allow_private,
        } = self.clone();
        Box::pin(async move {
            if !allow_private {
                check_literal(&post.url)?;
            }
            let request = client
                .post(&post.url)
                .header(reqwest::header::AUTHORIZATION, post.authorization)
                .header(reqwest::header::CONTENT_TYPE, post.content_type)
                .body(post.body);
            let mut answer = request.send().await.map_err(|error| failed(&error))?;
            let mut read = Answer::from(answer.status().as_u16());
            while let Some(bytes) = answer.chunk().await.map_err(|error| failed(&error))? {
                let room = Answer::LONGEST - read.body.len();
                read.body.extend_from_slice(&bytes[..bytes.len().min(room)]);
                if read.body.len() == Answer::LONGEST {
                    break;
                }
            }
            Ok(read)
        })
    }
}

/// The guard may sit deep in the causes of what the client reports.
pub(crate) fn failed(error: &reqwest::Error) -> TransportError {
    let mut causes =
        std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    match causes.find_map(|cause| cause.downcast_ref::<TransportError>()) {
        Some(refused) => refused.clone(),
        None => TransportError::Failed(error::report(error)),
    }
}

/// A host that is an address is never resolved, so it is checked here.
pub(crate) fn check_literal(url: &str) -> Result<(), TransportError> {
    let address = match Url::parse(url)
        .ok()
        .and_then(|url| url.host().map(|host| host.to_owned()))
    {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        _ => return Ok(()),
    };
    if address::is_public(address) {
        Ok(())
    } else {
        Err(TransportError::Private {
            host: address.to_string(),
        })
    }
}

/// Resolves names and keeps their public addresses, so that the connection goes to an address that was checked.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let host = name.as_str();
            let found = tokio::net::lookup_host((host, 0)).await?;
            let public: Vec<SocketAddr> = found
                .filter(|found| address::is_public(found.ip()))
                .collect();
            if public.is_empty() {
                return Err(TransportError::Private {
                    host: host.to_owned(),
                }
                .into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_private_receiver_is_refused_by_address_and_by_name() {
        let http = Http::new(&Notify::default()).unwrap();
        for host in [
            "127.0.0.1:9",
            "[::1]:9",
            "0x7f.1:9",
            "2130706433",
            "[::ffff:10.0.0.1]",
            "localhost:9",
        ] {
            let post = Post {
                url: format!("http://{host}/notify"),
                authorization: "ak:sign".to_owned(),
                content_type: "text/plain",
                body: String::new(),
            };
            let refused = http.post(post).await;
            assert!(
                matches!(refused, Err(TransportError::Private { .. })),
                "{host}: {refused:?}"
            );
        }
    }
}

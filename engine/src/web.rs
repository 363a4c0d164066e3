//! Requests to addresses that others gave: sources to fetch, apps to ask. Local and private addresses are refused, after the
//! name is resolved and at every redirect, unless the configuration says otherwise.

use std::time::Duration;

use reqwest::{Client, Response, header};
use url::Url;

use crate::config::Notify;
use crate::error::EngineError;
use crate::notify::transport::{TransportError, check_literal, client, failed};

/// Redirects of one request that are followed.
const HOPS: usize = 5;

/// The clients, one for each of the places they may reach.
pub(crate) struct Web {
    public: Client,
    anywhere: Client,
    allow_private: bool,
    /// How long a connection may be silent.
    pub wait: Duration,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WebError {
    #[error("{url:?} is no address: {reason}")]
    Address { url: String, reason: String },
    #[error(transparent)]
    Refused(#[from] TransportError),
    #[error("no answer in {} s", .wait.as_secs())]
    Timeout { wait: Duration },
    #[error("it redirects more than {HOPS} times")]
    Hops,
}

impl Web {
    pub fn new(config: &Notify) -> Result<Self, EngineError> {
        let build = |allow_private| {
            client(config, allow_private)
                .read_timeout(config.response)
                .build()
                .map_err(EngineError::Client)
        };
        Ok(Self {
            public: build(false)?,
            anywhere: build(true)?,
            allow_private: config.allow_private_addresses,
            wait: config.response,
        })
    }

    /// The client for an address that may be private, or may not.
    fn client(&self, url: &Url, private: bool) -> Result<&Client, WebError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(WebError::Address {
                url: url.to_string(),
                reason: "it must be http:// or https://".to_owned(),
            });
        }
        if private || self.allow_private {
            return Ok(&self.anywhere);
        }
        check_literal(url.as_str())?;
        Ok(&self.public)
    }

    /// Posts nothing but the address itself; the answer's body is still to come. Redirects are answers like others.
    pub async fn post(
        &self,
        url: &str,
        authorization: Option<String>,
        private: bool,
    ) -> Result<Response, WebError> {
        let parsed = parse(url)?;
        let mut request = self
            .client(&parsed, private)?
            .post(parsed)
            .header(header::CONTENT_LENGTH, "0");
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        self.send(request).await
    }

    /// Gets an address, and what it redirects to; the answer's body is still to come.
    pub async fn get(&self, url: &str) -> Result<Response, WebError> {
        let mut url = parse(url)?;
        for _ in 0..=HOPS {
            let request = self.client(&url, false)?.get(url.clone());
            let answer = self.send(request).await?;
            let location = answer.headers().get(header::LOCATION);
            let location = location.filter(|_| answer.status().is_redirection());
            let Some(location) = location else {
                return Ok(answer);
            };
            let location = location.to_str().unwrap_or_default();
            url = url.join(location).map_err(|error| WebError::Address {
                url: location.to_owned(),
                reason: error.to_string(),
            })?;
        }
        Err(WebError::Hops)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Response, WebError> {
        match tokio::time::timeout(self.wait, request.send()).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) if error.is_timeout() && !error.is_connect() => {
                Err(WebError::Timeout { wait: self.wait })
            }
            Ok(Err(error)) => Err(failed(&error).into()),
            Err(_) => Err(WebError::Timeout { wait: self.wait }),
        }
    }
}

fn parse(url: &str) -> Result<Url, WebError> {
    Url::parse(url).map_err(|error| WebError::Address {
        url: url.to_owned(),
        reason: error.to_string(),
    })
}

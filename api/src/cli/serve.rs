//! `opmill serve`: the protocol on one listener, and an engine behind it.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use opmill_engine::{Engine, KeyPair};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{CliError, Outcome};
use crate::http::{App, router, serve as listen};
use crate::settings::{DEV_BUCKET, Flags, Settings};

/// Serves the protocol of CDNetworks / Wangsu Object Storage.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Settings, in TOML; every one can be given in the environment as well (OPMILL_LISTEN, OPMILL_NOTIFY_SPACING_SECONDS, …)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where queue and buckets are [default: ./data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// To try it: makes a bucket and a key pair, and lets notifications go to this machine
    #[arg(long)]
    dev: bool,
}

const EXAMPLES: &str = "\
Examples:
  opmill serve --dev
  opmill serve --config /etc/opmill.toml
  OPMILL_ACCESS_KEY=… OPMILL_SECRET_KEY=… opmill serve --data /srv/opmill --listen 0.0.0.0:8080

SIGTERM or Ctrl-C ends it: no new requests, those under way and running jobs may end for a while, the rest goes on at the
next start.";

pub async fn serve(args: Args) -> Result<Outcome, CliError> {
    let dev = match args.dev {
        true => Some(random_pair()?),
        false => None,
    };
    let flags = Flags {
        data: args.data,
        listen: args.listen,
        dev: dev.clone(),
    };
    let environment = |name: &str| std::env::var(name).ok();
    let settings = Settings::read(args.config.as_deref(), &environment, flags)?;
    let listener = TcpListener::bind(settings.listen)
        .await
        .map_err(|source| CliError::Listen {
            address: settings.listen,
            source,
        })?;
    let address = listener.local_addr()?;
    // Before the engine starts: whoever asks it to end may do so at once.
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let engine = Engine::open(settings.engine).await?;
    say(&format!("listening on http://{address}"), dev.as_ref())?;
    let app = App::new(engine.clone(), settings.accounts, settings.options);
    let failed = engine.clone();
    let mut failure = None;
    let stop = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            error = failed.wait_failed() => failure = error,
        }
        tracing::info!("shutting down");
    };
    listen(listener, router(app), settings.limits, stop).await;
    let ended = engine.shutdown().await;
    match failure {
        // Nothing can be promised any more: whoever supervises the process is to hear of it.
        Some(error) => Err(error.into()),
        None => Ok(ended.map(|()| Outcome::Succeeded)?),
    }
}

/// To standard output, where programs that start a server look for its address.
fn say(line: &str, dev: Option<&KeyPair>) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    if let Some(pair) = dev {
        writeln!(out, "bucket     {DEV_BUCKET}")?;
        writeln!(out, "access key {}", pair.access_key)?;
        writeln!(out, "secret key {}", pair.secret_key.expose())?;
    }
    out.flush()
}

fn random_pair() -> Result<KeyPair, CliError> {
    let random = || {
        let mut bytes = [0_u8; 20];
        getrandom::fill(&mut bytes).map_err(|error| std::io::Error::other(error.to_string()))?;
        let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
        Ok::<_, std::io::Error>(digits.collect::<String>())
    };
    Ok(KeyPair::new(random()?, random()?))
}

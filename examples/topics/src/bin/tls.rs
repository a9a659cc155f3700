//! A hub over TLS, without a proxy in front of it: HTTP/1.1 and HTTP/2, WebSockets on both.

use std::error::Error;
use std::net::TcpListener;

use axum::Router;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use rcgen::generate_simple_self_signed;
use signalr_runtime::client::HubConnection;
use signalr_runtime::server::{Hub, HubRouterExt, HubService};
use signalr_runtime::{HubResult, hub};

#[hub]
trait Vault {
    async fn open(&self) -> HubResult<String>;
}

struct Safe;

impl Hub for Safe {
    type Contract = VaultContract;
}

impl Vault for Safe {
    async fn open(&self) -> HubResult<String> {
        Ok("gold".to_owned())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    if let Some(url) = std::env::args().nth(1) {
        let connection = HubConnection::<VaultContract>::builder(url).connect().await?;
        println!("{}", connection.hub().open().await?);
        return Ok(());
    }
    let made = generate_simple_self_signed(["localhost".to_owned()])?; // yours: `RustlsConfig::from_pem_file`
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let config = RustlsConfig::from_pem(certificate.clone().into(), key.into()).await?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let url = format!("https://localhost:{}/vault", listener.local_addr()?.port());
    // Without delay: an event of Server-Sent Events does not wait for the acknowledgement of the one before.
    let acceptor = RustlsAcceptor::new(config).acceptor(NoDelayAcceptor::new());
    let mut server = axum_server::from_tcp(listener)?.acceptor(acceptor);
    server.http_builder().http2().enable_connect_protocol(); // WebSockets over HTTP/2 need it
    let app = Router::new().hub("/vault", HubService::<Safe>::new(|_| Safe));
    tokio::spawn(server.serve(app.into_make_service()));

    // The client trusts what its operating system trusts, or what is in this file: this program once more, as a client.
    let file = std::env::temp_dir().join(format!("topics-tls-{}.pem", std::process::id()));
    std::fs::write(&file, certificate)?;
    let mut client = tokio::process::Command::new(std::env::current_exe()?);
    let status = client.arg(url).env("SSL_CERT_FILE", &file).env_remove("SSL_CERT_DIR").status().await?;
    std::fs::remove_file(file)?;
    if status.success() { Ok(()) } else { Err("the client failed".into()) }
}

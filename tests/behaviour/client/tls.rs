//! The same over TLS, with the certificates that the operating system trusts.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::server::Server;

/// Serves TLS in front of a server, and gives its address and its certificate.
async fn with_tls(server: &Server) -> (String, String) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/hub", listener.local_addr().unwrap().port());
    let plain = server.url.strip_prefix("http://").unwrap().strip_suffix("/hub").unwrap().to_owned();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, plain) = (acceptor.clone(), plain.clone());
            tokio::spawn(async move {
                // A client that does not trust us hangs up.
                if let Ok(mut secure) = acceptor.accept(stream).await {
                    let mut plain = TcpStream::connect(plain).await.unwrap();
                    let _ = copy_bidirectional(&mut secure, &mut plain).await;
                }
            });
        }
    });
    (url, cert.pem())
}

/// What a client says that trusts only `certificate`.
async fn client(url: &str, name: &str, certificate: &str) -> String {
    let file = format!("{}/{name}-{}.pem", env!("CARGO_TARGET_TMPDIR"), std::process::id());
    tokio::fs::write(&file, certificate).await.unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_tls-client"))
        .arg(url)
        .env("SSL_CERT_FILE", file)
        .env_remove("SSL_CERT_DIR")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(Duration::from_secs(60), output).await.expect("the client hangs").unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn a_trusted_server_is_called_and_another_is_not() {
    let server = Server::start().await;
    let (url, certificate) = with_tls(&server).await;
    assert_eq!(client(&url, "trusted", &certificate).await, "Ok(\"hello\")\n");
    let (_, other) = with_tls(&server).await;
    let answer = client(&url, "other", &other).await;
    assert!(answer.contains("could not be reached") && answer.contains("certificate"), "{answer}");
}

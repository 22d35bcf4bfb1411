//! The way to the authority: proxies and roots as the surroundings name them.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use licentia::{Environment, Guard, Reason, Standing, StartError};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::http::{Reply, Request, serve};
use crate::support::*;

const HOST: &str = "licenses.example.invalid";

fn start(world: &World, address: &str, variables: &[(&str, &str)]) -> Result<Guard, StartError> {
    let environment = Environment::of_variables(variables.iter().copied());
    world.offline().server(address).environment(environment).start()
}

#[test]
fn plain_http_goes_through_the_proxy_that_the_environment_names() {
    let world = World::new();
    world.behave(|authority, request| {
        let path = request.path.strip_prefix(&format!("http://{HOST}")).map(str::to_owned);
        path.map_or(Reply::empty(400), |path| authority.grant(&Request { path, ..request.clone() }))
    });
    let proxy = world.server.address().replace("http://", "http://ada:secret@");
    for variable in ["http_proxy", "HTTP_PROXY", "ALL_PROXY"] {
        let guard = start(&world, &format!("http://{HOST}"), &[(variable, &proxy)]).unwrap();
        assert_eq!(guard.standing(), Standing::Licensed);
        let seen = world.authority.seen.lock().unwrap().pop().unwrap();
        assert_eq!(seen.proxy_authorization.as_deref(), Some("Basic YWRhOnNlY3JldA=="));
    }
    let none = [("HTTP_PROXY", proxy.as_str()), ("NO_PROXY", "other.example, example.invalid")];
    let cgi = [("HTTP_PROXY", proxy.as_str()), ("REQUEST_METHOD", "GET")];
    let socks = [("HTTP_PROXY", "socks5://127.0.0.1:9")];
    for variables in [&none[..], &cgi, &socks] {
        let error = start(&world, &format!("http://{HOST}"), variables).unwrap_err();
        assert_eq!(error, StartError::Unlicensed(Reason::Unreachable), "{variables:?}");
    }
}

#[test]
fn a_proxy_is_never_asked_for_an_authority_on_this_machine() {
    let world = World::new();
    let proxy = [("ALL_PROXY", "http://127.0.0.1:9")];
    assert_eq!(
        start(&world, &world.server.address(), &proxy).unwrap().standing(),
        Standing::Licensed
    );
}

/// A certificate for [`HOST`] by an authority of its own.
fn certificate(folder: &Path) -> Arc<ServerConfig> {
    let openssl = |arguments: &str| {
        let mut command = Command::new("openssl");
        command.args(arguments.split(' ')).current_dir(folder).stderr(Stdio::null());
        assert!(command.status().unwrap().success(), "openssl {arguments}");
    };
    let key = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2 -subj /CN=x";
    openssl(&format!("{key} -keyout ca.key -out ca.pem"));
    openssl(&format!(
        "{key} -keyout key.pem -out cert.pem -CA ca.pem -CAkey ca.key \
         -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:{HOST}"
    ));
    let chain = CertificateDer::pem_file_iter(folder.join("cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.map(Result::unwrap).collect(), key);
    Arc::new(config.unwrap())
}

/// A proxy that lets tunnels to [`HOST`] be dug, at whose other end the world's authority speaks TLS.
struct Tunnels {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Tunnels {
    fn open(world: &World, config: Arc<ServerConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://ada:secret@{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (notes, authority) = (Arc::clone(&asked), Arc::clone(&world.authority));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                notes.lock().unwrap().push(head(&stream));
                stream.write_all(b"HTTP/1.1 200 Dug\r\n\r\n").unwrap();
                let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = StreamOwned::new(tls, stream);
                // A handshake that the other side breaks off is what some of the tests want.
                drop(serve(&mut stream, &|request| authority.answer(&request)));
                stream.conn.send_close_notify();
                drop(stream.flush());
            }
        });
        Self { address, asked }
    }
}

/// A request's head, in one line.
fn head(stream: &TcpStream) -> String {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("|").to_lowercase()
}

#[test]
fn tls_goes_through_a_tunnel_and_trusts_the_roots_that_the_environment_adds() {
    let world = World::new();
    let tunnels = Tunnels::open(&world, certificate(world.folder.path()));
    let roots = world.folder.path().join("ca.pem").display().to_string();
    let (proxy, address) = (("HTTPS_PROXY", tunnels.address.as_str()), format!("https://{HOST}"));

    let guard = start(&world, &address, &[proxy, ("SSL_CERT_FILE", &roots)]).unwrap();
    assert_eq!(guard.standing(), Standing::Licensed);
    let asked = tunnels.asked.lock().unwrap().first().cloned().unwrap();
    assert!(asked.starts_with(&format!("connect {HOST}:443 http/1.1|")), "{asked}");
    assert!(asked.contains("proxy-authorization: basic ywrhonnly3jlda=="), "{asked}");
    assert!(!asked.contains("bearer"), "the proxy learns nothing that is for the authority");
    drop(guard);

    let before = world.authority.seen.lock().unwrap().len();
    for (address, variables) in [
        (address.as_str(), &[proxy][..]),
        ("https://other.example.invalid", &[proxy, ("SSL_CERT_FILE", &roots)]),
        (&address, &[("SSL_CERT_FILE", &roots)]),
    ] {
        let error = start(&world, address, variables).unwrap_err();
        assert_eq!(error, StartError::Unlicensed(Reason::Unreachable), "{address} {variables:?}");
    }
    assert_eq!(world.authority.seen.lock().unwrap().len(), before, "the key went nowhere");
}

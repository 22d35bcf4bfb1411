//! One HTTP/1.1 exchange on one connection: straight, or through the proxy that the environment names, under TLS
//! where the address says so.
//!
//! On `hyper` itself instead of a whole client: a guard adds to its product's size, and needs neither redirects nor
//! cookies, pools, compression or HTTP/2. Calls are minutes apart, so a connection that was kept is mostly a dead one.

use std::error::Error;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderMap, PROXY_AUTHORIZATION, USER_AGENT};
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tower_service::Service;

use crate::client::Silence;
use crate::environment::Environment;

/// For everything until a request can be sent.
const CONNECT: Duration = Duration::from_secs(10);
const AGENT: &str = concat!("licentia-guard/", env!("CARGO_PKG_VERSION"));

/// Makes connections. Clones share what TLS needs.
#[derive(Clone)]
pub(crate) struct Wire {
    proxies: Option<Arc<Matcher>>,
    tls: Tls,
}

impl Wire {
    /// With the proxies and the further roots of these surroundings.
    pub(crate) fn new(environment: &Environment) -> Self {
        let roots = environment.variable("SSL_CERT_FILE").map(Into::into);
        Self {
            proxies: environment.proxies().map(Arc::new),
            tls: Tls(Arc::new(Lazy { roots, config: OnceLock::new() })),
        }
    }

    /// Without proxies: none of them can reach our loopback.
    pub(crate) fn direct(environment: &Environment) -> Self {
        Self { proxies: None, ..Self::new(environment) }
    }

    /// Asks, and brings the answer's head; its body is read from [`Exchange::chunk`].
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Exchange, Silence> {
        self.open(request).await?.send().await
    }

    /// Connects, so that all is there but to send: nothing has reached anybody yet.
    pub(crate) async fn open(&self, request: Request<Full<Bytes>>) -> Result<Ready, Silence> {
        match tokio::time::timeout(CONNECT, self.connect(request)).await {
            Ok(connected) => connected,
            Err(_) => Err(Silence("no connection in time".to_owned())),
        }
    }

    async fn connect(&self, mut request: Request<Full<Bytes>>) -> Result<Ready, Silence> {
        let uri = request.uri().clone();
        let proxy = self.proxies.as_deref().and_then(|proxies| proxies.intercept(&uri));
        let host = uri.authority().ok_or_else(|| Silence("the address has no host".to_owned()))?;
        let headers = request.headers_mut();
        headers.insert(HOST, host.as_str().parse().map_err(silence)?);
        headers.insert(USER_AGENT, hyper::header::HeaderValue::from_static(AGENT));
        let io = match (&proxy, is_tls(&uri)) {
            (None, tls) => {
                let io = dial(uri.clone()).await?;
                if tls { self.tls.over(io, &uri).await? } else { io }
            }
            (Some(proxy), false) => {
                // Such a proxy is asked for the whole address (RFC 9112 section 3.2.2).
                if let Some(auth) = proxy.basic_auth() {
                    headers.insert(PROXY_AUTHORIZATION, auth.clone());
                }
                self.tls.reach(proxy.uri().clone()).await?
            }
            (Some(proxy), true) => {
                let io = self.tunnel(proxy, &uri).await?;
                self.tls.over(io, &uri).await?
            }
        };
        if proxy.is_none() || is_tls(&uri) {
            let path = uri.path_and_query().map_or("/", |path| path.as_str());
            *request.uri_mut() = path.parse().map_err(silence)?;
        }
        let (sender, connection) = http1::handshake(TokioIo::new(io)).await.map_err(silence)?;
        Ok(Ready { sender, connection, request })
    }

    async fn tunnel(&self, proxy: &Intercept, uri: &Uri) -> Result<Io, Silence> {
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.tls.clone());
        if let Some(auth) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(auth.clone());
        }
        let io = tunnel.call(uri.clone()).await.map_err(silence)?;
        Ok(io.into_inner())
    }
}

/// A request on a connection that stands.
pub(crate) struct Ready {
    sender: http1::SendRequest<Full<Bytes>>,
    connection: http1::Connection<TokioIo<Io>, Full<Bytes>>,
    request: Request<Full<Bytes>>,
}

impl Ready {
    /// Sends it.
    pub(crate) async fn send(self) -> Result<Exchange, Silence> {
        let Self { mut sender, connection, request } = self;
        let mut work = JoinSet::new();
        work.spawn(async move { drop(connection.await) });
        let response = sender.send_request(request).await.map_err(silence)?;
        Ok(Exchange { response, _work: work })
    }
}

/// An answer under way; dropping it closes the connection.
pub(crate) struct Exchange {
    response: Response<Incoming>,
    _work: JoinSet<()>,
}

impl Exchange {
    pub(crate) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The next piece of the body; `None` at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Silence> {
        while let Some(frame) = self.response.frame().await {
            if let Ok(data) = frame.map_err(silence)?.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}
type Io = Box<dyn Stream>;

/// TCP to the address's host, all of whose addresses are tried (RFC 8305).
async fn dial(uri: Uri) -> Result<Io, Silence> {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT));
    let tcp = connector.call(uri).await.map_err(silence)?;
    Ok(Box::new(tcp.into_inner()))
}

fn is_tls(uri: &Uri) -> bool {
    uri.scheme_str() == Some("https")
}

/// TLS as this platform does it, made when it is first needed: reading the platform's roots takes longer than all
/// the rest of a start, and where there are none that is silence like any other.
#[derive(Clone)]
struct Tls(Arc<Lazy>);

struct Lazy {
    /// A file with further roots.
    roots: Option<std::path::PathBuf>,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Tls {
    async fn over(&self, io: Io, uri: &Uri) -> Result<Io, Silence> {
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned()).map_err(silence)?;
        let connector = TlsConnector::from(self.config()?);
        Ok(Box::new(connector.connect(name, io).await.map_err(silence)?))
    }

    /// A connection to a proxy, which may be spoken to under TLS itself.
    async fn reach(&self, uri: Uri) -> Result<Io, Silence> {
        match uri.scheme_str() {
            Some("http") => dial(uri).await,
            Some("https") => {
                let io = dial(uri.clone()).await?;
                self.over(io, &uri).await
            }
            kind => Err(Silence(format!(
                "a proxy of the kind {} is not supported",
                kind.unwrap_or("without a scheme")
            ))),
        }
    }

    fn config(&self) -> Result<Arc<ClientConfig>, Silence> {
        if let Some(config) = self.0.config.get() {
            return Ok(Arc::clone(config));
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let roots: Vec<CertificateDer<'static>> = match &self.0.roots {
            Some(path) => {
                CertificateDer::pem_file_iter(path).into_iter().flatten().flatten().collect()
            }
            None => Vec::new(),
        };
        let verifier =
            Verifier::new_with_extra_roots(roots, Arc::clone(&provider)).map_err(silence)?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(silence)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::clone(self.0.config.get_or_init(|| Arc::new(config))))
    }
}

/// The way to a proxy, as a tunnel wants it.
impl Service<Uri> for Tls {
    type Response = TokioIo<Io>;
    type Error = Silence;
    type Future = Pin<Box<dyn Future<Output = Result<TokioIo<Io>, Silence>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Silence>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, proxy: Uri) -> Self::Future {
        let this = self.clone();
        Box::pin(async move { this.reach(proxy).await.map(TokioIo::new) })
    }
}

/// In words, with causes. None of these errors holds the address.
pub(crate) fn silence(error: impl Error) -> Silence {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    Silence(text)
}

//! TLS to the database: certificates are always checked, against those of the system or of a file.

use std::path::Path;
use std::sync::Arc;

use licentia_storage::{Result, StorageError};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

pub(crate) fn config(roots: Option<&Path>) -> Result<ClientConfig> {
    let mut store = RootCertStore::empty();
    match roots {
        Some(path) => {
            let wrong = |problem: String| {
                StorageError::Unavailable(format!("sslrootcert {}: {problem}", path.display()))
            };
            let certificates =
                CertificateDer::pem_file_iter(path).map_err(|e| wrong(e.to_string()))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|e| wrong(e.to_string()))?;
                store.add(certificate).map_err(|e| wrong(e.to_string()))?;
            }
            if store.is_empty() {
                return Err(wrong("no certificate in it".into()));
            }
        }
        // One of the system that cannot be read is none; what is missing then shows when it is needed.
        None => {
            let system = rustls_native_certs::load_native_certs();
            let _ = store.add_parsable_certificates(system.certs);
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| StorageError::Internal(error.to_string()))?;
    Ok(config.with_root_certificates(store).with_no_client_auth())
}

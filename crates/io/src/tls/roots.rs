//! The certificate authorities that are trusted: the system's, and files of the administrator's (STS-3.3-5).
use std::fmt;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

/// Something about the roots that an administrator should know, though work goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The file it is about, `None` for the system's store as a whole.
    pub file: Option<PathBuf>,
    /// What is the matter, and what follows.
    pub detail: String,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{}: {}", file.display(), self.detail),
            None => f.write_str(&self.detail),
        }
    }
}

/// Trusted roots, being gathered.
#[derive(Debug)]
pub struct Roots {
    store: RootCertStore,
    notices: Vec<Notice>,
}

impl Roots {
    /// No root at all.
    #[must_use]
    pub const fn none() -> Self {
        Self { store: RootCertStore { roots: Vec::new() }, notices: Vec::new() }
    }

    /// The system's roots, where OpenSSL would look for them; `SSL_CERT_FILE` and `SSL_CERT_DIR` count.
    #[must_use]
    pub fn system() -> Self {
        let mut roots = Self::none();
        let found = rustls_native_certs::load_native_certs();
        for error in found.errors {
            roots.note(None, format!("a part of the system's root certificates was not loaded: {error}"));
        }
        // Stores of old systems hold a few certificates that no verifier of today takes; nobody can act on that.
        let (_, _ignored) = roots.store.add_parsable_certificates(found.certs);
        roots
    }

    /// Adds every certificate of a PEM file's text; what cannot be used is noted.
    pub fn add_pem(&mut self, file: &Path, pem: &[u8]) {
        let mut added = 0_usize;
        for (position, item) in CertificateDer::pem_slice_iter(pem).enumerate() {
            let number = position.saturating_add(1);
            let outcome = match item {
                Ok(certificate) => self.store.add(certificate).map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            match outcome {
                Ok(()) => added = added.saturating_add(1),
                Err(error) => self.note(Some(file), format!("certificate {number} was left out: {error}")),
            }
        }
        if added == 0 {
            self.note(Some(file), String::from("no usable certificate in it, so it adds no trust; is it PEM?"));
        }
    }

    /// How many roots are trusted so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Whether nothing is trusted so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.store.is_empty()
    }

    pub(super) fn finish(mut self) -> (RootCertStore, Vec<Notice>) {
        if self.store.is_empty() {
            let detail = "no root certificate is trusted, so every certificate will be refused; \
                          install the system's CA certificates (package ca-certificates) or name a file of roots";
            self.note(None, String::from(detail));
        }
        (self.store, self.notices)
    }

    fn note(&mut self, file: Option<&Path>, detail: String) {
        self.notices.push(Notice { file: file.map(Path::to_path_buf), detail });
    }
}

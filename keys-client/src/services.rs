//! The key services, in one table. A service is one file, which knows its URIs, its API and its
//! reasons; its credentials are a file beside it.

mod aws;
mod azure;
mod bearer;
mod gcp;
mod vault;

use core::time::Duration;
use std::time::Instant;

use zeroize::Zeroizing;

use self::bearer::Bearer;
use crate::cache::Cache;
use crate::environment::Environment;
use crate::failure::{Failure, FailureKind};
use crate::http::{Http, Reply, Request};
use crate::uri::KeyUri;

/// What the clients know of a service.
pub(crate) struct Service {
    /// Of its URIs.
    pub(crate) scheme: &'static str,
    /// As its users call it.
    pub(crate) name: &'static str,
    open: Open,
    /// What to do about a failure.
    pub(crate) remedy: fn(FailureKind) -> &'static str,
}

type Open = fn(&KeyUri, &Environment) -> Result<Box<dyn Kek>, Failure>;

/// All of them.
pub(crate) const SERVICES: &[Service] = &[
    Service { scheme: "awskms", name: "AWS KMS", open: aws::open, remedy: aws::remedy },
    Service { scheme: "azurekeyvault", name: "Azure Key Vault", open: azure::open, remedy: azure::remedy },
    Service { scheme: "gcpkms", name: "Google Cloud KMS", open: gcp::open, remedy: gcp::remedy },
    Service { scheme: "hashivault", name: "Vault", open: vault::open, remedy: vault::remedy },
];

/// A key that never leaves its service.
pub(crate) trait Kek {
    /// Whether what it seals opens for as long as it is needed, as far as its URI shows.
    fn seals(&self) -> Result<(), Failure> {
        Ok(())
    }

    fn wrap(&self, session: &Session<'_>, key: &[u8; 32]) -> Result<Vec<u8>, Failure>;

    /// `earlier` are targets that an alias had before.
    fn unwrap(
        &self,
        session: &Session<'_>,
        wrapped: &[u8],
        earlier: &[String],
    ) -> Result<Zeroizing<Vec<u8>>, Failure>;
}

/// What one attempt may use.
pub(crate) struct Session<'a> {
    pub(crate) http: &'a Http,
    pub(crate) environment: &'a Environment,
    pub(crate) tokens: &'a Tokens,
    pub(crate) deadline: Instant,
}

impl Session<'_> {
    pub(crate) fn send(&self, request: Request) -> Result<Reply, Failure> {
        self.http.send(request, self.deadline)
    }

    /// The same with less time: for places that exist on some machines only.
    pub(crate) fn send_within(&self, request: Request, patience: Duration) -> Result<Reply, Failure> {
        let soon = Instant::now().checked_add(patience).unwrap_or(self.deadline);
        self.http.send(request, soon.min(self.deadline))
    }
}

/// Credentials that were fetched.
#[derive(Default)]
pub(crate) struct Tokens {
    pub(crate) vault: Cache<vault::Token>,
    pub(crate) aws: Cache<aws::Credentials>,
    pub(crate) bearer: Cache<Bearer>,
}

/// The service of a URI.
pub(crate) fn of(uri: &KeyUri) -> Result<&'static Service, Failure> {
    SERVICES.iter().find(|service| service.scheme == uri.scheme).ok_or_else(|| {
        let known: Vec<_> = SERVICES.iter().map(|service| format!("{}://", service.scheme)).collect();
        Failure::refused(format!("the key's URI names no key service: expected {}", known.join(", ")))
    })
}

/// The key of a URI.
pub(crate) fn open(uri: &str, environment: &Environment) -> Result<Box<dyn Kek>, Failure> {
    let uri = KeyUri::parse(uri)?;
    (of(&uri)?.open)(&uri, environment)
}

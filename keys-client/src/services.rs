//! The table of key services. Each service has one file with its URIs, its API and its error texts,
//! and one for its credentials.

mod aws;
mod azure;
mod bearer;
mod gcp;
mod vault;

pub(crate) use self::{aws::s3, gcp::crc32c::Crc32c, gcp::storage};

use core::time::Duration;
use std::time::Instant;

use zeroize::Zeroizing;

use self::bearer::Bearer;
use crate::cache::Cache;
use crate::environment::Environment;
use crate::failure::{Failure, FailureKind};
use crate::http::{Http, Reply, Request};
use crate::uri::KeyUri;

/// The description of a service.
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

/// A KEK, which never leaves its service.
pub(crate) trait Kek {
    /// Whether data keys that it wraps can be unwrapped for as long as they are needed, as far as
    /// its URI shows.
    fn seals(&self) -> Result<(), Failure> {
        Ok(())
    }

    fn wrap(&self, session: &Session<'_>, key: &[u8; 32]) -> Result<Vec<u8>, Failure>;

    /// `earlier` are the earlier targets of an alias.
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

    /// The same for a longer body, which is cut one byte past `max_bytes`.
    pub(crate) fn receive(&self, request: Request, max_bytes: usize) -> Result<Reply, Failure> {
        self.http.receive(request, self.deadline, max_bytes)
    }

    /// The same with less time, for addresses that exist only on some machines.
    pub(crate) fn send_within(&self, request: Request, patience: Duration) -> Result<Reply, Failure> {
        let soon = Instant::now().checked_add(patience).unwrap_or(self.deadline);
        self.http.send(request, soon.min(self.deadline))
    }
}

/// Fetched credentials.
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

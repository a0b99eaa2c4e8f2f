//! What the program gives besides the configuration.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use tdc::DataConverter;

use crate::errors::{Cause, Error};
use crate::handle::Tdc;
use crate::key_provider::KeyProvider;
use crate::key_service::{KeyService, OwnKeyService};
use crate::remote::Servers;
use crate::requests::Host;

/// Opens a configuration with more than its path.
///
/// ```
/// use std::path::Path;
/// use temporal_tdc::Options;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tdc = Options::new()
///     .namespace("orders")
///     .key_provider(async |id| Ok::<_, std::io::Error>((id == "2026-11").then_some([7; 32])))
///     .parse("version: 1\nkeys: { primary: 2026-11, host: true }\ncodecs: [encrypt]", Path::new(""))?;
/// # use temporalio_common::data_converters::SerializationContextData;
/// let context = SerializationContextData::None;
/// let payload = tdc.data_converter().to_payload(&context, &"a secret").await?;
/// assert_eq!(payload.metadata["encoding"], b"binary/encrypted");
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
#[must_use]
pub struct Options {
    namespace: String,
    keys: Option<KeyProvider>,
    service: Option<OwnKeyService>,
    servers: Servers,
    descriptors: Vec<Vec<u8>>,
}

impl Options {
    /// No namespace, no key provider, the built-in clients of key services.
    pub fn new() -> Self {
        Self::default()
    }

    /// The namespace of the client, for a configuration with `namespaces`: the SDK's serialization
    /// context does not name it.
    pub fn namespace(self, namespace: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), ..self }
    }

    /// Gives the 32 bytes of the key with this id, or `None` if there is none. Used with
    /// `keys: { host: true }`. Calls that need a key at the same time share one request; keys are
    /// kept until a reload. An error fails the call with the transient
    /// [`Code::KeyProvider`](tdc::Code::KeyProvider).
    pub fn key_provider<F, Fut, E>(self, provider: F) -> Self
    where
        F: Fn(String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Option<[u8; 32]>, E>> + Send + 'static,
        E: Into<Cause>,
    {
        Self { keys: Some(KeyProvider::new(provider)), ..self }
    }

    /// Wraps and unwraps data keys for the entries of the configuration's ring that name a service,
    /// instead of the built-in clients.
    pub fn key_service(self, service: impl KeyService + 'static) -> Self {
        Self { service: Some(OwnKeyService::new(service)), ..self }
    }

    /// Gives headers for each request to a codec server, by its URL, such as a fresh
    /// `authorization`. They take precedence over those of the configuration. An error fails the
    /// call with the transient [`Code::Remote`](tdc::Code::Remote).
    pub fn remote_headers<F, Fut, E>(self, headers: F) -> Self
    where
        F: Fn(String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<(String, String)>, E>> + Send + 'static,
        E: Into<Cause>,
    {
        Self { servers: Servers::with_headers(headers), ..self }
    }

    /// Message types for the configuration's `converters`, as a serialised
    /// `google.protobuf.FileDescriptorSet`, in addition to its own `descriptors`.
    pub fn descriptors(mut self, file_descriptor_set: impl Into<Vec<u8>>) -> Self {
        self.descriptors.push(file_descriptor_set.into());
        self
    }

    /// Opens the configuration file at `path`.
    ///
    /// # Errors
    /// [`Code::Config`](tdc::Code::Config) or [`Code::KeyFile`](tdc::Code::KeyFile), with line,
    /// column and path; [`Code::Descriptor`](tdc::Code::Descriptor).
    pub fn open(self, path: impl AsRef<Path>) -> Result<Tdc, Error> {
        let converter = DataConverter::open(path.as_ref(), &self.namespace)?;
        self.with(converter)
    }

    /// Takes a configuration as text; its relative paths are relative to `base_dir`.
    ///
    /// # Errors
    /// As [`Options::open`].
    pub fn parse(self, text: &str, base_dir: impl AsRef<Path>) -> Result<Tdc, Error> {
        let converter = DataConverter::parse(text, base_dir.as_ref(), &self.namespace)?;
        self.with(converter)
    }

    fn with(self, converter: DataConverter) -> Result<Tdc, Error> {
        for set in &self.descriptors {
            converter.provide_descriptor(set)?;
        }
        let Self { keys, service, servers, .. } = self;
        Ok(Tdc::new(Arc::new(Host { converter, keys, service, servers })))
    }
}

//! tdc for Temporal's Rust SDK: encryption, compression and the rest of Temporal's data conversion
//! from one configuration file, with the same bytes in every language.
//!
//! ```no_run
//! use temporal_tdc::Tdc;
//! use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, Url};
//!
//! # async fn f() -> Result<(), Box<dyn std::error::Error>> {
//! let tdc = Tdc::open("tdc.yaml")?;
//! let connection = Connection::connect(ConnectionOptions::new(Url::parse("http://localhost:7233")?).build()).await?;
//! let client = Client::new(
//!     connection,
//!     ClientOptions::new("default").data_converter(tdc.data_converter()).build(),
//! )?;
//! # Ok(())
//! # }
//! ```
//!
//! A worker takes the data converter of its client. [`Options`] has what the program gives besides
//! the file: a namespace, a key provider, a key service, headers for a codec server.
//!
//! A value goes through the SDK's payload converter and then through the codecs, and comes back the
//! same way:
//!
//! ```
//! use std::path::Path;
//! use temporal_tdc::Options;
//! use temporalio_common::data_converters::SerializationContextData;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = "version: 1\ncodecs: [zstd]";
//! let converter = Options::new().parse(config, Path::new(""))?.data_converter();
//! let order = "one of a thousand equal lines\n".repeat(1000);
//!
//! let context = SerializationContextData::None;
//! let payload = converter.to_payload(&context, &order).await?;
//! assert_eq!(payload.metadata["encoding"], b"binary/zstd");
//! assert!(payload.data.len() < 200);
//! let read: String = converter.from_payload(&context, payload).await?;
//! assert_eq!(read, order);
//! # Ok(())
//! # }
//! ```

mod clients;
mod codec;
mod context;
mod converters;
mod errors;
mod failures;
mod flights;
mod handle;
mod key_provider;
mod key_service;
mod options;
mod payloads;
mod remote;
mod requests;

pub use ::tdc::Code;
pub use codec::Codec;
pub use errors::Error;
pub use failures::Failures;
pub use handle::Tdc;
pub use key_service::{KeyService, KeyServiceError, KeyServiceKey};
pub use options::Options;

/// The library's own API, for [`Tdc::run`].
pub use ::tdc as library;

//! An opened configuration, and what the SDK takes of it.

use std::path::Path;
use std::sync::Arc;

use tdc::Call;
use temporalio_common::data_converters::{DataConverter, PayloadConverter};

use crate::codec::Codec;
use crate::errors::Error;
use crate::failures::Failures;
use crate::options::Options;
use crate::requests::Host;

/// An opened configuration. Clones share it, and threads may use it concurrently.
#[derive(Clone, Debug)]
pub struct Tdc {
    host: Arc<Host>,
}

impl Tdc {
    pub(crate) fn new(host: Arc<Host>) -> Self {
        Self { host }
    }

    /// Opens the configuration file at `path`; [`Options`] takes more.
    ///
    /// # Errors
    /// As [`Options::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Options::new().open(path)
    }

    /// The data converter for the client's options: the SDK's default payload converter, with the
    /// configuration's codecs and failure converter. A worker takes its client's.
    #[must_use]
    pub fn data_converter(&self) -> DataConverter {
        self.data_converter_with(PayloadConverter::default())
    }

    /// The same with a payload converter of your own.
    #[must_use]
    pub fn data_converter_with(&self, payload_converter: PayloadConverter) -> DataConverter {
        DataConverter::new(payload_converter, self.failure_converter(), self.payload_codec())
    }

    /// The codec alone, to put between codecs of your own.
    #[must_use]
    pub fn payload_codec(&self) -> Codec {
        Codec::new(Arc::clone(&self.host))
    }

    /// The failure converter alone.
    #[must_use]
    pub fn failure_converter(&self) -> Failures {
        Failures::new(Arc::clone(&self.host))
    }

    /// Runs a method of the library's own API, such as those for whole messages, failures and
    /// histories, and answers its requests: `len` is the number of bytes that it handles. Above
    /// 64 KiB it runs on a thread for blocking work; it is repeated after each answer.
    ///
    /// ```
    /// # use std::path::Path;
    /// # use temporal_tdc::Options;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let tdc = Options::new().parse("version: 1\ncodecs: [zlib]", Path::new(""))?;
    /// let history = br#"{"events":[]}"#;
    /// let decoded = tdc.run(history.len(), |it, call| it.decode_history(call.at(&[]), history)).await?;
    /// assert_eq!(decoded, history);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of the method.
    pub async fn run<T: Send + 'static>(
        &self,
        len: usize,
        work: impl Fn(&tdc::DataConverter, &mut Call) -> Result<T, tdc::Error> + Send + Sync + 'static,
    ) -> Result<T, Error> {
        self.host.repeat(len, work).await
    }

    /// Reads the configuration and its key files again, atomically: calls in flight keep what they
    /// began with. Reads files, so call it outside of workflow code.
    ///
    /// # Errors
    /// As [`Options::open`]; then nothing changes.
    pub fn reload(&self) -> Result<(), Error> {
        Ok(self.host.converter.reload()?)
    }

    /// The library's own handle: settings, limits, and everything for [`Tdc::run`].
    #[must_use]
    pub fn library(&self) -> &tdc::DataConverter {
        &self.host.converter
    }
}

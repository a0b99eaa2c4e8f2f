//! The SDK's payload codec.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use temporalio_common::data_converters::{PayloadCodec, PayloadConversionError, SerializationContextData};
use temporalio_common::protos::temporal::api::common::v1::Payload;

use crate::context;
use crate::converters;
use crate::errors::Error;
use crate::payloads::convert;
use crate::requests::Host;

/// The configuration's codecs as a [`PayloadCodec`], and its own `converters` if it has any. It can
/// be cloned, and put between codecs of your own.
///
/// The SDK applies it outside of workflow code, to whole messages before and after the workflow, so
/// it may wait for keys there.
#[derive(Clone, Debug)]
pub struct Codec {
    host: Arc<Host>,
}

impl Codec {
    pub(crate) fn new(host: Arc<Host>) -> Self {
        Self { host }
    }

    async fn encoded(
        self,
        context: &'static [u8],
        mut payloads: Vec<Payload>,
    ) -> Result<Vec<Payload>, Error> {
        if self.host.converter.has_own_converters() {
            payloads = converters::to_payloads(&self.host, context, payloads).await?;
        }
        convert(&self.host, |tdc, scope, message| tdc.encode(scope, message), context, payloads).await
    }

    async fn decoded(self, context: &'static [u8], payloads: Vec<Payload>) -> Result<Vec<Payload>, Error> {
        let payloads =
            convert(&self.host, |tdc, scope, message| tdc.decode(scope, message), context, payloads).await?;
        if self.host.converter.has_own_converters() {
            return converters::from_payloads(&self.host, context, payloads).await;
        }
        Ok(payloads)
    }
}

impl PayloadCodec for Codec {
    fn encode(
        &self,
        context: &SerializationContextData,
        payloads: Vec<Payload>,
    ) -> BoxFuture<'static, Result<Vec<Payload>, PayloadConversionError>> {
        let encoded = self.clone().encoded(context::bytes(context), payloads);
        encoded.map(|result| result.map_err(Into::into)).boxed()
    }

    fn decode(
        &self,
        context: &SerializationContextData,
        payloads: Vec<Payload>,
    ) -> BoxFuture<'static, Result<Vec<Payload>, PayloadConversionError>> {
        let decoded = self.clone().decoded(context::bytes(context), payloads);
        decoded.map(|result| result.map_err(Into::into)).boxed()
    }
}

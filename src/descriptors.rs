//! Descriptors of protobuf messages: Temporal's own API, which is built in, and what the
//! configuration and the host program add to it.

mod store;

use std::sync::Arc;

use prost_reflect::DescriptorPool;
pub(crate) use tdc_formats::descriptors::Descriptors;

use crate::error::{Code, Error};
use crate::lock::Once;
pub(crate) use store::{MAX_SET_LEN, Store};

/// A `google.protobuf.FileDescriptorSet` of Temporal's API and what it imports, made by `build.rs`.
const TEMPORAL_API: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/temporal-api.binpb"));

/// Temporal's API, linked at first use.
///
/// # Errors
/// [`Code::Panic`] where the built-in set does not link, which a test rules out.
pub(crate) fn temporal_api() -> Result<&'static Arc<Descriptors>, Error> {
    static BUILT_IN: Once<Arc<Descriptors>> = Once::new();
    BUILT_IN.get_or_try_init(|| {
        let pool = DescriptorPool::decode(TEMPORAL_API).map_err(|cause| {
            let message = format!("the built-in descriptors of Temporal's API do not link: {cause}");
            Error::new(Code::Panic, message)
        })?;
        Ok(Arc::new(Descriptors::new(pool)))
    })
}

/// The pool of Temporal's API.
///
/// # Errors
/// As [`temporal_api`].
pub(crate) fn temporal_pool() -> Result<&'static DescriptorPool, Error> {
    temporal_api().map(|descriptors| descriptors.pool())
}

#[cfg(test)]
mod json_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporal_api_links_and_holds_what_the_library_reads() {
        let pool = temporal_pool().unwrap();
        for name in [
            "temporal.api.common.v1.Payload",
            "temporal.api.failure.v1.Failure",
            "temporal.api.history.v1.History",
            "temporal.api.export.v1.WorkflowExecutions",
            "temporal.api.sdk.v1.ExternalStorageReference",
            "temporal.api.workflowservice.v1.StartWorkflowExecutionRequest",
            "google.protobuf.Struct",
        ] {
            assert!(pool.get_message_by_name(name).is_some(), "{name}");
        }
    }
}

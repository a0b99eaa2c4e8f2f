//! Descriptors of protobuf messages: Temporal's own API, built in.

use once_cell::sync::OnceCell;
use prost_reflect::DescriptorPool;

use crate::error::{Code, Error};

/// A `google.protobuf.FileDescriptorSet` of Temporal's API and what it imports, made by `build.rs`.
const TEMPORAL_API: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/temporal-api.binpb"));

/// Temporal's API, linked at first use.
///
/// # Errors
/// [`Code::Panic`] where the built-in set does not link, which a test rules out.
pub(crate) fn temporal_api() -> Result<&'static DescriptorPool, Error> {
    static POOL: OnceCell<DescriptorPool> = OnceCell::new();
    POOL.get_or_try_init(|| {
        DescriptorPool::decode(TEMPORAL_API).map_err(|cause| {
            Error::new(
                Code::Panic,
                format!("the built-in descriptors of Temporal's API do not link: {cause}"),
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporal_api_links_and_holds_what_the_library_reads() {
        let pool = temporal_api().unwrap();
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

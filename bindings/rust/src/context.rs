//! The SDK's serialization context, as the library's (docs/FORMAT.md, "Serialization context").

use temporalio_common::data_converters::SerializationContextData;

/// The SDK says what kind of place payloads belong to, and nothing else yet: no namespace, and no
/// workflow.
pub(crate) fn bytes(context: &SerializationContextData) -> &'static [u8] {
    match context {
        SerializationContextData::Workflow(_) => &[8, 1],
        SerializationContextData::Activity(_) => &[8, 2],
        SerializationContextData::Nexus(_) => &[8, 3],
        _ => &[],
    }
}

//! Descriptors of protobuf messages: Temporal's own API, which is built in, and what the configuration and
//! the host program add to it.
//!
//! [`Descriptors`] is one linked set that never changes. What a message type looks like to the transcoder
//! is a [`Table`], made when the type is first met.

mod names;
mod store;
mod table;

use std::collections::HashMap;
use std::sync::Arc;

use once_cell::race::OnceBox;
use prost_reflect::{DescriptorPool, MessageDescriptor};

use crate::error::{Code, Error};
use crate::lock::Once;
pub(crate) use store::{MAX_SET_LEN, Store};
pub(crate) use table::{Field, Kind, Shape, Table, WellKnown};

/// A `google.protobuf.FileDescriptorSet` of Temporal's API and what it imports, made by `build.rs`.
const TEMPORAL_API: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/temporal-api.binpb"));

/// Linked descriptors.
#[derive(Debug)]
pub(crate) struct Descriptors {
    pool: DescriptorPool,
    ids: HashMap<Box<str>, MessageId>,
    messages: Box<[Message]>,
}

/// A message type of one [`Descriptors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MessageId(usize);

#[derive(Debug)]
struct Message {
    descriptor: MessageDescriptor,
    /// Made by each thread that comes first: none waits for another.
    table: OnceBox<Table>,
}

impl Descriptors {
    pub(crate) fn new(pool: DescriptorPool) -> Self {
        let messages = || pool.all_messages();
        Self {
            ids: messages()
                .enumerate()
                .map(|(index, message)| (message.full_name().into(), MessageId(index)))
                .collect(),
            messages: messages().map(|descriptor| Message { descriptor, table: OnceBox::new() }).collect(),
            pool,
        }
    }

    /// Temporal's API, linked at first use.
    ///
    /// # Errors
    /// [`Code::Panic`] where the built-in set does not link, which a test rules out.
    pub(crate) fn temporal_api() -> Result<&'static Arc<Self>, Error> {
        static BUILT_IN: Once<Arc<Descriptors>> = Once::new();
        BUILT_IN.get_or_try_init(|| {
            let pool = DescriptorPool::decode(TEMPORAL_API).map_err(|cause| {
                let message = format!("the built-in descriptors of Temporal's API do not link: {cause}");
                Error::new(Code::Panic, message)
            })?;
            Ok(Arc::new(Self::new(pool)))
        })
    }

    pub(crate) fn pool(&self) -> &DescriptorPool {
        &self.pool
    }

    /// The message type of this full name.
    pub(crate) fn id(&self, full_name: &str) -> Option<MessageId> {
        self.ids.get(full_name).copied()
    }

    /// The table of a message type; `None` for an id of other descriptors.
    #[inline]
    pub(crate) fn table(&self, id: MessageId) -> Option<&Table> {
        let message = self.messages.get(id.0)?;
        Some(message.table.get_or_init(|| Box::new(Table::new(&message.descriptor, self))))
    }
}

/// The pool of Temporal's API.
///
/// # Errors
/// As [`Descriptors::temporal_api`].
pub(crate) fn temporal_api() -> Result<&'static DescriptorPool, Error> {
    Descriptors::temporal_api().map(|descriptors| descriptors.pool())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporal_api_links_and_holds_what_the_library_reads() {
        let descriptors = Descriptors::temporal_api().unwrap();
        for name in [
            "temporal.api.common.v1.Payload",
            "temporal.api.failure.v1.Failure",
            "temporal.api.history.v1.History",
            "temporal.api.export.v1.WorkflowExecutions",
            "temporal.api.sdk.v1.ExternalStorageReference",
            "temporal.api.workflowservice.v1.StartWorkflowExecutionRequest",
            "google.protobuf.Struct",
        ] {
            assert!(descriptors.pool().get_message_by_name(name).is_some(), "{name}");
            assert!(descriptors.id(name).is_some(), "{name}");
        }
    }

    #[test]
    fn every_message_of_temporal_api_has_a_table_with_all_its_fields() {
        let descriptors = Descriptors::temporal_api().unwrap();
        for message in descriptors.pool().all_messages() {
            let table = descriptors.table(descriptors.id(message.full_name()).unwrap()).unwrap();
            assert_eq!(table.fields.len(), message.fields().len() + message.extensions().len());
            for field in message.fields() {
                let place = table.place(field.number()).unwrap();
                assert_eq!(table.place_of(field.name(), 0), Some(place), "{}", field.full_name());
                assert_eq!(table.place_of(field.json_name(), 0), Some(place), "{}", field.full_name());
                assert_eq!(table.fields[place].number, field.number());
            }
        }
    }
}

//! Linked descriptors of protobuf messages, as the transcoder reads them.
//!
//! [`Descriptors`] is one linked, immutable set. The transcoder reads a message type from a
//! `Table`, which is built when the type is first used.

mod names;
mod table;

use std::collections::HashMap;

use once_cell::race::OnceBox;
use prost_reflect::{DescriptorPool, MessageDescriptor};

pub(crate) use table::{Field, Kind, Shape, Table, WellKnown};

/// Linked descriptors.
#[derive(Debug)]
pub struct Descriptors {
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
    /// Built by each thread that gets here first: no thread waits for another.
    table: OnceBox<Table>,
}

impl Descriptors {
    /// The message types of a pool.
    #[must_use]
    pub fn new(pool: DescriptorPool) -> Self {
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

    /// The pool.
    #[must_use]
    pub fn pool(&self) -> &DescriptorPool {
        &self.pool
    }

    /// The message type with this full name.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_well_known_message_has_a_table_with_all_its_fields() {
        let descriptors = Descriptors::new(DescriptorPool::global());
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

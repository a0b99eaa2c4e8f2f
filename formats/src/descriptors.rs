//! Linked descriptors of protobuf messages, as the transcoder reads them.
//!
//! [`Descriptors`] is one linked, immutable set. The transcoder reads a message type from a
//! `Table`, which is built when the type is first used.

mod names;
mod table;

use std::collections::HashMap;
use std::sync::Arc;

use once_cell::race::OnceBox;
use prost_reflect::{DescriptorPool, EnumDescriptor, MessageDescriptor};

use table::Enum;
pub(crate) use table::{Field, Kind, Shape, Table, WellKnown};

/// Linked descriptors.
#[derive(Debug)]
pub struct Descriptors {
    pool: DescriptorPool,
    ids: HashMap<Box<str>, MessageId>,
    messages: Box<[Message]>,
    /// By full name. All fields share them: an enum may have very many values.
    enums: HashMap<Box<str>, OnceBox<Arc<Enum>>>,
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
            enums: pool
                .all_enums()
                .map(|descriptor| (descriptor.full_name().into(), OnceBox::new()))
                .collect(),
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

    /// The values of an enum.
    fn values(&self, descriptor: &EnumDescriptor) -> Arc<Enum> {
        let built = || Arc::new(Enum::new(descriptor));
        match self.enums.get(descriptor.full_name()) {
            Some(values) => Arc::clone(values.get_or_init(|| Box::new(built()))),
            None => built(),
        }
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
    #[test]
    fn fields_of_one_enum_share_its_values() {
        let descriptors = Descriptors::new(DescriptorPool::global());
        let values = |message: &str, name: &str| {
            let table = descriptors.table(descriptors.id(message).unwrap()).unwrap();
            match &table.fields[table.place_of(name, 0).unwrap()].kind {
                Kind::Enum(values) => Arc::clone(values),
                other => panic!("{other:?}"),
            }
        };
        let of_types = values("google.protobuf.Type", "syntax");
        assert!(Arc::ptr_eq(&of_types, &values("google.protobuf.Enum", "syntax")));
    }
}

//! A message type in the form that the transcoder needs: from field number to kind, and from name
//! to field, without access to the pool.

use std::sync::Arc;

use prost_reflect::{
    Cardinality, EnumDescriptor, FieldDescriptor, MessageDescriptor, OneofDescriptor, Syntax,
};

use super::names::Names;
use super::{Descriptors, MessageId};
use crate::wire::Value;

/// Field numbers below this are looked up in an array.
const DENSE: u32 = 128;

/// A message type. Fields are in declaration order, followed by extensions sorted by full name.
#[derive(Debug)]
pub(crate) struct Table {
    /// The type's own JSON form, if it is not written field by field.
    pub(crate) well_known: Option<WellKnown>,
    pub(crate) fields: Box<[Field]>,
    /// Indexes of the required fields (proto2).
    pub(crate) required: Box<[usize]>,
    /// How many oneofs there are.
    pub(crate) oneofs: usize,
    /// Field number to index plus one.
    dense: Box<[u32]>,
    /// The other numbers, sorted, with their indexes.
    sparse: Box<[(u32, usize)]>,
    names: Names,
}

/// A field of a message type.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) number: u32,
    /// The name in JSON; `[full.name]` for an extension.
    pub(crate) name: Box<str>,
    /// A comma, the name as a JSON string, and a colon.
    pub(crate) label: Box<[u8]>,
    pub(crate) kind: Kind,
    pub(crate) shape: Shape,
    /// The place of its oneof.
    pub(crate) oneof: Option<usize>,
}

/// How often a field may occur in a message.
#[derive(Debug, PartialEq)]
pub(crate) enum Shape {
    /// Once; a default value is the same as an absent field.
    Implicit,
    /// Once; a default value counts as set.
    Explicit,
    List {
        packed: bool,
    },
    /// A map; the field's own kind is that of the values.
    Map {
        key: Kind,
    },
}

/// The type of a value.
#[derive(Debug, PartialEq)]
pub(crate) enum Kind {
    Bool,
    Int32,
    Sint32,
    Uint32,
    Fixed32,
    Sfixed32,
    Int64,
    Sint64,
    Uint64,
    Fixed64,
    Sfixed64,
    Float,
    Double,
    String,
    Bytes,
    Enum(Arc<Enum>),
    Message(MessageId),
    Group(MessageId),
}

/// An enum type.
#[derive(Debug, PartialEq)]
pub(crate) struct Enum {
    /// `google.protobuf.NullValue`, which JSON writes as null.
    pub(crate) is_null: bool,
    /// A number without a name is treated like an unknown field (proto2).
    pub(crate) closed: bool,
    /// Sorted by number; of aliases, the first one declared.
    by_number: Box<[(i32, Box<[u8]>)]>,
    by_name: Box<[(Box<str>, i32)]>,
}

/// Types with their own JSON form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WellKnown {
    Any,
    Timestamp,
    Duration,
    FieldMask,
    Struct,
    Value,
    ListValue,
    Empty,
    Bool,
    Int32,
    Uint32,
    Int64,
    Uint64,
    Float,
    Double,
    String,
    Bytes,
}

impl WellKnown {
    fn of(full_name: &str) -> Option<Self> {
        Some(match full_name.strip_prefix("google.protobuf.")? {
            "Any" => Self::Any,
            "Timestamp" => Self::Timestamp,
            "Duration" => Self::Duration,
            "FieldMask" => Self::FieldMask,
            "Struct" => Self::Struct,
            "Value" => Self::Value,
            "ListValue" => Self::ListValue,
            "Empty" => Self::Empty,
            "BoolValue" => Self::Bool,
            "Int32Value" => Self::Int32,
            "UInt32Value" => Self::Uint32,
            "Int64Value" => Self::Int64,
            "UInt64Value" => Self::Uint64,
            "FloatValue" => Self::Float,
            "DoubleValue" => Self::Double,
            "StringValue" => Self::String,
            "BytesValue" => Self::Bytes,
            _ => return None,
        })
    }

    /// What a wrapper wraps.
    pub(crate) fn wrapped(self) -> Option<Kind> {
        Some(match self {
            Self::Bool => Kind::Bool,
            Self::Int32 => Kind::Int32,
            Self::Uint32 => Kind::Uint32,
            Self::Int64 => Kind::Int64,
            Self::Uint64 => Kind::Uint64,
            Self::Float => Kind::Float,
            Self::Double => Kind::Double,
            Self::String => Kind::String,
            Self::Bytes => Kind::Bytes,
            _ => return None,
        })
    }
}

impl Table {
    pub(super) fn new(message: &MessageDescriptor, descriptors: &Descriptors) -> Self {
        // In declaration order, which is that of their paths: a message may have very many.
        let oneofs: Vec<_> = message.oneofs().filter(|oneof| !oneof.is_synthetic()).collect();
        let place_of =
            |oneof: &OneofDescriptor| oneofs.binary_search_by(|known| known.path().cmp(oneof.path())).ok();
        let mut fields = Vec::new();
        let mut names = Vec::new();
        let mut required = Vec::new();
        // The pool returns them by number.
        let declared = message.descriptor_proto().field.iter();
        for field in declared.filter_map(|proto| message.get_field_by_name(proto.name())) {
            let Some((kind, shape)) = kind_and_shape(&field, descriptors) else { continue };
            if field.is_required() {
                required.push(fields.len());
            }
            names.push((Box::from(field.name()), fields.len(), false));
            let oneof = field.containing_oneof();
            fields.push(Field {
                number: field.number(),
                name: field.json_name().into(),
                label: label(field.json_name()),
                kind,
                shape,
                oneof: oneof.as_ref().and_then(place_of),
            });
        }
        let mut extensions: Vec<_> = message.extensions().collect();
        extensions.sort_by(|left, right| left.full_name().cmp(right.full_name()));
        for extension in extensions {
            let Some(kind) = Kind::of(&extension.kind(), extension.is_group(), descriptors) else { continue };
            let name = format!("[{}]", extension.full_name());
            let shape = match extension.is_list() {
                true => Shape::List { packed: extension.is_packed() },
                false => Shape::Explicit,
            };
            let (number, label) = (extension.number(), label(&name));
            fields.push(Field { number, name: name.into(), label, kind, shape, oneof: None });
        }
        names.extend(fields.iter().enumerate().map(|(place, field)| (field.name.clone(), place, true)));
        // If one field's JSON name is another's proto name, the JSON name takes precedence.
        names.sort_by(|left, right| left.0.cmp(&right.0).then(right.2.cmp(&left.2)));
        names.dedup_by(|later, first| later.0 == first.0);
        let names = names.into_iter().map(|(name, place, _)| (name, place)).collect();
        let (dense, sparse) = numbers(&fields);
        Self {
            well_known: WellKnown::of(message.full_name()),
            fields: fields.into(),
            required: required.into(),
            oneofs: oneofs.len(),
            dense,
            sparse,
            names: Names::new(names),
        }
    }

    /// The index of the field with this number.
    #[inline]
    pub(crate) fn place(&self, number: u32) -> Option<usize> {
        match self.dense.get(number as usize) {
            Some(place) => (*place as usize).checked_sub(1),
            None if self.sparse.is_empty() => None,
            None => {
                let found = self.sparse.binary_search_by_key(&number, |entry| entry.0).ok()?;
                self.sparse.get(found).map(|entry| entry.1)
            }
        }
    }

    /// The index of the field with this JSON or proto name. Names mostly come in declaration order,
    /// so `from` is tried first.
    #[inline]
    pub(crate) fn place_of(&self, name: &str, from: usize) -> Option<usize> {
        if self.fields.get(from).is_some_and(|field| *field.name == *name) {
            return Some(from);
        }
        self.names.place(name)
    }
}

impl Field {
    /// Whether a value with this wire type belongs to the field; otherwise it is an unknown field.
    #[inline]
    pub(crate) fn takes(&self, value: &Value<'_>) -> bool {
        match self.shape {
            Shape::Map { .. } => matches!(value, Value::Bytes(_)),
            Shape::List { .. } => self.kind.takes(value) || self.kind.packs(value),
            Shape::Implicit | Shape::Explicit => self.kind.takes(value),
        }
    }
}

impl Kind {
    fn of(kind: &prost_reflect::Kind, group: bool, descriptors: &Descriptors) -> Option<Self> {
        Some(match kind {
            prost_reflect::Kind::Bool => Self::Bool,
            prost_reflect::Kind::Int32 => Self::Int32,
            prost_reflect::Kind::Sint32 => Self::Sint32,
            prost_reflect::Kind::Uint32 => Self::Uint32,
            prost_reflect::Kind::Fixed32 => Self::Fixed32,
            prost_reflect::Kind::Sfixed32 => Self::Sfixed32,
            prost_reflect::Kind::Int64 => Self::Int64,
            prost_reflect::Kind::Sint64 => Self::Sint64,
            prost_reflect::Kind::Uint64 => Self::Uint64,
            prost_reflect::Kind::Fixed64 => Self::Fixed64,
            prost_reflect::Kind::Sfixed64 => Self::Sfixed64,
            prost_reflect::Kind::Float => Self::Float,
            prost_reflect::Kind::Double => Self::Double,
            prost_reflect::Kind::String => Self::String,
            prost_reflect::Kind::Bytes => Self::Bytes,
            prost_reflect::Kind::Enum(descriptor) => Self::Enum(descriptors.values(descriptor)),
            prost_reflect::Kind::Message(message) => {
                let id = descriptors.id(message.full_name())?;
                if group { Self::Group(id) } else { Self::Message(id) }
            }
        })
    }

    /// Whether one value of this kind has this wire type.
    #[inline]
    pub(crate) fn takes(&self, value: &Value<'_>) -> bool {
        match self {
            Self::String | Self::Bytes | Self::Message(_) => matches!(value, Value::Bytes(_)),
            Self::Group(_) => matches!(value, Value::Group(_)),
            Self::Fixed32 | Self::Sfixed32 | Self::Float => matches!(value, Value::Fixed32(_)),
            Self::Fixed64 | Self::Sfixed64 | Self::Double => matches!(value, Value::Fixed64(_)),
            _ => matches!(value, Value::Varint(_)),
        }
    }

    /// Whether these may be packed values of this kind.
    pub(crate) fn packs(&self, value: &Value<'_>) -> bool {
        let scalar = !matches!(self, Self::String | Self::Bytes | Self::Message(_) | Self::Group(_));
        scalar && matches!(value, Value::Bytes(_))
    }
}

impl Enum {
    pub(super) fn new(descriptor: &EnumDescriptor) -> Self {
        let mut by_number: Vec<(i32, Box<[u8]>)> = Vec::new();
        let mut by_name: Vec<(Box<str>, i32)> = Vec::new();
        for value in descriptor.enum_descriptor_proto().value.iter() {
            by_number.push((value.number(), quoted(value.name()).into()));
            by_name.push((value.name().into(), value.number()));
        }
        by_number.sort_by_key(|entry| entry.0);
        by_number.dedup_by_key(|entry| entry.0);
        by_name.sort();
        Self {
            is_null: descriptor.full_name() == "google.protobuf.NullValue",
            closed: descriptor.parent_file().syntax() == Syntax::Proto2,
            by_number: by_number.into(),
            by_name: by_name.into(),
        }
    }

    /// The name of a number, as a JSON string.
    pub(crate) fn json(&self, number: i32) -> Option<&[u8]> {
        // Nearly every enum counts from 0.
        let direct = usize::try_from(number).ok().and_then(|index| self.by_number.get(index));
        if let Some((found, name)) = direct
            && *found == number
        {
            return Some(name);
        }
        let place = self.by_number.binary_search_by_key(&number, |entry| entry.0).ok()?;
        self.by_number.get(place).map(|entry| &*entry.1)
    }

    /// The number of a name.
    pub(crate) fn number(&self, name: &str) -> Option<i32> {
        let place = self.by_name.binary_search_by(|entry| (*entry.0).cmp(name)).ok()?;
        self.by_name.get(place).map(|entry| entry.1)
    }
}

fn kind_and_shape(field: &FieldDescriptor, descriptors: &Descriptors) -> Option<(Kind, Shape)> {
    let of = |field: &FieldDescriptor| Kind::of(&field.kind(), field.is_group(), descriptors);
    if field.is_map()
        && let prost_reflect::Kind::Message(entry) = field.kind()
    {
        let (key, value) = (entry.get_field(1)?, entry.get_field(2)?);
        return Some((of(&value)?, Shape::Map { key: of(&key)? }));
    }
    let shape = match field.cardinality() {
        Cardinality::Repeated => Shape::List { packed: field.is_packed() },
        _ if field.supports_presence() => Shape::Explicit,
        _ => Shape::Implicit,
    };
    Some((of(field)?, shape))
}

fn label(name: &str) -> Box<[u8]> {
    [b",", &*quoted(name), b":"].concat().into()
}

fn quoted(name: &str) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(name.len() + 2);
    crate::json::write_text(name, &mut quoted);
    quoted
}

type Numbers = (Box<[u32]>, Box<[(u32, usize)]>);

fn numbers(fields: &[Field]) -> Numbers {
    let highest = fields.iter().map(|field| field.number).filter(|number| *number < DENSE).max();
    let mut dense = vec![0; highest.map_or(0, |number| number as usize + 1)];
    let mut sparse = Vec::new();
    for (place, field) in fields.iter().enumerate() {
        match (dense.get_mut(field.number as usize), u32::try_from(place + 1)) {
            (Some(slot), Ok(place)) => *slot = place,
            _ => sparse.push((field.number, place)),
        }
    }
    sparse.sort_unstable();
    (dense.into(), sparse.into())
}

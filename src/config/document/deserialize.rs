//! serde over the tree of nodes: every error gets the path, line and column of the value it is
//! about.

use serde::de::value::{MapDeserializer, StrDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};

use super::problem::Problem;
use super::{Key, Node, NodeValue, Scalar};

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match &self.value {
            NodeValue::Scalar { text, plain } => match Scalar::of(text, *plain) {
                Scalar::Null => visitor.visit_unit(),
                Scalar::Bool(value) => visitor.visit_bool(value),
                Scalar::Integer(value) => visitor.visit_i64(value),
                Scalar::Float(value) => visitor.visit_f64(value),
                Scalar::Text(text) => visitor.visit_borrowed_str(text),
            },
            NodeValue::List(items) => visitor.visit_seq(Items { items: items.iter().enumerate() }),
            NodeValue::Map(entries) => visitor.visit_map(Entries { entries: entries.iter(), value: None }),
        }
        .map_err(|problem| problem.at(self.position))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        // A field that is present must have a value: `keys:` with nothing after it is a mistake.
        visitor.visit_some(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match &self.value {
            // serde would accept a list as the fields in order.
            NodeValue::List(_) => Err(Problem::invalid_type(Unexpected::Seq, &"a mapping").at(self.position)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match &self.value {
            // The text itself, so that a bare `null` in `converters` means the converter of that
            // name.
            NodeValue::Scalar { text, .. } => visitor.visit_enum(Variant { name: text, options: None }),
            NodeValue::Map(entries) => match entries.as_slice() {
                [(Key { name, .. }, options)] => visitor.visit_enum(Variant { name, options: Some(options) }),
                _ => Err(Problem::new("expected a name, or one name with its options")),
            },
            NodeValue::List(_) => {
                Err(Problem::invalid_type(Unexpected::Seq, &"a name, or one name with its options"))
            }
        }
        .map_err(|problem| problem.at(self.position))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        map identifier ignored_any
    }
}

struct Items<'de> {
    items: core::iter::Enumerate<core::slice::Iter<'de, Node>>,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Problem> {
        let Some((index, item)) = self.items.next() else { return Ok(None) };
        seed.deserialize(item).map(Some).map_err(|problem| problem.at(item.position).inside(index))
    }
}

struct Entries<'de> {
    entries: core::slice::Iter<'de, (Key, Node)>,
    value: Option<&'de (Key, Node)>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problem> {
        let Some(entry) = self.entries.next() else { return Ok(None) };
        self.value = Some(entry);
        let name: StrDeserializer<'_, Problem> = entry.0.name.as_str().into_deserializer();
        seed.deserialize(name).map(Some).map_err(|problem| problem.at(entry.0.position))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Problem> {
        let Some((key, node)) = self.value.take() else {
            return Err(Problem::custom("a value without a key"));
        };
        seed.deserialize(node).map_err(|problem| problem.at(node.position).inside(key.name.as_str()))
    }
}

/// A name alone, or with its options.
struct Variant<'de> {
    name: &'de str,
    options: Option<&'de Node>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Problem;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Problem> {
        let name: StrDeserializer<'_, Problem> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Problem;

    fn unit_variant(self) -> Result<(), Problem> {
        match self.options {
            None => Ok(()),
            Some(_) => Err(Problem::new("it takes no options")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Problem> {
        match self.options {
            Some(node) if !is_null(node) => {
                seed.deserialize(node).map_err(|problem| problem.at(node.position).inside(self.name))
            }
            _ => seed.deserialize(MapDeserializer::<_, Problem>::new(core::iter::empty::<(&str, &str)>())),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Problem> {
        Err(Problem::new("it takes no list"))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Problem> {
        Err(Problem::new("it takes no options"))
    }
}

fn is_null(node: &Node) -> bool {
    matches!(&node.value, NodeValue::Scalar { text, plain } if Scalar::of(text, *plain) == Scalar::Null)
}

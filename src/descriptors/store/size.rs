//! How much decoded files take once they are linked: every declaration is stored with its full
//! name, and what is wrong with it with the name of its file.

use prost_reflect::prost::Message;
use prost_reflect::prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
};

use super::MAX_SET_LEN;
use crate::error::text;

/// The most that is declared, for each file of the configuration and for everything from the host
/// together. Measured with names as long as they may be: 1.0 GiB at the peak, 0.9 of it kept. A set
/// that comes in two takes 1.3 GiB while the second is linked, since calls may still use the first.
pub(super) const MAX_WEIGHT: usize = 1 << 22;

/// The weight of a field, value or import with names of usual length. A reserved name has 1.
pub(super) const DECLARATION: usize = 8;

/// The weight of a type: it has tables of its own.
pub(super) const TYPE: usize = 2 * DECLARATION;

/// Bytes of names that come with a declaration; more of them weigh more.
const USUAL_NAMES: usize = 192;

/// Longer names weigh 1 for each so many bytes.
const NAME_UNIT: usize = 16;

/// Bytes that nesting adds to what is stored of every name.
const LEVEL: usize = 8;

/// As in protoc.
const MAX_PACKAGE_DOTS: usize = 100;

/// Linking inserts values of an enum in the order of their numbers.
const VALUES_TO_MOVE: usize = 1024;

/// What to do about too much: each set of the configuration may have as much.
const SEVERAL: &str = "give them as several sets in `descriptors`";

/// What files take, as far as it is allowed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    bytes: usize,
    weight: usize,
}

impl Size {
    /// # Errors
    /// What there is too much of, or which name protoc would refuse.
    pub(super) fn of(file: &FileDescriptorProto) -> Result<Self, String> {
        let dots = file.package().matches('.').count();
        if dots > MAX_PACKAGE_DOTS {
            return Err(format!(
                "the package of {} has more than {MAX_PACKAGE_DOTS} dots",
                text::words(file.name())
            ));
        }
        let mut weigher = Weigher { weight: file.public_dependency.len() };
        // The package is a name, and so is what is before each of its dots.
        let outer = file.name().len() + file.package().len();
        (0..=dots + 1).for_each(|_| weigher.declare(outer));
        for import in &file.dependency {
            weigher.declare(import.len());
        }
        for message in &file.message_type {
            weigher.message(message, outer)?;
        }
        for descriptor in &file.enum_type {
            weigher.descriptor(descriptor, outer)?;
        }
        for extension in &file.extension {
            weigher.field(extension, outer)?;
        }
        let size = Self { bytes: file.encoded_len(), weight: weigher.weight };
        Self::default().plus(size)
    }

    pub(super) fn of_import(name: &str) -> Self {
        let mut weigher = Weigher::default();
        weigher.declare(name.len());
        Self { bytes: 0, weight: weigher.weight }
    }

    /// The size of both.
    ///
    /// # Errors
    /// As of [`Self::of`].
    pub(super) fn plus(self, other: Self) -> Result<Self, String> {
        let both = Self {
            bytes: self.bytes.saturating_add(other.bytes),
            weight: self.weight.saturating_add(other.weight),
        };
        if both.bytes > MAX_SET_LEN {
            return Err(format!("the descriptors have more than {MAX_SET_LEN} bytes; {SEVERAL}"));
        }
        if both.weight > MAX_WEIGHT { Err(too_much()) } else { Ok(both) }
    }
}

#[cold]
pub(super) fn too_much() -> String {
    format!(
        "the descriptors declare too much: at most {} fields, values and imports, where a type counts \
         as two and a long name as more; {SEVERAL}",
        MAX_WEIGHT / DECLARATION
    )
}

#[derive(Default)]
struct Weigher {
    weight: usize,
}

impl Weigher {
    /// Adds a declaration that is stored with so many bytes of names.
    fn declare(&mut self, names: usize) {
        let long = names.saturating_sub(USUAL_NAMES).div_ceil(NAME_UNIT);
        self.weight = self.weight.saturating_add(DECLARATION + long);
    }

    /// `outer` is the length of the names around it, as everywhere here. Nesting is limited before.
    fn message(&mut self, message: &DescriptorProto, outer: usize) -> Result<(), String> {
        let outer = outer + check(message.name())? + LEVEL;
        self.declare(outer);
        self.weight = self.weight.saturating_add(TYPE - DECLARATION);
        for oneof in &message.oneof_decl {
            self.declare(outer + check(oneof.name())?);
        }
        for field in message.field.iter().chain(&message.extension) {
            self.field(field, outer)?;
        }
        for descriptor in &message.enum_type {
            self.descriptor(descriptor, outer)?;
        }
        // Linking looks for every field in every range.
        let ranges = message.extension_range.len();
        self.weight = self.weight.saturating_add(ranges * (DECLARATION + ranges / 2));
        message.nested_type.iter().try_for_each(|nested| self.message(nested, outer))
    }

    fn field(&mut self, field: &FieldDescriptorProto, outer: usize) -> Result<(), String> {
        let name = check(field.name())?;
        let types = field.type_name().len() + field.extendee().len();
        self.declare(outer + name + types + field.json_name().len());
        Ok(())
    }

    fn descriptor(&mut self, descriptor: &EnumDescriptorProto, outer: usize) -> Result<(), String> {
        let outer = outer + check(descriptor.name())?;
        self.declare(outer);
        for (index, value) in descriptor.value.iter().enumerate() {
            self.declare(outer + check(value.name())?);
            self.weight = self.weight.saturating_add(index / VALUES_TO_MOVE);
        }
        Ok(())
    }
}

/// The length of a name, which has no dots: linking looks for a name in every scope around it.
fn check(name: &str) -> Result<usize, String> {
    match name.contains('.') {
        true => Err(format!("{} is not a name: it has a dot", text::words(name))),
        false => Ok(name.len() + 1),
    }
}

//! Maps a name to the index of its field: an open-addressing hash table, built once and then
//! immutable.
//!
//! An attacker who chooses the names to look up can hit at most one full run of slots. The length
//! of the runs was fixed when the table was built, and the table is at most half full.

/// The names of a message type's fields.
#[derive(Debug)]
pub(super) struct Names {
    /// A name's index plus one, at its hash or at the next free slot; their count is a power of
    /// two.
    slots: Box<[u32]>,
    entries: Box<[(Box<str>, usize)]>,
}

impl Names {
    /// A table of names and indexes; no name occurs twice.
    pub(super) fn new(entries: Box<[(Box<str>, usize)]>) -> Self {
        let count = (entries.len() * 2).next_power_of_two();
        let mut names = Self { slots: vec![0; count].into(), entries };
        for (index, (name, _)) in names.entries.iter().enumerate() {
            let mut at = hash(name) & (count - 1);
            while names.slots.get(at).is_some_and(|slot| *slot != 0) {
                at = (at + 1) & (count - 1);
            }
            if let (Some(slot), Ok(index)) = (names.slots.get_mut(at), u32::try_from(index + 1)) {
                *slot = index;
            }
        }
        names
    }

    /// The index for a name.
    #[inline]
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        let mask = self.slots.len() - 1;
        let mut at = hash(name) & mask;
        loop {
            let index = (*self.slots.get(at)? as usize).checked_sub(1)?;
            let (known, place) = self.entries.get(index)?;
            if **known == *name {
                return Some(*place);
            }
            at = (at + 1) & mask;
        }
    }
}

/// Mixes the length and the first and last eight bytes: two names of one message rarely agree in
/// all of them.
#[inline]
fn hash(name: &str) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let bytes = name.as_bytes();
    let (first, last) = match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0),
    };
    let mixed = (first ^ last.rotate_left(23) ^ bytes.len() as u64).wrapping_mul(ODD);
    (mixed >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_no_other() {
        for count in [0, 1, 2, 3, 100] {
            let name = |index: usize| format!("{}field{index}", "very_long_prefix_".repeat(index % 3)).into();
            let names = Names::new((0..count).map(|index| (name(index), index)).collect());
            for index in 0..count {
                assert_eq!(names.place(&name(index)), Some(index));
            }
            for other in ["", "field", "field100", "very_long_prefix_field0", "é"] {
                assert_eq!(names.place(other), None, "{other}");
            }
        }
    }

    #[test]
    fn names_that_only_differ_in_the_middle_are_told_apart() {
        let name = |index: usize| format!("beginning{index:04}theend--").into();
        let names = Names::new((0..50).map(|index| (name(index), index)).collect());
        assert!((0..50).all(|index| names.place(&name(index)) == Some(index)));
        assert_eq!(names.place(&name(50)), None);
    }
}

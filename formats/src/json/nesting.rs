//! The containers around a position, one bit each, so that no text causes an allocation.

use super::MAX_DEPTH;

/// What nests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Array,
    Object,
}

const WORDS: usize = MAX_DEPTH.div_ceil(64);

/// The open containers, outermost first; a set bit is an object.
pub(super) struct Nesting {
    bits: [u64; WORDS],
    /// The innermost of them, which is needed after every value.
    innermost: Option<Container>,
    depth: usize,
    max: usize,
}

impl Nesting {
    /// No open containers, and at most `max` of them: never more than [`MAX_DEPTH`].
    #[inline]
    pub(super) fn new(max: usize) -> Self {
        Self { bits: [0; WORDS], innermost: None, depth: 0, max: max.min(MAX_DEPTH) }
    }

    /// How many may be open.
    pub(super) fn max(&self) -> usize {
        self.max
    }

    /// Opens one; `false` if that would be one too many.
    #[inline]
    pub(super) fn enter(&mut self, container: Container) -> bool {
        if self.depth >= self.max {
            return false;
        }
        if let Some(word) = self.bits.get_mut(self.depth / 64) {
            let bit = 1 << (self.depth % 64);
            match container {
                Container::Object => *word |= bit,
                Container::Array => *word &= !bit,
            }
        }
        self.depth += 1;
        self.innermost = Some(container);
        true
    }

    /// The innermost.
    #[inline]
    pub(super) fn innermost(&self) -> Option<Container> {
        self.innermost
    }

    /// Closes the innermost.
    #[inline]
    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.innermost = self.at(self.depth);
    }

    /// The innermost of the outer `depth`.
    #[inline]
    fn at(&self, depth: usize) -> Option<Container> {
        let place = depth.checked_sub(1)?;
        let word = self.bits.get(place / 64)?;
        Some(if word >> (place % 64) & 1 == 1 { Container::Object } else { Container::Array })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_left_in_the_order_they_were_entered() {
        let mut open = Nesting::new(usize::MAX);
        let kind = |place: usize| if place.is_multiple_of(3) { Container::Object } else { Container::Array };
        for _ in 0..2 {
            assert_eq!(open.innermost(), None);
            assert!((0..MAX_DEPTH).all(|place| open.enter(kind(place))));
            assert!(!open.enter(Container::Array));
            for place in (0..MAX_DEPTH).rev() {
                assert_eq!(open.innermost(), Some(kind(place)), "{place}");
                open.leave();
            }
        }
    }
}

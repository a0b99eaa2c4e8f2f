//! The keys that a try of a call finds missing, which are requested together.

use crate::collected::Collected;
use crate::error::{Error, Needed};

/// See the module.
pub(crate) type NeededKeys = Collected<Needed>;

impl NeededKeys {
    /// # Errors
    /// The request for all of them, if there are any.
    pub(crate) fn request(self) -> Result<(), Error> {
        if self.is_empty() { Ok(()) } else { Err(Error::keys_needed(self.into_vec())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_requested() {
        assert!(NeededKeys::new(0).request().is_ok());
        let mut needed = NeededKeys::new(0);
        for id in ["a", "b", "a"] {
            needed.add(&Needed::Key(id.to_owned()));
        }
        let request = needed.request().unwrap_err();
        assert_eq!(request.needed_keys(), ["a", "b"].map(|id| Needed::Key(id.to_owned())));
    }
}

//! The status codes of the bindings.

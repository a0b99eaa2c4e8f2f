//! The JSON form of payloads. It is read and written only here: for the body of a codec server,
//! histories, failures, messages, and the command line.
//!
//! ```text
//! {"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"IlRlc3Rpbmci","externalPayloads":[{"sizeBytes":"1"}]}]}
//! ```
//! It is protobuf's JSON mapping. Reading is as lenient as the SDKs' readers are together, because
//! the writers differ: `docs/FORMAT.md`, "Payloads as JSON", has a row for every doubtful case.
//! That is why the general protobuf JSON reader, which is as strict as the mapping, is not used.
//! The printed form is one that all of them read; `metadata` and `data` are always present, because
//! the Web UI hides a list in which a payload lacks one of them.
//!
//! JSON cannot express fields that `Payload` does not have yet: if a decoded payload has one, it is
//! left out, as in protobuf's own JSON.

mod parse;
mod place;
mod print;
mod problem;

pub use parse::{parse, parse_at_most, parse_list, parse_payload, parse_single};
pub(crate) use print::print_all;
pub use print::{print, print_payload};

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

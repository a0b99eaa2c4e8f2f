//! The JSON form of payloads, read and written here only: for a codec server's body, a history, a
//! failure, a message, and on the command line.
//!
//! ```text
//! {"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"IlRlc3Rpbmci","externalPayloads":[{"sizeBytes":"1"}]}]}
//! ```
//! It is protobuf's JSON mapping. Reading is as lenient as the SDKs' readers are together, because
//! the writers differ: `docs/FORMAT.md`, "Payloads as JSON", has a row for every doubtful case.
//! That is why the general reader of protobuf's JSON, which is as strict as the mapping says, does
//! not do it. Printing is what all of them read; `metadata` and `data` are always there, because
//! the Web UI hides a list in which a payload lacks one of them.
//!
//! JSON has no place for fields that `Payload` does not have yet: where a decoded payload has one,
//! it is left out, as protobuf's own JSON does.

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

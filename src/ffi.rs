//! The C ABI: `include/tdc.h`. Each extern function is a few lines that borrow its arguments, call
//! one safe method and write its out slots.
//!
//! # What *valid* means here
//! The `# Safety` sections of this module speak of *valid* pointers:
//! 1. bytes, a pointer and a length: `NULL, 0`, or readable for that many bytes, and not written by
//!    anybody during the call;
//! 2. an out slot: writable, aligned, and not touched by anybody else during the call;
//! 3. a handle: made by this library, and not freed before the call returns.
//!
//! Who frees: what a function gives out in a `tdc_buffer` or as a handle belongs to the caller, who
//! frees it by the matching `_free`.

mod buffer;
mod call;
mod codec;
mod converter;
mod data_converter;
mod error;
mod failure;
mod guard;
mod history;
mod message;
mod payload;
mod status;
mod version;

pub use buffer::{tdc_buffer, tdc_buffer_free};
pub use call::{tdc_call, tdc_call_answer, tdc_call_end, tdc_call_follow, tdc_call_requests};
pub use codec::{tdc_codec_decode, tdc_codec_encode};
pub use converter::{tdc_converter_from_payload, tdc_converter_to_payload};
pub use data_converter::{
    TDC_FLAG_CONVERTERS, TDC_FLAG_ENCODE_COMMON_ATTRIBUTES, TDC_FLAG_HOST_KEYS, TDC_FLAG_KEY_SERVICES,
    TDC_FLAG_REMOTE, tdc_data_converter, tdc_data_converter_flags, tdc_data_converter_free,
    tdc_data_converter_open, tdc_data_converter_parse, tdc_data_converter_reload,
};
pub use error::{
    tdc_error, tdc_error_code, tdc_error_free, tdc_error_message, tdc_error_payload_index,
    tdc_error_size_needed,
};
pub use failure::{tdc_failure_decode, tdc_failure_encode};
pub use history::tdc_history_decode;
pub use message::{TDC_MESSAGE_HEADERS, tdc_message_decode, tdc_message_encode, tdc_message_encode_again};
pub use payload::{tdc_codec_decode_payload, tdc_codec_encode_bound, tdc_codec_encode_payload, tdc_payload};
pub use status::{tdc_status, tdc_status_is_transient, tdc_status_name};
pub use version::{TDC_ABI_VERSION, tdc_abi_version, tdc_version};

#[cfg(test)]
mod tests;

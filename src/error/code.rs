//! The table of status codes: the one place where a code gets its name, number and kind.
//!
//! The `#define`s of `include/tdc.h`, `docs/ERRORS.md` and the constants of every binding are
//! generated from it (`tests/generated.rs`). Numbers are grouped by who can mend the cause, and are
//! never used twice.

/// Who can mend the cause of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Not an error: what the caller does next.
    Outcome,
    /// The bytes that came in.
    Input,
    /// The keys: unknown, or provided in a wrong form.
    Key,
    /// The configuration, the key files and variables that it names.
    Config,
    /// The calling program.
    Misuse,
    /// The machine: its random source, its files.
    Environment,
    /// This library; please report it.
    Internal,
}

impl Kind {
    /// The kind in one lower-case word, as the bindings and the documentation write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::Input => "input",
            Self::Key => "key",
            Self::Config => "config",
            Self::Misuse => "misuse",
            Self::Environment => "environment",
            Self::Internal => "internal",
        }
    }
}

macro_rules! codes {
    ($($variant:ident = $number:literal, $name:literal, $kind:ident, $transient:literal, $doc:literal;)*) => {
        /// A status code of the C ABI.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(u32)]
        pub enum Code {
            $(#[doc = $doc] $variant = $number,)*
        }

        impl Code {
            /// Every code, in the order of the numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name of the C constant, such as `TDC_ERR_NULL`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// [`Code::name`] as a C string.
            pub(crate) const fn c_name(self) -> &'static core::ffi::CStr {
                match self {
                    $(Self::$variant => {
                        match core::ffi::CStr::from_bytes_with_nul(concat!($name, "\0").as_bytes()) {
                            Ok(name) => name,
                            Err(_) => c"",
                        }
                    })*
                }
            }

            /// Who can mend the cause.
            #[must_use]
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }

            /// Whether the same call can succeed later without a change to its input, because time
            /// or an operator cures the cause: a service that is back, a key, a file or a
            /// configuration that is put right.
            #[must_use]
            pub const fn is_transient(self) -> bool {
                match self { $(Self::$variant => $transient,)* }
            }

            /// One sentence: what it means and what to do.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }

            /// The code with this number.
            #[must_use]
            pub const fn from_number(number: u32) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

codes! {
    Ok = 0, "TDC_OK", Outcome, false,
        "The call succeeded.";
    Unchanged = 1, "TDC_UNCHANGED", Outcome, false,
        "Calls on one payload only: the codecs leave it as it is; nothing was written, go on with your input.";
    Requests = 2, "TDC_REQUESTS", Outcome, true,
        "The host is asked for something: answer what tdc_call_requests gives by tdc_call_answer, then call again.";
    Protobuf = 101, "TDC_ERR_PROTOBUF", Input, false,
        "The bytes are not the protobuf message that was expected.";
    Authentication = 102, "TDC_ERR_AUTHENTICATION", Input, true,
        "The ciphertext does not authenticate: it was changed, or it was made with another key of the same id.";
    Ciphertext = 103, "TDC_ERR_CIPHERTEXT", Input, false,
        "The encrypted payload is malformed: too short, without a key id, or of an unknown cipher.";
    Compressed = 104, "TDC_ERR_COMPRESSED", Input, false,
        "The compressed data is malformed.";
    NotEncrypted = 105, "TDC_ERR_NOT_ENCRYPTED", Input, true,
        "The config says that payloads must be encrypted, and this one was not.";
    Limit = 106, "TDC_ERR_LIMIT", Input, false,
        "A limit was exceeded; the message names it and the option that raises it.";
    Context = 107, "TDC_ERR_CONTEXT", Input, true,
        "The payload is bound to another place than the one it was read in, or to none where the config requires it; or the serialization context is malformed.";
    Json = 108, "TDC_ERR_JSON", Input, false,
        "The text is not JSON, or not the JSON that was expected; the message says where.";
    Encoding = 109, "TDC_ERR_ENCODING", Input, false,
        "No converter knows the payload's encoding: decode it first, or read it with the converter that made it.";
    Value = 110, "TDC_ERR_VALUE", Input, false,
        "No converter of the config accepts the value, or the value does not fit the format; the message says why.";
    MessagePack = 111, "TDC_ERR_MESSAGE_PACK", Input, false,
        "The bytes are not MessagePack; the message says where.";
    Failure = 112, "TDC_ERR_FAILURE", Input, false,
        "The encoded attributes of a failure are malformed, and the config says malformed: error.";
    Type = 113, "TDC_ERR_TYPE", Input, false,
        "The message type is unknown: its full name is wrong, it is newer than this library, or the host has no descriptor of it.";
    RemoteRefused = 114, "TDC_ERR_REMOTE_REFUSED", Input, false,
        "The codec server refused these payloads with status 400, 413 or 422.";
    Reference = 115, "TDC_ERR_REFERENCE", Input, false,
        "A reference to a stored object is malformed or may not be followed here, or its object is missing or has another hash; the message says which.";
    KeyUnknown = 201, "TDC_ERR_KEY_UNKNOWN", Key, true,
        "No key with this id is in the keyring (yet): add it, then try again.";
    KeyInvalid = 202, "TDC_ERR_KEY_INVALID", Key, true,
        "A key that the host provided has the wrong length, or its id is not a key id.";
    KeyProvider = 203, "TDC_ERR_KEY_PROVIDER", Key, true,
        "The host's key provider failed, or the configuration asks the host for keys and no key provider was given; the message says which.";
    KeyService = 204, "TDC_ERR_KEY_SERVICE", Key, true,
        "The key service could not be reached, was too slow, or its answer is not usable; the message says which.";
    KeyRefused = 205, "TDC_ERR_KEY_REFUSED", Key, true,
        "The key service refused: access is denied, or the key is disabled or destroyed. An administrator can change that.";
    Config = 301, "TDC_ERR_CONFIG", Config, true,
        "The configuration is malformed; the message says where and what to do.";
    KeyFile = 302, "TDC_ERR_KEY_FILE", Config, true,
        "A file or variable with a key or a credential is missing, malformed, or readable by others.";
    Namespace = 303, "TDC_ERR_NAMESPACE", Config, true,
        "The config needs a namespace and none was given, or it has namespaces and none of them matches.";
    Descriptor = 304, "TDC_ERR_DESCRIPTOR", Config, true,
        "A descriptor set is missing, does not parse or link, or contradicts what is known of a file.";
    Null = 401, "TDC_ERR_NULL", Misuse, false,
        "A pointer that must not be NULL was NULL.";
    BufferTooSmall = 402, "TDC_ERR_BUFFER_TOO_SMALL", Misuse, false,
        "The caller's buffer is too small; tdc_error_size_needed says what is needed.";
    Argument = 403, "TDC_ERR_ARGUMENT", Misuse, false,
        "An argument is out of range: a length past the address space, or text that is not UTF-8.";
    Random = 501, "TDC_ERR_RANDOM", Environment, true,
        "The operating system's random source failed.";
    Io = 502, "TDC_ERR_IO", Environment, true,
        "A file could not be read or written.";
    Remote = 503, "TDC_ERR_REMOTE", Environment, true,
        "The codec server did not answer with payloads: it is unreachable or busy, rejects the credentials, or is not a codec server; the message says which.";
    Storage = 504, "TDC_ERR_STORAGE", Environment, true,
        "The store of a referenced object could not be reached, was too slow, or refused; the message says which.";
    Panic = 901, "TDC_ERR_PANIC", Internal, false,
        "A bug in this library; the handle stays usable. Please report the message.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_survives_its_number_and_numbers_rise() {
        for code in Code::ALL {
            assert_eq!(Code::from_number(*code as u32), Some(*code));
            assert_eq!(code.c_name().to_str(), Ok(code.name()));
        }
        assert!(Code::ALL.is_sorted_by_key(|code| *code as u32));
    }

    #[test]
    fn numbers_are_grouped_by_kind() {
        for code in Code::ALL {
            let group = match code.kind() {
                Kind::Outcome => 0,
                Kind::Input => 1,
                Kind::Key => 2,
                Kind::Config => 3,
                Kind::Misuse => 4,
                Kind::Environment => 5,
                Kind::Internal => 9,
            };
            assert_eq!(*code as u32 / 100, group, "{}", code.name());
        }
    }

    #[test]
    fn unknown_number_is_no_code() {
        assert_eq!(Code::from_number(999), None);
    }
}

// The table of src/error/code.rs in Go; tests/generated/bindings.rs compares the two.

package tdc

// The codes of tdc.h.
const (
	// ErrProtobuf is TDC_ERR_PROTOBUF. The bytes are not the protobuf message that was expected.
	ErrProtobuf Code = 101
	// ErrAuthentication is TDC_ERR_AUTHENTICATION. The ciphertext does not authenticate: it was
	// changed, or it was made with another key of the same id.
	ErrAuthentication Code = 102
	// ErrCiphertext is TDC_ERR_CIPHERTEXT. The encrypted payload is malformed: too short, without a
	// key id, or of an unknown cipher.
	ErrCiphertext Code = 103
	// ErrCompressed is TDC_ERR_COMPRESSED. The compressed data is malformed.
	ErrCompressed Code = 104
	// ErrNotEncrypted is TDC_ERR_NOT_ENCRYPTED. The config says that payloads must be encrypted, and
	// this one was not.
	ErrNotEncrypted Code = 105
	// ErrLimit is TDC_ERR_LIMIT. A limit was exceeded; the message names it and the option that raises
	// it.
	ErrLimit Code = 106
	// ErrContext is TDC_ERR_CONTEXT. The payload is bound to another place than the one it was read
	// in, or to none where the config requires it; or the serialization context is malformed.
	ErrContext Code = 107
	// ErrJSON is TDC_ERR_JSON. The text is not JSON, or not the JSON that was expected; the message
	// says where.
	ErrJSON Code = 108
	// ErrEncoding is TDC_ERR_ENCODING. No converter knows the payload's encoding: decode it first, or
	// read it with the converter that made it.
	ErrEncoding Code = 109
	// ErrValue is TDC_ERR_VALUE. No converter of the config accepts the value, or the value does not
	// fit the format; the message says why.
	ErrValue Code = 110
	// ErrMessagePack is TDC_ERR_MESSAGE_PACK. The bytes are not MessagePack; the message says where.
	ErrMessagePack Code = 111
	// ErrFailure is TDC_ERR_FAILURE. The encoded attributes of a failure are malformed, and the config
	// says malformed: error.
	ErrFailure Code = 112
	// ErrType is TDC_ERR_TYPE. The message type is unknown: its full name is wrong, it is newer than
	// this library, or the host has no descriptor of it.
	ErrType Code = 113
	// ErrRemoteRefused is TDC_ERR_REMOTE_REFUSED. The codec server refused these payloads with status
	// 400, 413 or 422.
	ErrRemoteRefused Code = 114
	// ErrReference is TDC_ERR_REFERENCE. A reference to a stored object is malformed or may not be
	// followed here, or its object is missing or has another hash; the message says which.
	ErrReference Code = 115
	// ErrKeyUnknown is TDC_ERR_KEY_UNKNOWN. No key with this id is in the keyring (yet): add it, then
	// try again.
	ErrKeyUnknown Code = 201
	// ErrKeyInvalid is TDC_ERR_KEY_INVALID. A key that the host provided has the wrong length, or its
	// id is not a key id.
	ErrKeyInvalid Code = 202
	// ErrKeyProvider is TDC_ERR_KEY_PROVIDER. The host's key provider failed, or the configuration
	// asks the host for keys and no key provider was given; the message says which.
	ErrKeyProvider Code = 203
	// ErrKeyService is TDC_ERR_KEY_SERVICE. The key service could not be reached, was too slow, or its
	// answer is not usable; the message says which.
	ErrKeyService Code = 204
	// ErrKeyRefused is TDC_ERR_KEY_REFUSED. The key service refused: access is denied, or the key is
	// disabled or destroyed. An administrator can change that.
	ErrKeyRefused Code = 205
	// ErrConfig is TDC_ERR_CONFIG. The configuration is malformed; the message says where and what to
	// do.
	ErrConfig Code = 301
	// ErrKeyFile is TDC_ERR_KEY_FILE. A file or variable with a key or a credential is missing,
	// malformed, or readable by others.
	ErrKeyFile Code = 302
	// ErrNamespace is TDC_ERR_NAMESPACE. The config needs a namespace and none was given, or it has
	// namespaces and none of them matches.
	ErrNamespace Code = 303
	// ErrDescriptor is TDC_ERR_DESCRIPTOR. A descriptor set is missing, does not parse or link, or
	// contradicts what is known of a file.
	ErrDescriptor Code = 304
	// ErrNull is TDC_ERR_NULL. A pointer that must not be NULL was NULL.
	ErrNull Code = 401
	// ErrBufferTooSmall is TDC_ERR_BUFFER_TOO_SMALL. The caller's buffer is too small;
	// tdc_error_size_needed says what is needed.
	ErrBufferTooSmall Code = 402
	// ErrArgument is TDC_ERR_ARGUMENT. An argument is out of range: a length past the address space,
	// or text that is not UTF-8.
	ErrArgument Code = 403
	// ErrRandom is TDC_ERR_RANDOM. The operating system's random source failed.
	ErrRandom Code = 501
	// ErrIO is TDC_ERR_IO. A file could not be read or written.
	ErrIO Code = 502
	// ErrRemote is TDC_ERR_REMOTE. The codec server did not answer with payloads: it is unreachable or
	// busy, rejects the credentials, or is not a codec server; the message says which.
	ErrRemote Code = 503
	// ErrStorage is TDC_ERR_STORAGE. The store of a referenced object could not be reached, was too
	// slow, or refused; the message says which.
	ErrStorage Code = 504
	// ErrPanic is TDC_ERR_PANIC. A bug in this library; the handle stays usable. Please report the
	// message.
	ErrPanic Code = 901
)

// entry is the row of the table for c: its name, and whether trying again later can succeed.
func (c Code) entry() (name string, transient bool) {
	switch c {
	case ErrProtobuf:
		return "TDC_ERR_PROTOBUF", false
	case ErrAuthentication:
		return "TDC_ERR_AUTHENTICATION", true
	case ErrCiphertext:
		return "TDC_ERR_CIPHERTEXT", false
	case ErrCompressed:
		return "TDC_ERR_COMPRESSED", false
	case ErrNotEncrypted:
		return "TDC_ERR_NOT_ENCRYPTED", true
	case ErrLimit:
		return "TDC_ERR_LIMIT", false
	case ErrContext:
		return "TDC_ERR_CONTEXT", true
	case ErrJSON:
		return "TDC_ERR_JSON", false
	case ErrEncoding:
		return "TDC_ERR_ENCODING", false
	case ErrValue:
		return "TDC_ERR_VALUE", false
	case ErrMessagePack:
		return "TDC_ERR_MESSAGE_PACK", false
	case ErrFailure:
		return "TDC_ERR_FAILURE", false
	case ErrType:
		return "TDC_ERR_TYPE", false
	case ErrRemoteRefused:
		return "TDC_ERR_REMOTE_REFUSED", false
	case ErrReference:
		return "TDC_ERR_REFERENCE", false
	case ErrKeyUnknown:
		return "TDC_ERR_KEY_UNKNOWN", true
	case ErrKeyInvalid:
		return "TDC_ERR_KEY_INVALID", true
	case ErrKeyProvider:
		return "TDC_ERR_KEY_PROVIDER", true
	case ErrKeyService:
		return "TDC_ERR_KEY_SERVICE", true
	case ErrKeyRefused:
		return "TDC_ERR_KEY_REFUSED", true
	case ErrConfig:
		return "TDC_ERR_CONFIG", true
	case ErrKeyFile:
		return "TDC_ERR_KEY_FILE", true
	case ErrNamespace:
		return "TDC_ERR_NAMESPACE", true
	case ErrDescriptor:
		return "TDC_ERR_DESCRIPTOR", true
	case ErrNull:
		return "TDC_ERR_NULL", false
	case ErrBufferTooSmall:
		return "TDC_ERR_BUFFER_TOO_SMALL", false
	case ErrArgument:
		return "TDC_ERR_ARGUMENT", false
	case ErrRandom:
		return "TDC_ERR_RANDOM", true
	case ErrIO:
		return "TDC_ERR_IO", true
	case ErrRemote:
		return "TDC_ERR_REMOTE", true
	case ErrStorage:
		return "TDC_ERR_STORAGE", true
	case ErrPanic:
		return "TDC_ERR_PANIC", false
	}
	return "", false
}

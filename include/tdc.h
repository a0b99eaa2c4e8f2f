/*
 * tdc: the Temporal Data Converter. DRAFT of the contract, to be replaced by the generated header with the same declarations.
 *
 * Rules
 *  - Bytes in are borrowed for the call; `NULL, 0` is an empty slice, `NULL, n` is TDC_ERR_NULL.
 *  - Out slots (including *error) are written only as described; result slots only on TDC_OK, *error only on failure.
 *    Every `out`/`error` pointer the caller passes for `error` may be NULL (no details wanted).
 *  - Handles are thread-safe; any number of threads may call at once. Free exactly once, when no call is in flight.
 *  - Every *_free(NULL) does nothing; tdc_buffer_free zeroes the struct, so a second call does nothing.
 *  - Payload / Payloads are the protobuf messages temporal.api.common.v1.Payload / Payloads.
 *  - Serialization context: NULL,0 (none) or this protobuf message:
 *      1 kind (varint: 1 workflow, 2 activity)  2 namespace  3 workflow_id  4 workflow_type
 *      5 activity_id  6 activity_type  7 activity_task_queue  8 is_local (varint bool)
 *    Unknown fields are ignored. A namespace here overrides the one given at open.
 */
#ifndef TDC_H
#define TDC_H
#include <stddef.h>
#include <stdint.h>

#define TDC_ABI_VERSION 1

typedef uint32_t tdc_status;
#define TDC_OK 0
#define TDC_UNCHANGED 1            /* *_payload calls only: the codecs leave this payload as it is; nothing was written, use your input */
#define TDC_KEY_NEEDED 2           /* host must provide or reject the keys named by the error object, then call again */
#define TDC_RELOAD_NEEDED 3        /* an unknown key may be in files changed since open: call tdc_data_converter_reload (ignore its failure), then call again. Answered at most once in some seconds; otherwise TDC_ERR_KEY_UNKNOWN */
/* 1xx input */
#define TDC_ERR_PROTOBUF 101       /* malformed protobuf */
#define TDC_ERR_AUTHENTICATION 102 /* ciphertext does not authenticate */
#define TDC_ERR_CIPHERTEXT 103     /* encrypted payload malformed: too short, no key id, unknown cipher */
#define TDC_ERR_COMPRESSED 104     /* malformed compressed data */
#define TDC_ERR_NOT_ENCRYPTED 105  /* `required: true` and the payload was not encrypted */
#define TDC_ERR_LIMIT 106          /* a limit of the config was passed */
#define TDC_ERR_CONTEXT 107        /* malformed serialization context */
#define TDC_ERR_JSON 108           /* malformed JSON (command line) */
/* 2xx keys */
#define TDC_ERR_KEY_UNKNOWN 201    /* transient: the key id is not in the ring (yet) */
#define TDC_ERR_KEY_INVALID 202    /* a key handed in has a wrong length or id */
/* 3xx configuration */
#define TDC_ERR_CONFIG 301
#define TDC_ERR_KEY_FILE 302       /* a key file or variable is missing, malformed or readable by others */
#define TDC_ERR_NAMESPACE 303      /* no namespace rule matches */
/* 4xx misuse */
#define TDC_ERR_NULL 401
#define TDC_ERR_BUFFER_TOO_SMALL 402
#define TDC_ERR_ARGUMENT 403
/* 5xx environment */
#define TDC_ERR_RANDOM 501
#define TDC_ERR_IO 502
/* 9xx internal */
#define TDC_ERR_PANIC 901

typedef struct tdc_data_converter tdc_data_converter;
typedef struct tdc_error tdc_error;

/* Library-owned bytes. */
typedef struct tdc_buffer { uint8_t *data; size_t len; size_t capacity; } tdc_buffer;
void tdc_buffer_free(tdc_buffer *buffer);

/* Where a call on one payload put its answer. If owned.data is NULL the payload is in the caller's `out`,
 * else in `owned` (free it). `data_offset`, `data_len`: the contents of the payload's last `data` field
 * inside those bytes (data_len 0 and data_offset = len when it has none).
 * data_offset + data_len may be less than len: unknown fields can follow. */
typedef struct tdc_payload { size_t len; size_t data_offset; size_t data_len; tdc_buffer owned; } tdc_payload;

uint32_t tdc_abi_version(void);
const char *tdc_version(void);
const char *tdc_status_name(tdc_status status);        /* "TDC_ERR_NULL"; never NULL */
uint8_t tdc_status_is_transient(tdc_status status);    /* 1: trying again later can succeed (key not here yet, random source, I/O) */

/* Errors */
tdc_status tdc_error_code(const tdc_error *self);
void tdc_error_message(const tdc_error *self, const uint8_t **out, size_t *out_len); /* UTF-8, lives as long as the error */
int64_t tdc_error_payload_index(const tdc_error *self); /* from 0; -1: not about one payload */
size_t tdc_error_size_needed(const tdc_error *self);   /* for TDC_ERR_BUFFER_TOO_SMALL, else 0 */
size_t tdc_error_key_count(const tdc_error *self);     /* for TDC_KEY_NEEDED: how many ids, at most 16 */
tdc_status tdc_error_key_id(const tdc_error *self, size_t index, const uint8_t **out, size_t *out_len);
void tdc_error_free(tdc_error *self);

/* Data converter. Paths and documents are UTF-8 without terminator. namespace NULL,0 = none. */
tdc_status tdc_data_converter_open(const uint8_t *path, size_t path_len, const uint8_t *namespace_, size_t namespace_len,
                                   tdc_data_converter **out, tdc_error **error);
tdc_status tdc_data_converter_parse(const uint8_t *document, size_t document_len, const uint8_t *base_dir, size_t base_dir_len,
                                    const uint8_t *namespace_, size_t namespace_len, tdc_data_converter **out, tdc_error **error);
tdc_status tdc_data_converter_reload(const tdc_data_converter *self, tdc_error **error);
uint32_t tdc_data_converter_flags(const tdc_data_converter *self);
#define TDC_FLAG_ENCODE_COMMON_ATTRIBUTES 1u  /* failures: { encode_common_attributes: true } */
#define TDC_FLAG_HOST_KEYS 2u                 /* keys: { host: true } */
void tdc_data_converter_free(tdc_data_converter *self);

/* Keys from the host */
tdc_status tdc_key_provide(const tdc_data_converter *self, const uint8_t *id, size_t id_len, const uint8_t *key, size_t key_len, tdc_error **error);
tdc_status tdc_key_reject(const tdc_data_converter *self, const uint8_t *id, size_t id_len, tdc_error **error); /* remembered for 30 s */

/* Codec, many: one serialised Payloads in, one out (same count and order). */
tdc_status tdc_codec_encode(const tdc_data_converter *self, const uint8_t *context, size_t context_len,
                            const uint8_t *payloads, size_t payloads_len, tdc_buffer *out, tdc_error **error);
tdc_status tdc_codec_decode(const tdc_data_converter *self, const uint8_t *context, size_t context_len,
                            const uint8_t *payloads, size_t payloads_len, tdc_buffer *out, tdc_error **error);

/* Codec, one payload in two slices: `head` = every other field, then the tag (0x12) and length of `data`;
 * `data` = its contents. With data NULL,0 `head` is simply the whole serialised Payload.
 * out must not overlap head or data. out_capacity >= tdc_codec_encode_bound(head_len + data_len) always suffices for encode;
 * for decode out_capacity >= head_len + data_len suffices unless a layer was compressed: then an answer that does not fit
 * comes in `written->owned`. A buffer known to be too small beforehand is TDC_ERR_BUFFER_TOO_SMALL. */
size_t tdc_codec_encode_bound(const tdc_data_converter *self, size_t payload_len);
size_t tdc_codec_decode_bound(const tdc_data_converter *self, size_t payload_len);
tdc_status tdc_codec_encode_payload(const tdc_data_converter *self, const uint8_t *context, size_t context_len,
                                    const uint8_t *head, size_t head_len, const uint8_t *data, size_t data_len,
                                    uint8_t *out, size_t out_capacity, tdc_payload *written, tdc_error **error);
tdc_status tdc_codec_decode_payload(const tdc_data_converter *self, const uint8_t *context, size_t context_len,
                                    const uint8_t *head, size_t head_len, const uint8_t *data, size_t data_len,
                                    uint8_t *out, size_t out_capacity, tdc_payload *written, tdc_error **error);
#endif

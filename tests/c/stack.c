/* No call needs more than 64 KiB of stack for the depth of its input, however deep that is allowed
 * to be: a thread of musl has 128 KiB in all. Each call runs on a thread whose stack is painted
 * first, once with flat and once with the deepest input; what it overwrote is what it used. */
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"
#include "fixture.h"
#include "host.h"
#include "tests.h"

#define STACK ((size_t)2 << 20)
#define GUARD ((size_t)64 << 10)
#define PAINT 0x5A
#define ALLOWED ((size_t)64 << 10)

/* Bytes that grow at their end. */
struct bytes {
    uint8_t *data;
    size_t len;
};

static void append(struct bytes *to, const void *data, size_t len) {
    to->data = realloc(to->data, to->len + len + 1);
    CHECK(to->data != NULL);
    if (len > 0) {
        memcpy(to->data + to->len, data, len);
    }
    to->len += len;
}

static void append_text(struct bytes *to, const char *text) {
    append(to, text, strlen(text));
}

static void append_varint(struct bytes *to, size_t value) {
    for (; value >= 0x80; value >>= 7) {
        append(to, (uint8_t[]){(uint8_t)(value | 0x80)}, 1);
    }
    append(to, (uint8_t[]){(uint8_t)value}, 1);
}

static void append_field(struct bytes *to, unsigned number, const void *data, size_t len) {
    append_varint(to, number * 8 + 2);
    append_varint(to, len);
    append(to, data, len);
}

/* `inner` becomes the contents of field `number`. */
static void wrap(struct bytes *inner, unsigned number) {
    struct bytes outer = {NULL, 0};
    append_field(&outer, number, inner->data, inner->len);
    free(inner->data);
    *inner = outer;
}

static void wrap_text(struct bytes *inner, const char *before, const char *after) {
    struct bytes outer = {NULL, 0};
    append_text(&outer, before);
    append(&outer, inner->data, inner->len);
    append_text(&outer, after);
    free(inner->data);
    *inner = outer;
}

static struct bytes bytes_of(const char *text) {
    struct bytes bytes = {NULL, 0};
    append_text(&bytes, text);
    return bytes;
}

/* A Payloads of one payload. */
static struct bytes payloads_of(const char *encoding, const char *type, struct bytes data) {
    struct bytes payloads = {NULL, 0}, payload = {NULL, 0}, entry = {NULL, 0};
    append_field(&entry, 1, "encoding", 8);
    append_field(&entry, 2, encoding, strlen(encoding));
    append_field(&payload, 1, entry.data, entry.len);
    if (type != NULL) {
        entry.len = 0;
        append_field(&entry, 1, "messageType", 11);
        append_field(&entry, 2, type, strlen(type));
        append_field(&payload, 1, entry.data, entry.len);
    }
    append_field(&payload, 2, data.data, data.len);
    append_field(&payloads, 1, payload.data, payload.len);
    free(entry.data);
    free(payload.data);
    free(data.data);
    return payloads;
}

/* ---- inputs, `depth` levels deep ---- */

static const char PAYLOADS_FIELD[] = "\x0a\x03\x12\x01"
                                     "1";

/* A failure with a message, details, and `depth` causes. */
static struct bytes failure(int depth) {
    struct bytes bytes = {NULL, 0};
    for (int i = 0; i <= depth; i++) {
        struct bytes info = {NULL, 0};
        if (i > 0) {
            wrap(&bytes, 4);
        }
        append_field(&bytes, 1, "no", 2);
        append_field(&bytes, 3, "here", 4);
        append_field(&info, 2, PAYLOADS_FIELD, sizeof PAYLOADS_FIELD - 1);
        append_field(&bytes, 5, info.data, info.len);
        free(info.data);
    }
    return bytes;
}

/* The same with each cause split into two fields. */
static struct bytes split_failure(int depth) {
    struct bytes bytes = failure(0);
    for (int i = 0; i < depth; i++) {
        wrap(&bytes, 4);
        append_field(&bytes, 4, "\x12\x01s", 3);
        append_field(&bytes, 1, "no", 2);
    }
    return bytes;
}

static struct bytes failure_payloads(int depth) {
    return payloads_of("binary/protobuf", "temporal.api.failure.v1.Failure", failure(depth));
}

static struct bytes split_failure_payloads(int depth) {
    return payloads_of("binary/protobuf", "temporal.api.failure.v1.Failure", split_failure(depth));
}

/* An event that failed, in a history. */
static struct bytes history(int depth) {
    struct bytes bytes = failure(depth), event = {NULL, 0};
    wrap(&bytes, 1); /* ActivityTaskFailedEventAttributes.failure */
    append(&event, "\x08\x01", 2);
    append_field(&event, 18, bytes.data, bytes.len);
    free(bytes.data);
    wrap(&event, 1);
    return event;
}

static struct bytes failure_json(int depth) {
    struct bytes bytes = bytes_of("{\"message\":\"x\"}");
    for (int i = 0; i < depth; i++) {
        wrap_text(&bytes,
                  "{\"message\":\"no\",\"stackTrace\":\"here\",\"applicationFailureInfo\":{\"details\":"
                  "{\"payloads\":[{\"data\":\"MQ==\"}]}},\"cause\":",
                  "}");
    }
    return bytes;
}

static struct bytes history_json(int depth) {
    struct bytes bytes = failure_json(depth);
    wrap_text(&bytes, "{\"events\":[{\"activityTaskFailedEventAttributes\":{\"failure\":", "}}]}");
    return bytes;
}

/* A message of Temporal's in an Any in a message … */
static struct bytes any(int depth) {
    static const char URL[] = "type.googleapis.com/temporal.api.protocol.v1.Message";
    struct bytes bytes = {NULL, 0};
    for (int i = 0; i < depth; i++) {
        struct bytes outer = {NULL, 0};
        append_field(&outer, 1, URL, sizeof URL - 1);
        append_field(&outer, 2, bytes.data, bytes.len);
        free(bytes.data);
        bytes = outer;
        wrap(&bytes, 5);
    }
    return bytes;
}

static struct bytes any_payloads(int depth) {
    return payloads_of("binary/protobuf", "temporal.api.protocol.v1.Message", any(depth));
}

static struct bytes any_json(int depth) {
    struct bytes bytes = bytes_of("{}");
    for (int i = 0; i < depth; i++) {
        wrap_text(&bytes, "{\"id\":\"1\",\"body\":",
                  ",\"@type\":\"type.googleapis.com/temporal.api.protocol.v1.Message\"}");
    }
    wrap_text(&bytes, "{\"body\":", "}");
    return bytes;
}

static struct bytes any_json_payloads(int depth) {
    return payloads_of("json/protobuf", "temporal.api.protocol.v1.Message", any_json(depth));
}

static struct bytes failure_json_payloads(int depth) {
    return payloads_of("json/protobuf", "temporal.api.failure.v1.Failure", failure_json(depth));
}

static struct bytes unknown_json_payloads(int depth) {
    struct bytes bytes = bytes_of("1");
    for (int i = 0; i < depth; i++) {
        wrap_text(&bytes, "[{\"a\":", "}]");
    }
    wrap_text(&bytes, "{\"nothing\":", "}");
    return payloads_of("json/protobuf", "temporal.api.failure.v1.Failure", bytes);
}

/* A Value: a list in an object in a list … */
static struct bytes value(int depth) {
    struct bytes bytes = {NULL, 0};
    append(&bytes, "\x1a\x01x", 3);
    for (int i = 0; i < depth; i++) {
        if (i % 2 == 0) {
            wrap(&bytes, 1);
            wrap(&bytes, 6);
        } else {
            struct bytes entry = {NULL, 0};
            append_field(&entry, 1, "k", 1);
            append_field(&entry, 2, bytes.data, bytes.len);
            free(bytes.data);
            bytes = entry;
            wrap(&bytes, 1);
            wrap(&bytes, 5);
        }
    }
    return bytes;
}

static struct bytes value_payloads(int depth) {
    return payloads_of("binary/protobuf", "google.protobuf.Value", value(depth));
}

static struct bytes json(int depth) {
    struct bytes bytes = bytes_of("1");
    for (int i = 0; i < depth; i++) {
        wrap_text(&bytes, i % 2 == 0 ? "[" : "{\"k\":", i % 2 == 0 ? "]" : "}");
    }
    return bytes;
}

static struct bytes value_json_payloads(int depth) {
    return payloads_of("json/protobuf", "google.protobuf.Value", json(depth));
}

static struct bytes json_payloads(int depth) {
    return payloads_of("json/plain", NULL, json(depth));
}

static struct bytes msgpack_payloads(int depth) {
    struct bytes bytes = bytes_of("\x01");
    for (int i = 0; i < depth; i++) {
        wrap_text(&bytes, i % 2 == 0 ? "\x91" : "\x81\xa1k", "");
    }
    return payloads_of("binary/msgpack", NULL, bytes);
}

/* Groups in a payload with data, as an unknown field. */
static struct bytes groups(int depth) {
    struct bytes bytes = {NULL, 0}, payloads = {NULL, 0};
    for (int i = 0; i < depth; i++) {
        wrap_text(&bytes, "\x4b", "\x4c");
    }
    append_field(&bytes, 2, "x", 1);
    append_field(&payloads, 1, bytes.data, bytes.len);
    free(bytes.data);
    return payloads;
}

/* Groups that do not end. */
static struct bytes open_groups(int depth) {
    struct bytes bytes = {NULL, 0};
    for (int i = 0; i < depth; i++) {
        append_text(&bytes, "\x4b");
    }
    return bytes;
}

static struct bytes yaml(int depth) {
    struct bytes bytes = bytes_of("x");
    for (int i = 0; i < depth; i++) {
        wrap_text(&bytes, i % 2 == 0 ? "[" : "{k: ", i % 2 == 0 ? "]" : "}");
    }
    wrap_text(&bytes, "version: 1\nnothing: ", "\n");
    return bytes;
}

static struct bytes yaml_blocks(int depth) {
    struct bytes bytes = bytes_of("version: 1\nnothing:");
    for (int i = 1; i <= depth; i++) {
        append_text(&bytes, "\n");
        for (int spaces = 0; spaces < i; spaces++) {
            append_text(&bytes, " ");
        }
        append_text(&bytes, "k:");
    }
    return bytes;
}

static struct bytes configuration(int depth) {
    (void)depth;
    return bytes_of("version: 1\nkeys: { primary: one, ring: { one: { insecure_inline: '" KEY_1
                    "' } } }\ncodecs: [zstd: { level: 3 }, encrypt: { required: true }]\nnamespaces:\n"
                    "  - { match: '*', keys: { primary: one, decrypt: [one] }, codecs: [zlib: { level: 1 }, "
                    "encrypt] }\n");
}

/* Message types in message types. */
static struct bytes descriptors(int depth) {
    struct bytes bytes = {NULL, 0}, file = {NULL, 0};
    append_field(&bytes, 1, "M", 1);
    for (int i = 0; i < depth; i++) {
        wrap(&bytes, 3);
        append_field(&bytes, 1, "M", 1);
    }
    append_field(&file, 1, depth > 2 ? "deep.proto" : "flat.proto", 10);
    append_field(&file, 2, depth > 2 ? "deep" : "flat", 4);
    append_field(&file, 4, bytes.data, bytes.len);
    append_field(&file, 12, "proto3", 6);
    free(bytes.data);
    wrap(&file, 1);
    return file;
}

/* A reference to a stored object, with members that are not known. */
static struct bytes reference(int depth) {
    struct bytes bytes = json(depth);
    wrap_text(&bytes,
              "{\"driver_name\":\"s3\",\"driver_claim\":{\"claim_data\":{\"bucket\":\"bucket\","
              "\"key\":\"v0/d/a\",\"hash_algorithm\":\"sha256\",\"hash_value\":"
              "\"0000000000000000000000000000000000000000000000000000000000000000\"}},\"more\":",
              "}");
    return payloads_of("json/external-storage-reference", NULL, bytes);
}

/* The payload of a reference's object. */
static struct bytes object(int depth) {
    struct bytes bytes = {NULL, 0};
    for (int i = 0; i < depth; i++) {
        wrap_text(&bytes, "\x4b", "\x4c");
    }
    append_field(&bytes, 2, "x", 1);
    return bytes;
}

/* A context with groups as an unknown field. */
static struct bytes context(int depth) {
    struct bytes bytes = {NULL, 0};
    for (int i = 0; i < depth; i++) {
        wrap_text(&bytes, "\x63", "\x64");
    }
    return bytes;
}

static struct bytes server_answer(int depth) {
    struct bytes bytes = json(depth);
    wrap_text(&bytes, "{\"payloads\":[{\"metadata\":", "}]}");
    return bytes;
}

/* ---- calls ---- */

typedef tdc_status call(const tdc_data_converter *converter, const struct bytes *in, tdc_error **error);

#define BUFFER_CALL(name, ...)                                                                               \
    static tdc_status name(const tdc_data_converter *converter, const struct bytes *in, tdc_error **error) { \
        tdc_buffer out = {0};                                                                                \
        tdc_call call = {0};                                                                                 \
        tdc_status status = __VA_ARGS__;                                                                     \
        tdc_buffer_free(&out);                                                                               \
        tdc_call_end(&call);                                                                                 \
        return status;                                                                                       \
    }
#define TYPE(name) (const uint8_t *)name, sizeof name - 1

BUFFER_CALL(encode_failure, tdc_failure_encode(converter, &call, NULL, 0, in->data, in->len, &out, error))
BUFFER_CALL(decode_failure, tdc_failure_decode(converter, &call, NULL, 0, in->data, in->len, &out, error))
BUFFER_CALL(decode_history, tdc_history_decode(converter, &call, NULL, 0, in->data, in->len, &out, error))
BUFFER_CALL(encode_history,
            tdc_message_encode(converter, &call, NULL, 0, TYPE("temporal.api.history.v1.History"), 0,
                               in->data, in->len, &out, error))
/* As it was before, too. */
BUFFER_CALL(encode_history_again,
            tdc_message_encode_again(converter, &call, NULL, 0, TYPE("temporal.api.history.v1.History"),
                                     in->data, in->len, in->data, in->len, &out, error))
BUFFER_CALL(encode_any,
            tdc_message_encode(converter, &call, NULL, 0, TYPE("temporal.api.protocol.v1.Message"), 0,
                               in->data, in->len, &out, error))
BUFFER_CALL(decode_any,
            tdc_message_decode(converter, &call, NULL, 0, TYPE("temporal.api.protocol.v1.Message"), 0,
                               in->data, in->len, &out, error))
BUFFER_CALL(encode, tdc_codec_encode(converter, &call, NULL, 0, in->data, in->len, &out, error))
BUFFER_CALL(decode, tdc_codec_decode(converter, &call, NULL, 0, in->data, in->len, &out, error))
BUFFER_CALL(to_payload, tdc_converter_to_payload(converter, &call, NULL, 0, in->data, in->len, &out, error))
BUFFER_CALL(from_payload,
            tdc_converter_from_payload(converter, &call, NULL, 0, in->data, in->len, &out, error))

/* As any message is, by its name. */
BUFFER_CALL(decode_message,
            tdc_message_decode(converter, &call, NULL, 0, TYPE("temporal.api.history.v1.History"),
                               TDC_MESSAGE_HEADERS, in->data, in->len, &out, error))
/* The input is the context. */
BUFFER_CALL(encode_in_context,
            tdc_codec_encode(converter, &call, in->data, in->len, TYPE(PAYLOADS_FIELD), &out, error))

typedef tdc_status payload_call(const tdc_data_converter *converter, tdc_call *call, const uint8_t *context,
                                size_t context_len, const uint8_t *head, size_t head_len, const uint8_t *data,
                                size_t data_len, uint8_t *out, size_t out_capacity, tdc_payload *written,
                                tdc_error **error);

/* The input is a Payloads of one payload, which ends with its data: it goes in as two slices. */
static tdc_status call_payload(payload_call *function, const tdc_data_converter *converter,
                               const struct bytes *in, tdc_error **error) {
    struct slice payloads = {in->data, in->len}, payload;
    CHECK(next_payload(&payloads, &payload));
    /* field_of sees nothing behind a group; there the data is one byte. */
    struct slice data = field_of(payload, 2);
    size_t data_len = data.bytes != NULL ? data.len : 1, head_len = payload.len - data_len;
    size_t room = tdc_codec_encode_bound(converter, payload.len);
    uint8_t *out = malloc(room);
    CHECK(out != NULL);
    tdc_call call = {0};
    tdc_payload written = {0};
    tdc_status status = function(converter, &call, NULL, 0, payload.bytes, head_len, payload.bytes + head_len,
                                 data_len, out, room, &written, error);
    tdc_buffer_free(&written.owned);
    tdc_call_end(&call);
    free(out);
    return status == TDC_UNCHANGED ? TDC_OK : status;
}

static tdc_status encode_payload(const tdc_data_converter *converter, const struct bytes *in,
                                 tdc_error **error) {
    return call_payload(tdc_codec_encode_payload, converter, in, error);
}

static tdc_status decode_payload(const tdc_data_converter *converter, const struct bytes *in,
                                 tdc_error **error) {
    return call_payload(tdc_codec_decode_payload, converter, in, error);
}

static tdc_status follow(const tdc_data_converter *converter, tdc_call *call, const struct bytes *in,
                         tdc_error **error) {
    tdc_buffer out = {0};
    tdc_status status = tdc_codec_decode(converter, call, TYPE("\x12\x01n"), in->data, in->len, &out, error);
    tdc_buffer_free(&out);
    return status;
}

/* The input is a reference, which asks for its object. */
static tdc_status follow_reference(const tdc_data_converter *converter, const struct bytes *in,
                                   tdc_error **error) {
    tdc_call call = {0};
    tdc_call_follow(&call);
    tdc_status status = follow(converter, &call, in, error);
    tdc_call_end(&call);
    return status;
}

/* Messages are walked with references in mind. */
static tdc_status follow_in_failure(const tdc_data_converter *converter, const struct bytes *in,
                                    tdc_error **error) {
    tdc_buffer out = {0};
    tdc_call call = {0};
    tdc_call_follow(&call);
    tdc_status status =
        tdc_failure_decode(converter, &call, TYPE("\x12\x01n"), in->data, in->len, &out, error);
    tdc_buffer_free(&out);
    tdc_call_end(&call);
    return status;
}

static tdc_status follow_in_history(const tdc_data_converter *converter, const struct bytes *in,
                                    tdc_error **error) {
    tdc_buffer out = {0};
    tdc_call call = {0};
    tdc_call_follow(&call);
    tdc_status status =
        tdc_history_decode(converter, &call, TYPE("\x12\x01n"), in->data, in->len, &out, error);
    tdc_buffer_free(&out);
    tdc_call_end(&call);
    return status;
}

/* The input is the object of a reference. */
static tdc_status follow_to_object(const tdc_data_converter *converter, const struct bytes *in,
                                   tdc_error **error) {
    struct bytes flat = reference(1);
    tdc_call call = {0};
    tdc_call_follow(&call);
    CHECK(follow(converter, &call, &flat, NULL) == TDC_REQUESTS);
    uint64_t id = the_request(&call, HOST_OBJECT).id;
    tdc_status status = answer(converter, &call, id, HOST_RETRIEVED, in->data, in->len, error);
    if (status == TDC_OK) {
        status = follow(converter, &call, &flat, error);
    }
    tdc_call_end(&call);
    free(flat.data);
    return status;
}

/* What was encoded is decoded: both need the depth. */
static tdc_status encode_and_decode_failure(const tdc_data_converter *converter, const struct bytes *in,
                                            tdc_error **error) {
    tdc_buffer encoded = {0};
    tdc_status status = tdc_failure_encode(converter, NULL, NULL, 0, in->data, in->len, &encoded, error);
    if (status == TDC_OK) {
        struct bytes bytes = {encoded.data, encoded.len};
        status = decode_failure(converter, &bytes, error);
    }
    tdc_buffer_free(&encoded);
    return status;
}

static tdc_status open_document(const tdc_data_converter *converter, const struct bytes *in,
                                tdc_error **error) {
    tdc_data_converter *opened = NULL;
    tdc_status status = tdc_data_converter_parse(in->data, in->len, NULL, 0, NULL, 0, &opened, error);
    tdc_data_converter_free(opened);
    (void)converter;
    return status;
}

/* The input is a file, which is opened and read again. */
static tdc_status open_file(const tdc_data_converter *converter, const struct bytes *in, tdc_error **error) {
    char *path = temporary_file("tdc.yaml", PLAIN);
    tdc_data_converter *opened = NULL, *again = NULL;
    CHECK(tdc_data_converter_open((const uint8_t *)path, strlen(path), NULL, 0, &opened, NULL) == TDC_OK);
    struct bytes text = {NULL, 0};
    append(&text, in->data, in->len);
    append(&text, "", 1);
    rewrite_file(path, (const char *)text.data);
    tdc_status status = tdc_data_converter_reload(opened, error);
    tdc_status other = tdc_data_converter_open((const uint8_t *)path, strlen(path), NULL, 0, &again, NULL);
    CHECK(status == other);
    tdc_data_converter_free(opened);
    tdc_data_converter_free(again);
    free(text.data);
    remove_temporary_file(path);
    (void)converter;
    return status;
}

static tdc_status provide_descriptors(const tdc_data_converter *converter, const struct bytes *in,
                                      tdc_error **error) {
    tdc_call call = {0};
    uint64_t id = ask_for_type(converter, &call);
    tdc_status status = answer(converter, &call, id, HOST_DESCRIPTOR, in->data, in->len, error);
    tdc_call_end(&call);
    return status;
}

/* The id of the only request of a call that encodes a payload. */
static uint64_t ask_by_encoding(const tdc_data_converter *converter, tdc_call *call, int kind) {
    tdc_buffer out;
    CHECK(tdc_codec_encode(converter, call, NULL, 0, (const uint8_t *)PAYLOADS_FIELD,
                           sizeof PAYLOADS_FIELD - 1, &out, NULL) == TDC_REQUESTS);
    return the_request(call, kind).id;
}

static tdc_status provide_answer(const tdc_data_converter *converter, const struct bytes *in,
                                 tdc_error **error) {
    tdc_call call = {0};
    uint64_t id = ask_by_encoding(converter, &call, HOST_HTTP);
    tdc_status status = answer_http(converter, &call, id, 200, in->data, in->len, error);
    tdc_call_end(&call);
    return status;
}

/* The input is all of the answers. */
static tdc_status provide_answers(const tdc_data_converter *converter, const struct bytes *in,
                                  tdc_error **error) {
    tdc_call call = {0};
    ask_by_encoding(converter, &call, HOST_HTTP);
    tdc_status status = tdc_call_answer(converter, &call, in->data, in->len, error);
    tdc_call_end(&call);
    return status;
}

/* Why a key service did not wrap a data key, in a message with members that are not known. */
static tdc_status provide_failure(const tdc_data_converter *converter, const struct bytes *in,
                                  tdc_error **error) {
    tdc_call call = {0};
    uint64_t id = ask_by_encoding(converter, &call, HOST_WRAP);
    tdc_status status = answer(converter, &call, id, HOST_FAILURE, in->data, in->len, error);
    tdc_call_end(&call);
    return status;
}

#define HIDING                                                                                               \
    "version: 1\n"                                                                                           \
    "keys: { primary: one, ring: { one: { insecure_inline: '" KEY_1 "' } } }\n"                              \
    "codecs: [zstd, encrypt]\n"                                                                              \
    "failures: { encode_common_attributes: true }\n"
#define HIDING_IN_ENVELOPES ENVELOPES "failures: { encode_common_attributes: true }\n"
#define KEY_SERVICE                                                                                          \
    "version: 1\n"                                                                                           \
    "keys: { primary: one, ring: { one: { service: 'hashivault://one' } } }\n"                               \
    "codecs: [encrypt]\n"
#define LENIENT                                                                                              \
    "version: 1\n"                                                                                           \
    "converters: [null, bytes, json-protobuf: { ignore_unknown_fields: true }, json: { canonical: true }]\n" \
    "codecs: [json: { canonical: true }]\n"
#define UNSCOPED                                                                                             \
    "version: 1\n"                                                                                           \
    "storage: { unscoped: true, stores: { s3: { s3: { region: eu }, buckets: [bucket] } } }\n"
#define MSGPACK "version: 1\nconverters: [json-protobuf, msgpack]\ncodecs: [msgpack]\n"

static const struct {
    const char *name;
    const char *document;
    call *call;
    struct bytes (*input)(int depth);
    /* The deepest input that is accepted, and a deeper one, which is an error. */
    int deepest;
    int refused;
    tdc_status refusal;
} CALLS[] = {
    {"failure, hiding", HIDING, encode_and_decode_failure, failure, 98, 150, TDC_ERR_LIMIT},
    {"failure, in the open", ENCRYPT, encode_failure, failure, 97, 150, TDC_ERR_LIMIT},
    {"split failure", ENCRYPT, encode_failure, split_failure, 97, 150, TDC_ERR_LIMIT},
    {"split failure, hiding", HIDING, encode_and_decode_failure, split_failure, 97, 150, TDC_ERR_LIMIT},
    {"failure, keys of the host", HOST_KEYS, decode_failure, split_failure, 97, 150, TDC_ERR_LIMIT},
    {"failure, envelopes", HIDING_IN_ENVELOPES, encode_and_decode_failure, failure, 98, 150, TDC_ERR_LIMIT},
    {"history, envelopes", HIDING_IN_ENVELOPES, decode_history, history, 95, 150, TDC_ERR_LIMIT},
    {"answer of a key service", KEY_SERVICE, provide_failure, open_groups, 0, 1000, TDC_ERR_PROTOBUF},
    {"history", HIDING, encode_history, history, 95, 150, TDC_ERR_LIMIT},
    {"history, again", HIDING, encode_history_again, history, 95, 150, TDC_ERR_LIMIT},
    {"history, decode", HIDING, decode_history, history, 95, 150, TDC_ERR_LIMIT},
    {"history as JSON", HIDING, decode_history, history_json, 94, 150, TDC_ERR_LIMIT},
    {"Any in Any", ENCRYPT, encode_any, any, 49, 150, TDC_ERR_LIMIT},
    {"Any in Any, decode", HOST_KEYS, decode_any, any, 49, 150, TDC_ERR_LIMIT},
    {"groups in a payload", ENCRYPT, encode, groups, 100, 150, TDC_ERR_PROTOBUF},
    {"JSON, canonical", LENIENT, encode, json_payloads, 1000, 0, TDC_OK},
    {"JSON to a payload", LENIENT, to_payload, json_payloads, 1000, 1001, TDC_ERR_LIMIT},
    {"JSON to MessagePack", MSGPACK, to_payload, json_payloads, 1000, 1001, TDC_ERR_LIMIT},
    {"MessagePack to JSON", MSGPACK, decode, msgpack_payloads, 1000, 1001, TDC_ERR_LIMIT},
    {"message to JSON: failure", LENIENT, to_payload, failure_payloads, 96, 150, TDC_ERR_LIMIT},
    {"message to JSON: split", LENIENT, to_payload, split_failure_payloads, 96, 150, TDC_ERR_LIMIT},
    {"message to JSON: Any in Any", LENIENT, to_payload, any_payloads, 49, 150, TDC_ERR_LIMIT},
    {"message to JSON: Value", LENIENT, to_payload, value_payloads, 99, 150, TDC_ERR_LIMIT},
    {"JSON to a message: failure", LENIENT, from_payload, failure_json_payloads, 96, 150, TDC_ERR_LIMIT},
    {"JSON to a message: Any in Any", LENIENT, from_payload, any_json_payloads, 49, 150, TDC_ERR_LIMIT},
    {"JSON to a message: Value", LENIENT, from_payload, value_json_payloads, 99, 150, TDC_ERR_LIMIT},
    {"JSON to a message: unknown", LENIENT, from_payload, unknown_json_payloads, 49, 150, TDC_ERR_LIMIT},
    {"configuration", PLAIN, open_document, configuration, 1, 0, TDC_OK},
    {"configuration, nested", PLAIN, open_document, yaml, 0, 31, TDC_ERR_CONFIG},
    {"configuration, nested too deep", PLAIN, open_document, yaml, 0, 10000, TDC_ERR_CONFIG},
    {"configuration, blocks", PLAIN, open_document, yaml_blocks, 0, 31, TDC_ERR_CONFIG},
    {"configuration, blocks too deep", PLAIN, open_document, yaml_blocks, 0, 1000, TDC_ERR_CONFIG},
    {"descriptors", PLAIN, provide_descriptors, descriptors, 31, 90, TDC_ERR_DESCRIPTOR},
    {"groups in a payload, decode", ENCRYPT, decode, groups, 100, 150, TDC_ERR_PROTOBUF},
    {"groups in a payload's head", ENCRYPT, encode_payload, groups, 100, 150, TDC_ERR_PROTOBUF},
    {"groups in a payload's head, decode", ENCRYPT, decode_payload, groups, 100, 150, TDC_ERR_PROTOBUF},
    {"JSON in a payload's data", LENIENT, encode_payload, json_payloads, 1000, 0, TDC_OK},
    {"MessagePack in a payload's data", MSGPACK, decode_payload, msgpack_payloads, 1000, 1001, TDC_ERR_LIMIT},
    {"MessagePack of a payload", MSGPACK, from_payload, msgpack_payloads, 1000, 1001, TDC_ERR_LIMIT},
    {"a message of Temporal's, decode", HIDING, decode_message, history, 95, 150, TDC_ERR_LIMIT},
    {"groups in a context", ENCRYPT, encode_in_context, context, 100, 150, TDC_ERR_CONTEXT},
    {"answers", REMOTE, provide_answers, open_groups, 0, 1000, TDC_ERR_PROTOBUF},
    {"reference", UNSCOPED, follow_reference, reference, 32, 1000, TDC_ERR_REFERENCE},
    {"stored object", UNSCOPED, follow_to_object, object, 99, 150, TDC_ERR_REFERENCE},
    {"failure, following", UNSCOPED, follow_in_failure, failure, 97, 150, TDC_ERR_LIMIT},
    {"history as JSON, following", UNSCOPED, follow_in_history, history_json, 94, 150, TDC_ERR_LIMIT},
    {"configuration in a file", PLAIN, open_file, yaml, 0, 10000, TDC_ERR_CONFIG},
    {"answer of a codec server", REMOTE, provide_answer, server_answer, 0, 1000, TDC_ERR_REMOTE},
};

/* ---- the measurement ---- */

struct job {
    call *call;
    const tdc_data_converter *converter;
    struct bytes in;
    tdc_status status;
};

static void *work(void *argument) {
    struct job *job = argument;
    tdc_error *error = NULL;
    job->status = job->call(job->converter, &job->in, &error);
    tdc_error_free(error);
    return NULL;
}

/* Runs the job, and returns how many bytes of stack its thread used. */
static size_t stack_of(struct job *job) {
    uint8_t *memory = mmap(NULL, GUARD + STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED && mprotect(memory, GUARD, PROT_NONE) == 0);
    uint8_t *stack = memory + GUARD;
    memset(stack, PAINT, STACK);
    pthread_attr_t attributes;
    pthread_t thread;
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstack(&attributes, stack, STACK) == 0);
    CHECK(pthread_create(&thread, &attributes, work, job) == 0 && pthread_join(thread, NULL) == 0);
    CHECK(pthread_attr_destroy(&attributes) == 0);
    size_t untouched = 0;
    while (untouched < STACK && stack[untouched] == PAINT) {
        untouched++;
    }
    CHECK(munmap(memory, GUARD + STACK) == 0);
    return STACK - untouched;
}

static size_t stack_at(size_t index, const tdc_data_converter *converter, int depth, tdc_status expected) {
    struct job job = {CALLS[index].call, converter, CALLS[index].input(depth), TDC_OK};
    size_t used = stack_of(&job);
    free(job.in.data);
    if (job.status != expected && !(expected == TDC_OK && job.status == TDC_REQUESTS)) {
        fprintf(stderr, "%s, depth %d: expected %s, found %s\n", CALLS[index].name, depth,
                tdc_status_name(expected), tdc_status_name(job.status));
        exit(1);
    }
    return used;
}

void test_stack(void) {
#ifdef __SANITIZE_ADDRESS__
    puts("stack: skipped, because AddressSanitizer makes every frame larger; make test-c measures it");
    return;
#endif
    int failed = 0;
    for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++) {
        tdc_data_converter *converter = parse(CALLS[i].document);
        tdc_status flat_status = CALLS[i].deepest > 0 ? TDC_OK : CALLS[i].refusal;
        stack_at(i, converter, 1, flat_status);
        size_t flat = stack_at(i, converter, 1, flat_status);
        size_t deep = CALLS[i].deepest > 0 ? stack_at(i, converter, CALLS[i].deepest, TDC_OK) : 0;
        size_t refused =
            CALLS[i].refused > 0 ? stack_at(i, converter, CALLS[i].refused, CALLS[i].refusal) : 0;
        size_t most = deep > refused ? deep : refused;
        if (getenv("TDC_STACK_SHOWN") != NULL) {
            printf("stack: %-32s flat %6zu, deepest %6zu, refused %6zu\n", CALLS[i].name, flat, deep,
                   refused);
        }
        if (most > flat + ALLOWED) {
            fprintf(stderr, "%s: expected at most %zu bytes of stack, found %zu\n", CALLS[i].name,
                    flat + ALLOWED, most);
            failed = 1;
        }
        tdc_data_converter_free(converter);
    }
    CHECK(!failed);
}

#include "matrix.h"

#include <string.h>

#include "check.h"
#include "fixture.h"

/* The valid values. */
static struct value converter, remote_converter, call, asked;
static struct value path, document, directory, name_of_namespace, context;
static struct value payloads, encoded_payloads, head, data, encoded_head, encoded_data, room;
static struct value failure, name_of_message, history, answers;

#define P(i) values[i].pointer
#define N(i) values[i].len

static tdc_status call_open(const struct value *values) {
    return tdc_data_converter_open(P(0), N(0), P(1), N(1), P(2), P(3));
}

static tdc_status call_parse(const struct value *values) {
    return tdc_data_converter_parse(P(0), N(0), P(1), N(1), P(2), N(2), P(3), P(4));
}

static tdc_status call_reload(const struct value *values) {
    return tdc_data_converter_reload(P(0), P(1));
}

/* A call that waits for a codec server, anew each time: its request is answered once. */
static tdc_status call_answer(const struct value *values) {
    tdc_call *waiting = P(1);
    tdc_buffer out;
    if (waiting != NULL) {
        tdc_call_end(waiting);
        CHECK(tdc_codec_encode(remote_converter.pointer, waiting, NULL, 0, payloads.pointer, payloads.len,
                               &out, NULL) == TDC_REQUESTS);
    }
    return tdc_call_answer(P(0), waiting, P(2), N(2), P(3));
}

static tdc_status call_encode(const struct value *values) {
    return tdc_codec_encode(P(0), P(1), P(2), N(2), P(3), N(3), P(4), P(5));
}

static tdc_status call_decode(const struct value *values) {
    return tdc_codec_decode(P(0), P(1), P(2), N(2), P(3), N(3), P(4), P(5));
}

static tdc_status call_encode_payload(const struct value *values) {
    return tdc_codec_encode_payload(P(0), P(1), P(2), N(2), P(3), N(3), P(4), N(4), P(5), N(5), P(6), P(7));
}

static tdc_status call_decode_payload(const struct value *values) {
    return tdc_codec_decode_payload(P(0), P(1), P(2), N(2), P(3), N(3), P(4), N(4), P(5), N(5), P(6), P(7));
}

static tdc_status call_failure_encode(const struct value *values) {
    return tdc_failure_encode(P(0), P(1), P(2), N(2), P(3), N(3), P(4), P(5));
}

static tdc_status call_failure_decode(const struct value *values) {
    return tdc_failure_decode(P(0), P(1), P(2), N(2), P(3), N(3), P(4), P(5));
}

static tdc_status call_message_encode(const struct value *values) {
    return tdc_message_encode(P(0), P(1), P(2), N(2), P(3), N(3), TDC_MESSAGE_HEADERS, P(4), N(4), P(5),
                              P(6));
}

static tdc_status call_message_encode_again(const struct value *values) {
    return tdc_message_encode_again(P(0), P(1), P(2), N(2), P(3), N(3), P(4), N(4), P(5), N(5), P(6), P(7));
}

static tdc_status call_message_decode(const struct value *values) {
    return tdc_message_decode(P(0), P(1), P(2), N(2), P(3), N(3), 0, P(4), N(4), P(5), P(6));
}

static tdc_status call_to_payload(const struct value *values) {
    return tdc_converter_to_payload(P(0), P(1), P(2), N(2), P(3), N(3), P(4), P(5));
}

static tdc_status call_from_payload(const struct value *values) {
    return tdc_converter_from_payload(P(0), P(1), P(2), N(2), P(3), N(3), P(4), P(5));
}

static tdc_status call_history_decode(const struct value *values) {
    return tdc_history_decode(P(0), P(1), P(2), N(2), P(3), N(3), P(4), P(5));
}

static void release_converter(void *slot) {
    tdc_data_converter_free(*(tdc_data_converter **)slot);
}

static void release_buffer(void *slot) {
    tdc_buffer_free(slot);
}

static void release_payload(void *slot) {
    tdc_buffer_free(&((tdc_payload *)slot)->owned);
}

#define SELF {HANDLE, &converter}
#define TRY {CALL, &call}
#define IN(value) {BYTES, &(value)}
#define OUT {SLOT, NULL}
#define DETAILS {ERROR, NULL}

static const struct function FUNCTIONS[] = {
    {"tdc_data_converter_open",
     call_open,
     release_converter,
     4,
     {IN(path), IN(name_of_namespace), OUT, DETAILS}},
    {"tdc_data_converter_parse",
     call_parse,
     release_converter,
     5,
     {IN(document), IN(directory), IN(name_of_namespace), OUT, DETAILS}},
    {"tdc_data_converter_reload", call_reload, NULL, 2, {SELF, DETAILS}},
    {"tdc_call_answer",
     call_answer,
     NULL,
     4,
     {{HANDLE, &remote_converter}, {HANDLE, &asked}, IN(answers), DETAILS}},
    {"tdc_codec_encode",
     call_encode,
     release_buffer,
     6,
     {SELF, TRY, IN(context), IN(payloads), OUT, DETAILS}},
    {"tdc_codec_decode",
     call_decode,
     release_buffer,
     6,
     {SELF, TRY, IN(context), IN(encoded_payloads), OUT, DETAILS}},
    {"tdc_codec_encode_payload",
     call_encode_payload,
     release_payload,
     8,
     {SELF, TRY, IN(context), IN(head), IN(data), {ROOM, &room}, OUT, DETAILS}},
    {"tdc_codec_decode_payload",
     call_decode_payload,
     release_payload,
     8,
     {SELF, TRY, IN(context), IN(encoded_head), IN(encoded_data), {ROOM, &room}, OUT, DETAILS}},
    {"tdc_failure_encode",
     call_failure_encode,
     release_buffer,
     6,
     {SELF, TRY, IN(context), IN(failure), OUT, DETAILS}},
    {"tdc_failure_decode",
     call_failure_decode,
     release_buffer,
     6,
     {SELF, TRY, IN(context), IN(failure), OUT, DETAILS}},
    {"tdc_message_encode",
     call_message_encode,
     release_buffer,
     7,
     {SELF, TRY, IN(context), IN(name_of_message), IN(payloads), OUT, DETAILS}},
    {"tdc_message_encode_again",
     call_message_encode_again,
     release_buffer,
     8,
     {SELF, TRY, IN(context), IN(name_of_message), IN(encoded_payloads), IN(payloads), OUT, DETAILS}},
    {"tdc_message_decode",
     call_message_decode,
     release_buffer,
     7,
     {SELF, TRY, IN(context), IN(name_of_message), IN(encoded_payloads), OUT, DETAILS}},
    {"tdc_converter_to_payload",
     call_to_payload,
     release_buffer,
     6,
     {SELF, TRY, IN(context), IN(payloads), OUT, DETAILS}},
    {"tdc_converter_from_payload",
     call_from_payload,
     release_buffer,
     6,
     {SELF, TRY, IN(context), IN(payloads), OUT, DETAILS}},
    {"tdc_history_decode",
     call_history_decode,
     release_buffer,
     6,
     {SELF, TRY, IN(context), IN(history), OUT, DETAILS}},
};

const struct function *matrix_functions(size_t *count) {
    *count = sizeof FUNCTIONS / sizeof *FUNCTIONS;
    return FUNCTIONS;
}

static struct value text(const char *text) {
    return (struct value){(void *)text, strlen(text)};
}

static struct value framed(const struct payload *payload) {
    CHECK(payload->len < 128 * 128);
    uint8_t *bytes = malloc(payload->len + 3);
    CHECK(bytes != NULL);
    bytes[0] = 0x0a;
    bytes[1] = (uint8_t)(payload->len | 0x80);
    bytes[2] = (uint8_t)(payload->len >> 7);
    memcpy(bytes + 3, payload->bytes, payload->len);
    return (struct value){bytes, payload->len + 3};
}

/* Copies, so that a sanitizer sees every byte that is read past one of them. */
static struct value copy(const uint8_t *bytes, size_t len) {
    struct value value = {malloc(len), len};
    CHECK(value.pointer != NULL);
    memcpy(value.pointer, bytes, len);
    return value;
}

void matrix_setup(void) {
    struct payload plain = payload_make("json/plain", (const uint8_t *)"{\"order\":42}", 12);
    converter.pointer = parse(ENCRYPT);
    struct payload sealed = encoded(converter.pointer, &plain);
    payloads = framed(&plain);
    encoded_payloads = framed(&sealed);
    head = copy(plain.bytes, plain.data_offset);
    data = copy(plain.bytes + plain.data_offset, plain.len - plain.data_offset);
    encoded_head = copy(sealed.bytes, sealed.data_offset);
    encoded_data = copy(sealed.bytes + sealed.data_offset, sealed.len - sealed.data_offset);
    room.len = tdc_codec_encode_bound(converter.pointer, plain.len);
    room.pointer = poisoned(room.len);
    payload_free(&plain);
    payload_free(&sealed);
    remote_converter.pointer = parse(REMOTE);
    static tdc_call tries, waits;
    call.pointer = &tries;
    asked.pointer = &waits;
    /* Request 1: status 200 and a body. */
    answers = text("\x0a\x1a\x08\x01\x2a\x16\x08\xc8\x01\x12\x11{\"payloads\":[{}]}");
    path = text(temporary_file("matrix.yaml", PLAIN));
    document = text(PLAIN);
    directory = text(".");
    name_of_namespace = text("orders");
    context = text("\x08\x01\x12\x06orders");
    failure = text("\x0a\x05wrong");
    history = text("{\"events\":[]}");
    name_of_message = text("temporal.api.common.v1.Payloads");
}

void matrix_teardown(void) {
    tdc_data_converter_free(converter.pointer);
    tdc_data_converter_free(remote_converter.pointer);
    tdc_call_end(asked.pointer);
    remove_temporary_file(path.pointer);
    struct value *owned[] = {&payloads, &encoded_payloads, &head, &data, &encoded_head, &encoded_data, &room};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) {
        free(owned[i]->pointer);
    }
}

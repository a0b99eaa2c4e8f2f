/* Every vector through the calls on many payloads, and those of one payload through the calls on
 * one as well. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "check.h"
#include "fixture.h"
#include "host.h"
#include "tests.h"
#include "wire.h"

enum { NAME, OPERATION, NAMESPACE, CONFIG, INPUT, EXPECTATION, VALUE, INDEX, FIELDS };

struct vector {
    const char *name, *operation, *expectation, *value;
    long index;
    struct slice name_of_namespace, config, input, expected;
};

static int failures;

static void fail(const struct vector *vector, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "vector %s: ", vector->name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    failures++;
}

static int digit(char c) {
    return c >= 'a' ? c - 'a' + 10 : c - '0';
}

/* Decodes in place: two digits become one byte. "-" is absent. */
static struct slice from_hex(char *text) {
    uint8_t *bytes = (uint8_t *)text;
    if (strcmp(text, "-") == 0) {
        return (struct slice){NULL, 0};
    }
    size_t len = strlen(text) / 2;
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    }
    return (struct slice){bytes, len};
}

static int same(struct slice slice, const void *bytes, size_t len) {
    return slice.len == len && (len == 0 || memcmp(slice.bytes, bytes, len) == 0);
}

/* Compares status and error with what the vector expects, and frees the error. */
static void check_outcome(const struct vector *vector, tdc_status status, tdc_error *error) {
    if (strcmp(vector->expectation, "error") != 0) {
        if (status != TDC_OK) {
            const uint8_t *message = NULL;
            size_t len = 0;
            tdc_error_message(error, &message, &len);
            fail(vector, "expected success, found %s %.*s", tdc_status_name(status), (int)len, message);
        }
    } else if (strcmp(tdc_status_name(status), vector->value) != 0) {
        fail(vector, "expected %s, found %s", vector->value, tdc_status_name(status));
    } else if (tdc_error_payload_index(error) != vector->index) {
        fail(vector, "expected the payload %ld, found %" PRId64, vector->index,
             tdc_error_payload_index(error));
    }
    if (status != TDC_OK) {
        tdc_error_free(error);
    }
}

/* One payload of a list by the call on one payload, which must do the same as the call on the list.
 * Says whether it succeeded. */
static int run_payload(const struct vector *vector, const tdc_data_converter *converter, tdc_call *call,
                       struct slice payload, long index, struct slice *expected_rest) {
    int encodes = strcmp(vector->operation, "encode") == 0;
    struct slice expected = {NULL, 0};
    size_t capacity = encodes ? tdc_codec_encode_bound(converter, payload.len) : payload.len;
    uint8_t *out = malloc(capacity > 0 ? capacity : 1);
    tdc_payload written = {0};
    tdc_error *error = NULL;
    tdc_status status = (encodes ? tdc_codec_encode_payload : tdc_codec_decode_payload)(
        converter, call, NULL, 0, payload.bytes, payload.len, NULL, 0, out, capacity, &written, &error);
    const uint8_t *answer = written.owned.data != NULL ? written.owned.data : out;
    size_t len = written.len;
    if (status == TDC_UNCHANGED) {
        answer = payload.bytes;
        len = payload.len;
        status = TDC_OK;
    }
    if (status == TDC_OK && next_payload(expected_rest, &expected) && !same(expected, answer, len)) {
        fail(vector, "the call on one payload wrote something else");
    }
    if (status != TDC_OK) {
        if (strcmp(tdc_status_name(status), vector->value) != 0) {
            fail(vector, "payload %ld alone: expected %s, found %s", index, vector->value,
                 tdc_status_name(status));
        } else if (vector->index >= 0 && vector->index != index) {
            fail(vector, "expected the payload %ld, found %ld", vector->index, index);
        }
        tdc_error_free(error);
    }
    tdc_buffer_free(&written.owned);
    free(out);
    return status == TDC_OK;
}

/* The same list, payload by payload: the limits hold for all of them. What is wrong with the
 * framing these calls do not see. */
static void run_one_by_one(const struct vector *vector, const tdc_data_converter *converter) {
    struct slice rest = vector->input, payload, expected_rest = vector->expected;
    int refused = strcmp(vector->expectation, "error") == 0;
    if (refused && vector->index < 0 && strcmp(vector->value, "TDC_ERR_LIMIT") != 0) {
        return;
    }
    tdc_call call = {0};
    long index = 0;
    while (next_payload(&rest, &payload)) {
        if (!run_payload(vector, converter, &call, payload, index++, &expected_rest)) {
            return;
        }
    }
    if (refused && rest.len == 0) {
        fail(vector, "expected %s, and every payload alone succeeds", vector->value);
    }
}

static void run_many(const struct vector *vector, const tdc_data_converter *converter) {
    tdc_buffer out = {0};
    tdc_error *error = NULL;
    int encodes = strcmp(vector->operation, "encode") == 0;
    tdc_status status = (encodes ? tdc_codec_encode : tdc_codec_decode)(
        converter, NULL, NULL, 0, vector->input.bytes, vector->input.len, &out, &error);
    if (status == TDC_OK && !same(vector->expected, out.data, out.len)) {
        fail(vector, "other payloads came out");
    }
    check_outcome(vector, status, error);
    tdc_buffer_free(&out);
    run_one_by_one(vector, converter);
}

/* Compares a payload's external_payloads with fields like them. */
static void check_external(const struct vector *vector, struct slice wanted, struct slice payload) {
    struct slice expected, found;
    while (next_external(&wanted, &expected)) {
        if (!next_external(&payload, &found) || !same(expected, found.bytes, found.len)) {
            fail(vector, "the external payloads outside differ");
            return;
        }
    }
    if (next_external(&payload, &found)) {
        fail(vector, "there are more external payloads outside");
    }
}

/* Compares the outermost encodings with the vector's list, which is taken apart. */
static void check_encodings(const struct vector *vector, char *list, struct slice payloads) {
    struct slice payload;
    char *expected;
    list = *list == '\0' ? NULL : list;
    while ((expected = strsep(&list, ",")) != NULL) {
        if (!next_payload(&payloads, &payload)) {
            fail(vector, "fewer payloads came out");
            return;
        }
        char *external = expected;
        expected = strsep(&external, ":");
        if (external != NULL) {
            check_external(vector, from_hex(external), payload);
        }
        struct slice encoding = encoding_of(payload), wanted = from_hex(expected);
        if ((encoding.bytes == NULL) != (wanted.bytes == NULL) ||
            !same(wanted, encoding.bytes, encoding.len)) {
            fail(vector, "expected the encoding %.*s, found %.*s", (int)wanted.len, wanted.bytes,
                 (int)encoding.len, encoding.bytes);
        }
    }
}

static void run_round_trip(const struct vector *vector, const tdc_data_converter *converter,
                           char *encodings) {
    tdc_buffer encoded = {0}, decoded = {0};
    tdc_error *error = NULL;
    tdc_status status =
        tdc_codec_encode(converter, NULL, NULL, 0, vector->input.bytes, vector->input.len, &encoded, &error);
    check_outcome(vector, status, error);
    if (status == TDC_OK) {
        check_encodings(vector, encodings, (struct slice){encoded.data, encoded.len});
        status = tdc_codec_decode(converter, NULL, NULL, 0, encoded.data, encoded.len, &decoded, &error);
        check_outcome(vector, status, error);
        if (status == TDC_OK && !same(vector->input, decoded.data, decoded.len)) {
            fail(vector, "encoded and decoded, other payloads came out");
        }
    }
    tdc_buffer_free(&encoded);
    tdc_buffer_free(&decoded);
}

typedef tdc_status call(const tdc_data_converter *self, tdc_call *call, const uint8_t *context,
                        size_t context_len, const uint8_t *message, size_t message_len, tdc_buffer *out,
                        tdc_error **error);

/* The calls that take a message and give one. */
static call *call_of(const char *operation) {
    static const struct {
        const char *operation;
        call *function;
    } calls[] = {{"to_payload", tdc_converter_to_payload},
                 {"from_payload", tdc_converter_from_payload},
                 {"encode_failure", tdc_failure_encode},
                 {"decode_failure", tdc_failure_decode},
                 {"decode_history", tdc_history_decode}};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (strcmp(calls[i].operation, operation) == 0) {
            return calls[i].function;
        }
    }
    return NULL;
}

static void run_call(const struct vector *vector, const tdc_data_converter *converter, call *function) {
    tdc_buffer out = {0};
    tdc_error *error = NULL;
    tdc_status status =
        function(converter, NULL, NULL, 0, vector->input.bytes, vector->input.len, &out, &error);
    if (status == TDC_OK && !same(vector->expected, out.data, out.len)) {
        fail(vector, "something else came out");
    }
    check_outcome(vector, status, error);
    tdc_buffer_free(&out);
}

static void run(const struct vector *vector, char *value) {
    tdc_data_converter *converter = NULL;
    tdc_error *error = NULL;
    tdc_status status = tdc_data_converter_parse(vector->config.bytes, vector->config.len, NULL, 0,
                                                 vector->name_of_namespace.bytes,
                                                 vector->name_of_namespace.len, &converter, &error);
    if (strcmp(vector->operation, "open") == 0 || status != TDC_OK) {
        check_outcome(vector, status, error);
    } else if (strcmp(vector->operation, "roundtrip") == 0) {
        run_round_trip(vector, converter, value);
    } else if (strcmp(vector->operation, "encode") == 0 || strcmp(vector->operation, "decode") == 0) {
        run_many(vector, converter);
    } else if (strcmp(vector->operation, "provide_descriptor") == 0) {
        tdc_call asked = {0};
        uint64_t id = ask_for_type(converter, &asked);
        status =
            answer(converter, &asked, id, HOST_DESCRIPTOR, vector->input.bytes, vector->input.len, &error);
        tdc_call_end(&asked);
        check_outcome(vector, status, error);
    } else if (call_of(vector->operation) != NULL) {
        run_call(vector, converter, call_of(vector->operation));
    } else {
        fail(vector, "the operation %s is unknown", vector->operation);
    }
    tdc_data_converter_free(converter);
}

int run_vectors(const char *path) {
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    char *line = NULL;
    size_t capacity = 0;
    ssize_t len;
    int count = 0;
    while ((len = getline(&line, &capacity, file)) > 0) {
        char *fields[FIELDS], *rest = line;
        line[len - 1] = '\0';
        for (int i = 0; i < FIELDS; i++) {
            fields[i] = strsep(&rest, "\t");
            CHECK(fields[i] != NULL);
        }
        CHECK(rest == NULL);
        struct vector vector = {.name = fields[NAME],
                                .operation = fields[OPERATION],
                                .expectation = fields[EXPECTATION],
                                .value = fields[VALUE],
                                .index = strtol(fields[INDEX], NULL, 10),
                                .name_of_namespace = from_hex(fields[NAMESPACE]),
                                .config = from_hex(fields[CONFIG]),
                                .input = from_hex(fields[INPUT])};
        if (strcmp(vector.expectation, "payloads") == 0) {
            vector.expected = from_hex(fields[VALUE]);
        }
        run(&vector, fields[VALUE]);
        count++;
    }
    free(line);
    fclose(file);
    CHECK(count > 0 && failures == 0);
    return count;
}

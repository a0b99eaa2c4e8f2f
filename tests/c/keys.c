/* Keys from the host, and keys that a reload finds. */
#include <string.h>

#include "check.h"
#include "fixture.h"
#include "host.h"
#include "tests.h"

static tdc_status encode_one(const tdc_data_converter *converter, tdc_call *call, tdc_error **error) {
    struct payload payload = payload_make("json/plain", (const uint8_t *)"1", 1);
    uint8_t out[512];
    tdc_payload written;
    tdc_status status = tdc_codec_encode_payload(converter, call, NULL, 0, payload.bytes, payload.len, NULL,
                                                 0, out, sizeof out, &written, error);
    payload_free(&payload);
    return status;
}

static const uint8_t KEY[] = "11111111111111111111111111111111";

/* Has a call ask for the key, answers, and makes it again. */
static tdc_status answered(const tdc_data_converter *converter, int kind, size_t key_len,
                           tdc_status expected) {
    tdc_call call = {0};
    tdc_error *error = NULL;
    CHECK(encode_one(converter, &call, NULL) == TDC_REQUESTS);
    struct request request = the_request(&call, HOST_KEY);
    CHECK(is_text(field_of(request.contents, 1), "one"));
    tdc_status status = answer(converter, &call, request.id, kind, KEY, key_len, &error);
    CHECK_STATUS(expected, status, error);
    tdc_error_free(error);
    if (status == TDC_OK) {
        status = encode_one(converter, &call, NULL);
    }
    tdc_call_end(&call);
    return status;
}

void test_host_keys(void) {
    tdc_data_converter *converter = parse(HOST_KEYS);
    tdc_error *error = NULL;
    /* Without a call, the host is not asked. */
    CHECK_STATUS(TDC_ERR_KEY_UNKNOWN, encode_one(converter, NULL, &error), error);
    tdc_error_free(error);

    CHECK(answered(converter, HOST_KEY, 9, TDC_ERR_KEY_INVALID) == TDC_ERR_KEY_INVALID);
    CHECK(answered(converter, HOST_KEY, 32, TDC_OK) == TDC_OK);
    CHECK(encode_one(converter, NULL, NULL) == TDC_OK);
    /* A key that was taken away is gone after a reload. */
    CHECK(tdc_data_converter_reload(converter, NULL) == TDC_OK);
    CHECK(answered(converter, HOST_UNKNOWN, 0, TDC_OK) == TDC_ERR_KEY_UNKNOWN);
    /* That there is none is believed. */
    tdc_call call = {0};
    CHECK(encode_one(converter, &call, NULL) == TDC_ERR_KEY_UNKNOWN);
    tdc_call_end(&call);
    tdc_data_converter_free(converter);
}

/* Answers that nobody asked for, or that are none. */
void test_answers(void) {
    tdc_data_converter *converter = parse(HOST_KEYS);
    tdc_call call = {0};
    CHECK(encode_one(converter, &call, NULL) == TDC_REQUESTS);
    uint64_t id = the_request(&call, HOST_KEY).id;
    CHECK(answer(converter, &call, id + 1, HOST_KEY, KEY, 32, NULL) == TDC_ERR_ARGUMENT);
    CHECK(answer(converter, &call, id, HOST_RELOAD, NULL, 0, NULL) == TDC_ERR_ARGUMENT);
    CHECK(answer_http(converter, &call, id, 200, "", 0, NULL) == TDC_ERR_ARGUMENT);
    static const uint8_t TWICE[] = "\x0a\x04\x08\x01\x4a\x00\x0a\x04\x08\x01\x4a\x00";
    CHECK(tdc_call_answer(converter, &call, TWICE, sizeof TWICE - 1, NULL) == TDC_ERR_ARGUMENT);
    static const uint8_t SILENT[] = "\x0a\x02\x08\x01";
    CHECK(tdc_call_answer(converter, &call, SILENT, sizeof SILENT - 1, NULL) == TDC_ERR_ARGUMENT);
    CHECK(tdc_call_answer(converter, &call, (const uint8_t *)"\x0a\x7f", 2, NULL) == TDC_ERR_PROTOBUF);
    /* Nothing was taken, and the request still waits. */
    CHECK(the_request(&call, HOST_KEY).id == id);
    CHECK(answer(converter, &call, id, HOST_KEY, KEY, 32, NULL) == TDC_OK);
    CHECK(answer(converter, &call, id, HOST_KEY, KEY, 32, NULL) == TDC_ERR_ARGUMENT);
    CHECK(requests_of(&call).len == 0);
    CHECK(encode_one(converter, &call, NULL) == TDC_OK);
    tdc_call_end(&call);

    /* A host that answers nothing ends the call. */
    CHECK(tdc_data_converter_reload(converter, NULL) == TDC_OK);
    CHECK(encode_one(converter, &call, NULL) == TDC_REQUESTS);
    CHECK(tdc_call_answer(converter, &call, NULL, 0, NULL) == TDC_OK);
    CHECK(encode_one(converter, &call, NULL) == TDC_ERR_KEY_UNKNOWN);
    tdc_call_end(&call);
    tdc_data_converter_free(converter);
}

/* The ring before and after a rotation. */
#define RING(primary, more)                                                                                  \
    "version: 1\n"                                                                                           \
    "keys: { primary: " primary ", ring: { one: { insecure_inline: '" KEY_1 "' }" more " } }\n"              \
    "codecs: [encrypt]\n"
#define OLD RING("one", "")
#define NEW RING("two", ", two: { insecure_inline: '" KEY_2 "' }")

static tdc_data_converter *open_file(const char *path) {
    tdc_data_converter *converter = NULL;
    tdc_error *error = NULL;
    tdc_status status =
        tdc_data_converter_open((const uint8_t *)path, strlen(path), NULL, 0, &converter, &error);
    CHECK_STATUS(TDC_OK, status, error);
    return converter;
}

static tdc_status decode_one(const tdc_data_converter *converter, tdc_call *call,
                             const struct payload *payload) {
    uint8_t out[512];
    tdc_payload written;
    CHECK(payload->len <= sizeof out);
    return tdc_codec_decode_payload(converter, call, NULL, 0, payload->bytes, payload->len, NULL, 0, out,
                                    sizeof out, &written, NULL);
}

/* Does what a call asks for that met an unknown key. */
static void reload_for(const tdc_data_converter *converter, tdc_call *call) {
    uint64_t id = the_request(call, HOST_RELOAD).id;
    CHECK(tdc_data_converter_reload(converter, NULL) == TDC_OK);
    CHECK(answer(converter, call, id, HOST_RELOAD, NULL, 0, NULL) == TDC_OK);
}

void test_reload(void) {
    char *path = temporary_file("tdc.yaml", NEW);
    tdc_data_converter *rotated = open_file(path);
    struct payload plain = payload_make("json/plain", (const uint8_t *)"1", 1);
    struct payload sealed = encoded(rotated, &plain);

    /* A reader that meets a key it does not have yet reads its files again. */
    rewrite_file(path, OLD);
    tdc_data_converter *reader = open_file(path);
    tdc_call first = {0}, second = {0};
    CHECK(decode_one(reader, &first, &sealed) == TDC_REQUESTS);
    /* So does another call that meets it before the first has: what it waits for may be in the
     * file. */
    CHECK(decode_one(reader, &second, &sealed) == TDC_REQUESTS);
    reload_for(reader, &first);
    reload_for(reader, &second);
    /* A call has the files read once. */
    CHECK(decode_one(reader, &first, &sealed) == TDC_ERR_KEY_UNKNOWN);
    CHECK(decode_one(reader, &second, &sealed) == TDC_ERR_KEY_UNKNOWN);
    tdc_call_end(&first);
    tdc_call_end(&second);
    rewrite_file(path, NEW);
    CHECK(tdc_data_converter_reload(reader, NULL) == TDC_OK);
    CHECK(decode_one(reader, NULL, &sealed) == TDC_OK);

    /* A reload that fails changes nothing. */
    rewrite_file(path, "version: 1\nnonsense: true\n");
    tdc_error *error = NULL;
    CHECK_STATUS(TDC_ERR_CONFIG, tdc_data_converter_reload(reader, &error), error);
    tdc_error_free(error);
    CHECK(decode_one(reader, NULL, &sealed) == TDC_OK);

    payload_free(&plain);
    payload_free(&sealed);
    tdc_data_converter_free(reader);
    tdc_data_converter_free(rotated);
    remove_temporary_file(path);
}

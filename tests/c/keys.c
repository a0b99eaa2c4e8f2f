/* Keys from the host, and keys that a reload finds. */
#include <string.h>

#include "check.h"
#include "fixture.h"
#include "tests.h"

static tdc_status encode_one(const tdc_data_converter *converter, tdc_error **error) {
    struct payload payload = payload_make("json/plain", (const uint8_t *)"1", 1);
    uint8_t out[512];
    tdc_payload written;
    tdc_status status = tdc_codec_encode_payload(converter, NULL, 0, NULL, payload.bytes, payload.len, NULL,
                                                 0, out, sizeof out, &written, error);
    payload_free(&payload);
    return status;
}

static tdc_status provide(const tdc_data_converter *converter, const char *id, const char *key) {
    return tdc_key_provide(converter, (const uint8_t *)id, strlen(id), (const uint8_t *)key, strlen(key),
                           NULL);
}

void test_host_keys(void) {
    tdc_data_converter *converter = parse(HOST_KEYS);
    tdc_error *error = NULL;
    const uint8_t *id = NULL;
    size_t len = 0;
    CHECK_STATUS(TDC_KEY_NEEDED, encode_one(converter, &error), error);
    CHECK(tdc_error_key_count(error) == 1);
    CHECK(tdc_error_key_id(error, 0, &id, &len) == TDC_OK);
    CHECK(len == 3 && memcmp(id, "one", 3) == 0);
    CHECK(tdc_error_key_id(error, 1, &id, &len) == TDC_ERR_ARGUMENT);
    tdc_error_free(error);

    CHECK(provide(converter, "one", "too short") == TDC_ERR_KEY_INVALID);
    CHECK(provide(converter, "no id", "11111111111111111111111111111111") == TDC_ERR_KEY_INVALID);
    CHECK(tdc_key_reject(converter, (const uint8_t *)"one", 3, NULL) == TDC_OK);
    CHECK(encode_one(converter, NULL) == TDC_ERR_KEY_UNKNOWN);
    CHECK(provide(converter, "one", "11111111111111111111111111111111") == TDC_OK);
    CHECK(encode_one(converter, NULL) == TDC_OK);
    /* A key that was taken away is gone after a reload. */
    CHECK(tdc_data_converter_reload(converter, NULL) == TDC_OK);
    CHECK(encode_one(converter, NULL) == TDC_KEY_NEEDED);
    tdc_data_converter_free(converter);

    converter = parse(ENCRYPT);
    CHECK(provide(converter, "one", "11111111111111111111111111111111") == TDC_ERR_KEY_INVALID);
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

static tdc_status decode_one(const tdc_data_converter *converter, const struct payload *payload) {
    uint8_t out[512];
    tdc_payload written;
    CHECK(payload->len <= sizeof out);
    return tdc_codec_decode_payload(converter, NULL, 0, NULL, payload->bytes, payload->len, NULL, 0, out,
                                    sizeof out, &written, NULL);
}

/* The files are searched for an unknown key at most once in a while; when exactly is not this test's
 * business. */
static void until_unknown(const tdc_data_converter *converter, const struct payload *payload) {
    for (int i = 0; i < 100; i++) {
        tdc_status status = decode_one(converter, payload);
        if (status == TDC_ERR_KEY_UNKNOWN) {
            return;
        }
        CHECK(status == TDC_RELOAD_NEEDED);
        CHECK(tdc_data_converter_reload(converter, NULL) == TDC_OK);
    }
    CHECK(!"an unknown key must not have the files read again and again");
}

void test_reload(void) {
    char *path = temporary_file("tdc.yaml", NEW);
    tdc_data_converter *rotated = open_file(path);
    struct payload plain = payload_make("json/plain", (const uint8_t *)"1", 1);
    struct payload sealed = encoded(rotated, &plain);

    /* A reader that meets a key it does not have yet reads its files again. */
    rewrite_file(path, OLD);
    tdc_data_converter *reader = open_file(path);
    CHECK(decode_one(reader, &sealed) == TDC_RELOAD_NEEDED);
    /* So does another call that meets it before the first has: what it waits for may be in the file. */
    CHECK(decode_one(reader, &sealed) == TDC_RELOAD_NEEDED);
    CHECK(tdc_data_converter_reload(reader, NULL) == TDC_OK);
    until_unknown(reader, &sealed);
    rewrite_file(path, NEW);
    CHECK(tdc_data_converter_reload(reader, NULL) == TDC_OK);
    CHECK(decode_one(reader, &sealed) == TDC_OK);

    /* A reload that fails changes nothing. */
    rewrite_file(path, "version: 1\nnonsense: true\n");
    tdc_error *error = NULL;
    CHECK_STATUS(TDC_ERR_CONFIG, tdc_data_converter_reload(reader, &error), error);
    tdc_error_free(error);
    CHECK(decode_one(reader, &sealed) == TDC_OK);

    payload_free(&plain);
    payload_free(&sealed);
    tdc_data_converter_free(reader);
    tdc_data_converter_free(rotated);
    remove_temporary_file(path);
}

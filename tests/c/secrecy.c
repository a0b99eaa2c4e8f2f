/* What does not authenticate leaves nothing behind: neither in the caller's buffer nor in a
 * message. */
#include <string.h>

#include "check.h"
#include "fixture.h"
#include "tests.h"

#define SECRET "the-customer's-card-4929-1234"

/* Bytes that were never written, or were erased. */
static int holds_nothing(const uint8_t *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != POISON && bytes[i] != 0) {
            return 0;
        }
    }
    return 1;
}

static void check_refused(const tdc_data_converter *converter, const struct payload *sealed,
                          tdc_status expected) {
    uint8_t *out = poisoned(sealed->len);
    tdc_payload written;
    tdc_error *error = NULL;
    const uint8_t *message = NULL;
    size_t len = 0;
    memset(&written, POISON, sizeof written);
    tdc_status status = tdc_codec_decode_payload(converter, NULL, NULL, 0, sealed->bytes, sealed->len, NULL,
                                                 0, out, sealed->len, &written, &error);
    CHECK_STATUS(expected, status, error);
    CHECK(holds_nothing(out, sealed->len) && is_poisoned(&written, sizeof written));
    CHECK(tdc_error_payload_index(error) == 0);
    tdc_error_message(error, &message, &len);
    CHECK(len > 0 && memmem(message, len, "card", 4) == NULL && memmem(message, len, KEY_1, 8) == NULL);
    tdc_error_free(error);
    free(out);
}

static void every_flipped_byte_is_refused(const tdc_data_converter *converter, const struct payload *plain) {
    struct payload sealed = encoded(converter, plain);
    for (size_t i = sealed.data_offset; i < sealed.len; i++) {
        sealed.bytes[i] ^= 0x01;
        check_refused(converter, &sealed, TDC_ERR_AUTHENTICATION);
        sealed.bytes[i] ^= 0x01;
    }
    payload_free(&sealed);
}

/* The outer layer opens into the caller's buffer, and only then the inner one turns out to be
 * wrong. */
static void broken_inner_layer_is_wiped(const tdc_data_converter *converter, const struct payload *plain) {
    struct payload inner = encoded(converter, plain);
    inner.bytes[inner.len - 1] ^= 0x80;
    struct payload outer = encoded(converter, &inner);
    check_refused(converter, &outer, TDC_ERR_AUTHENTICATION);
    payload_free(&inner);
    payload_free(&outer);

    static const char GARBAGE[] = "\x78\x9c" SECRET; /* It begins with a zlib header. */
    struct payload garbage = payload_make("binary/zlib", (const uint8_t *)GARBAGE, strlen(GARBAGE));
    outer = encoded(converter, &garbage);
    check_refused(converter, &outer, TDC_ERR_COMPRESSED);
    payload_free(&garbage);
    payload_free(&outer);
}

static void key_bytes_are_never_shown(void) {
    static const char DOCUMENT[] =
        "version: 1\nkeys: { ring: { one: { insecure_inline: 'MTExMTExMTEx' } } }\n";
    tdc_data_converter *converter = NULL;
    tdc_error *error = NULL;
    const uint8_t *message = NULL;
    size_t len = 0;
    tdc_status status = tdc_data_converter_parse((const uint8_t *)DOCUMENT, strlen(DOCUMENT), NULL, 0, NULL,
                                                 0, &converter, &error);
    CHECK_STATUS(TDC_ERR_KEY_FILE, status, error);
    CHECK(converter == NULL);
    tdc_error_message(error, &message, &len);
    CHECK(memmem(message, len, "MTEx", 4) == NULL && memmem(message, len, "1111", 4) == NULL);
    tdc_error_free(error);
}

void test_secrecy(void) {
    tdc_data_converter *converter = parse(ENCRYPT);
    struct payload plain = payload_make("binary/plain", (const uint8_t *)SECRET, strlen(SECRET));
    every_flipped_byte_is_refused(converter, &plain);
    broken_inner_layer_is_wiped(converter, &plain);
    key_bytes_are_never_shown();
    payload_free(&plain);
    tdc_data_converter_free(converter);
}

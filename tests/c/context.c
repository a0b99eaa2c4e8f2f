/* The serialization context is an argument of each call; its namespace overrides the one given at
 * open. */
#include <string.h>

#include "check.h"
#include "fixture.h"
#include "tests.h"

static const char DOCUMENT[] = "version: 1\n"
                               "keys: { primary: one, ring: { one: { insecure_inline: '" KEY_1 "' } } }\n"
                               "namespaces:\n"
                               "  - { match: 'orders-*', codecs: [encrypt] }\n"
                               "  - { match: open, codecs: [] }\n";

/* The status of encoding in a context; NULL is none. */
static tdc_status encode_in(const tdc_data_converter *converter, const char *context) {
    struct payload payload = payload_make("json/plain", (const uint8_t *)"1", 1);
    uint8_t out[512];
    tdc_payload written;
    tdc_status status = tdc_codec_encode_payload(converter, NULL, (const uint8_t *)context,
                                                 context != NULL ? strlen(context) : 0, payload.bytes,
                                                 payload.len, NULL, 0, out, sizeof out, &written, NULL);
    payload_free(&payload);
    return status;
}

void test_context(void) {
    tdc_data_converter *converter = NULL;
    tdc_error *error = NULL;
    tdc_status status = tdc_data_converter_parse((const uint8_t *)DOCUMENT, strlen(DOCUMENT), NULL, 0,
                                                 (const uint8_t *)"orders-eu", 9, &converter, &error);
    CHECK_STATUS(TDC_OK, status, error);
    CHECK(encode_in(converter, NULL) == TDC_OK);
    CHECK(encode_in(converter, "\x08\x01\x12\x04open") == TDC_UNCHANGED);
    CHECK(encode_in(converter, "\x08\x02\x12\x09orders-us\x2a\x01"
                               "7\x40\x01") == TDC_OK);
    CHECK(encode_in(converter, "\x12\x05other") == TDC_ERR_NAMESPACE);
    CHECK(encode_in(converter, "\x12\x05or") == TDC_ERR_CONTEXT);
    CHECK(encode_in(converter, "\x10\x01") == TDC_ERR_CONTEXT);
    /* A newer host may say more. */
    CHECK(encode_in(converter, "\x12\x04open\xa2\x06\x01x") == TDC_UNCHANGED);
    tdc_data_converter_free(converter);
}

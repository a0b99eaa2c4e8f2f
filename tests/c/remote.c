/* The remote codec: what the host is asked to send, and what becomes of the answer. */
#include <string.h>

#include "check.h"
#include "fixture.h"
#include "tests.h"

static const uint8_t PAYLOADS[] = "\x0a\x03\x12\x01"
                                  "a\x0a\x03\x12\x01"
                                  "b";

static tdc_status encode(const tdc_data_converter *converter, tdc_buffer *out, tdc_error **error) {
    return tdc_codec_encode(converter, NULL, 0, NULL, PAYLOADS, sizeof PAYLOADS - 1, out, error);
}

static tdc_status provide(const tdc_data_converter *converter, const tdc_error *request, uint32_t status,
                          const char *body, tdc_error **error) {
    return tdc_remote_provide(converter, request, status, (const uint8_t *)body, strlen(body), error);
}

static int is(const uint8_t *text, size_t len, const char *expected) {
    return len == strlen(expected) && memcmp(text, expected, len) == 0;
}

static void check_request(const tdc_error *request) {
    const uint8_t *text = NULL, *value = NULL;
    size_t len = 0, value_len = 0;
    tdc_error_request_url(request, &text, &len);
    CHECK(is(text, len, "https://codec.example.com/encode"));
    tdc_error_request_body(request, &text, &len);
    CHECK(is(text, len,
             "{\"payloads\":[{\"metadata\":{},\"data\":\"YQ==\"},{\"metadata\":{},\"data\":\"Yg==\"}]}\n"));
    CHECK(tdc_error_request_timeout_ms(request) == 2500);
    CHECK(tdc_error_request_max_response(request) > (size_t)64 << 20);
    size_t count = tdc_error_request_header_count(request);
    CHECK(count == 3);
    CHECK(tdc_error_request_header(request, 0, &text, &len, &value, &value_len) == TDC_OK);
    CHECK(is(text, len, "Content-Type") && is(value, value_len, "application/json"));
    CHECK(tdc_error_request_header(request, 2, &text, &len, &value, &value_len) == TDC_OK);
    CHECK(is(text, len, "X-Team") && is(value, value_len, "blue"));
    CHECK(tdc_error_request_header(request, count, &text, &len, &value, &value_len) == TDC_ERR_ARGUMENT);
    CHECK(tdc_error_request_header(request, SIZE_MAX, &text, &len, &value, &value_len) == TDC_ERR_ARGUMENT);
}

void test_remote(void) {
    tdc_data_converter *converter = parse(REMOTE);
    tdc_error *request = NULL, *error = NULL;
    tdc_buffer out;
    CHECK(tdc_data_converter_flags(converter) == TDC_FLAG_REMOTE);
    CHECK_STATUS(TDC_REMOTE_NEEDED, encode(converter, &out, &request), request);
    check_request(request);

    /* Away is transient, refused payloads are not, and neither is an answer. */
    CHECK_STATUS(TDC_ERR_REMOTE, provide(converter, request, 0, "connection refused", &error), error);
    CHECK(tdc_status_is_transient(tdc_error_code(error)) == 1);
    tdc_error_free(error);
    CHECK(provide(converter, request, 500, "", NULL) == TDC_ERR_REMOTE);
    CHECK(provide(converter, request, 200, "{\"payloads\":[]}", NULL) == TDC_ERR_REMOTE);
    CHECK_STATUS(TDC_ERR_REMOTE_REFUSED, provide(converter, request, 400, "payloads[1]: no", &error), error);
    CHECK(tdc_error_payload_index(error) == 1);
    tdc_error_free(error);
    CHECK(encode(converter, &out, NULL) == TDC_REMOTE_NEEDED);

    /* The answer is there once. */
    CHECK(provide(converter, request, 200, "{\"payloads\":[{\"data\":\"QQ==\"},{\"data\":\"Qg==\"}]}",
                  NULL) == TDC_OK);
    CHECK_STATUS(TDC_OK, encode(converter, &out, &error), error);
    CHECK(is(out.data, out.len,
             "\x0a\x03\x12\x01"
             "A\x0a\x03\x12\x01"
             "B"));
    tdc_buffer_free(&out);
    CHECK(encode(converter, &out, NULL) == TDC_REMOTE_NEEDED);

    /* Another error is no request. */
    CHECK(provide(converter, request, 200, "", &error) == TDC_ERR_REMOTE);
    CHECK(provide(converter, error, 200, "", NULL) == TDC_ERR_ARGUMENT);
    tdc_error_free(error);
    tdc_error_free(request);
    tdc_data_converter_free(converter);
}

/* The remote codec: what the host is asked to send, and what becomes of the answer. */
#include <string.h>

#include "check.h"
#include "fixture.h"
#include "host.h"
#include "tests.h"

static const uint8_t PAYLOADS[] = "\x0a\x03\x12\x01"
                                  "a\x0a\x03\x12\x01"
                                  "b";

static tdc_status encode(const tdc_data_converter *converter, tdc_call *call, tdc_buffer *out,
                         tdc_error **error) {
    return tdc_codec_encode(converter, call, NULL, 0, PAYLOADS, sizeof PAYLOADS - 1, out, error);
}

static void check_request(struct slice http) {
    CHECK(is_text(field_of(http, 1), "POST"));
    CHECK(is_text(field_of(http, 2), "https://codec.example.com/encode"));
    CHECK(is_text(
        field_of(http, 4),
        "{\"payloads\":[{\"metadata\":{},\"data\":\"YQ==\"},{\"metadata\":{},\"data\":\"Yg==\"}]}\n"));
    static const char *const HEADERS[][2] = {
        {"Content-Type", "application/json"}, {"Accept", "application/json"}, {"X-Team", "blue"}};
    struct slice field;
    uint64_t number;
    size_t count = 0;
    while ((number = next_field(&http, &field)) != 0) {
        if (number == 3) {
            CHECK(count < 3 && is_text(field_of(field, 1), HEADERS[count][0]) &&
                  is_text(field_of(field, 2), HEADERS[count][1]));
            count++;
        }
    }
    CHECK(count == 3);
    /* What is left are numbers: the timeout of 2500 ms, and the most bytes of an answer. */
    CHECK(http.len > 6 && memcmp(http.bytes, "\x28\xc4\x13\x30", 4) == 0);
}

/* What becomes of a call whose server answers so. */
static tdc_status answered(const tdc_data_converter *converter, uint32_t status, const char *body,
                           tdc_error **error) {
    tdc_call call = {0};
    tdc_buffer out;
    CHECK(encode(converter, &call, &out, NULL) == TDC_REQUESTS);
    uint64_t id = the_request(&call, HOST_HTTP).id;
    tdc_status result = answer_http(converter, &call, id, status, body, strlen(body), error);
    tdc_call_end(&call);
    return result;
}

void test_remote(void) {
    tdc_data_converter *converter = parse(REMOTE);
    tdc_error *error = NULL;
    tdc_buffer out;
    CHECK(tdc_data_converter_flags(converter) == TDC_FLAG_REMOTE);
    CHECK_STATUS(TDC_ERR_REMOTE, encode(converter, NULL, &out, &error), error);
    tdc_error_free(error);

    /* Away is transient, refused payloads are not, and neither is an answer. */
    CHECK_STATUS(TDC_ERR_REMOTE, answered(converter, 0, "connection refused", &error), error);
    CHECK(tdc_status_is_transient(tdc_error_code(error)) == 1);
    tdc_error_free(error);
    CHECK(answered(converter, 500, "", NULL) == TDC_ERR_REMOTE);
    CHECK(answered(converter, 200, "{\"payloads\":[]}", NULL) == TDC_ERR_REMOTE);
    CHECK_STATUS(TDC_ERR_REMOTE_REFUSED, answered(converter, 400, "payloads[1]: no", &error), error);
    CHECK(tdc_error_payload_index(error) == 1);
    tdc_error_free(error);

    /* An answer serves the call that asked, once. */
    tdc_call call = {0};
    CHECK(encode(converter, &call, &out, NULL) == TDC_REQUESTS);
    struct request request = the_request(&call, HOST_HTTP);
    check_request(request.contents);
    static const char ANSWER[] = "{\"payloads\":[{\"data\":\"QQ==\"},{\"data\":\"Qg==\"}]}";
    CHECK(answer_http(converter, &call, request.id, 200, ANSWER, sizeof ANSWER - 1, NULL) == TDC_OK);
    CHECK_STATUS(TDC_OK, encode(converter, &call, &out, &error), error);
    CHECK(is_text((struct slice){out.data, out.len}, "\x0a\x03\x12\x01"
                                                     "A\x0a\x03\x12\x01"
                                                     "B"));
    tdc_buffer_free(&out);
    CHECK(encode(converter, &call, &out, NULL) == TDC_REQUESTS);
    tdc_call_end(&call);
    tdc_data_converter_free(converter);
}

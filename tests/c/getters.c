/* Functions that cannot fail: they take NULL, and answer it with something harmless. */
#include <string.h>

#include "check.h"
#include "fixture.h"
#include "matrix.h"
#include "tests.h"

void test_static_functions(void) {
    CHECK(tdc_abi_version() == TDC_ABI_VERSION);
    CHECK(strchr(tdc_version(), '.') != NULL);
    CHECK(strcmp(tdc_status_name(TDC_ERR_NULL), "TDC_ERR_NULL") == 0);
    CHECK(strcmp(tdc_status_name(UINT32_MAX), "TDC_UNKNOWN_STATUS") == 0);
    CHECK(tdc_status_is_transient(TDC_ERR_KEY_UNKNOWN) == 1);
    CHECK(tdc_status_is_transient(TDC_ERR_AUTHENTICATION) == 1);
    CHECK(tdc_status_is_transient(TDC_ERR_CIPHERTEXT) == 0);
    CHECK(tdc_status_is_transient(UINT32_MAX) == 0);
}

static void getters_take_null(void) {
    const uint8_t *text = NULL;
    size_t len = 1;
    CHECK(tdc_error_code(NULL) == TDC_ERR_NULL);
    CHECK(tdc_error_payload_index(NULL) == -1);
    CHECK(tdc_error_size_needed(NULL) == 0);
    tdc_error_message(NULL, &text, &len);
    CHECK(text != NULL && len == 0);
    tdc_error_message(NULL, NULL, NULL);
    len = 1;
    tdc_call_requests(NULL, &text, &len);
    CHECK(text != NULL && len == 0);
    tdc_call_requests(NULL, NULL, NULL);
    CHECK(tdc_data_converter_flags(NULL) == 0);
    CHECK(tdc_codec_encode_bound(NULL, 100) >= 100);
}

void test_getters(void) {
    getters_take_null();
    tdc_data_converter *converter = parse(HOST_KEYS);
    CHECK(tdc_data_converter_flags(converter) == TDC_FLAG_HOST_KEYS);
    /* No length wraps around. */
    CHECK(tdc_codec_encode_bound(converter, SIZE_MAX) == SIZE_MAX);
    CHECK(tdc_codec_encode_bound(converter, 0) > 0);
    tdc_data_converter_free(converter);

    converter = parse("{\"version\": 1, \"failures\": {\"encode_common_attributes\": true}}");
    CHECK(tdc_data_converter_flags(converter) == TDC_FLAG_ENCODE_COMMON_ATTRIBUTES);
    tdc_data_converter_free(converter);
    converter = parse("version: 1\nconverters: [null, bytes, json-protobuf, json]\n");
    CHECK(tdc_data_converter_flags(converter) == 0);
    tdc_data_converter_free(converter);
    converter = parse("version: 1\nconverters: [null, bytes, msgpack]\n");
    CHECK(tdc_data_converter_flags(converter) == TDC_FLAG_CONVERTERS);

    /* Three payloads, of which the second is malformed. */
    static const uint8_t PAYLOADS[] = "\x0a\x00\x0a\x01\x12\x0a\x00";
    tdc_buffer out;
    tdc_error *error = NULL;
    const uint8_t *text = NULL, *other = NULL;
    size_t len = 0;
    tdc_status status =
        tdc_codec_encode(converter, NULL, NULL, 0, PAYLOADS, sizeof PAYLOADS - 1, &out, &error);
    CHECK_STATUS(TDC_ERR_PROTOBUF, status, error);
    CHECK(tdc_error_code(error) == TDC_ERR_PROTOBUF);
    CHECK(tdc_error_payload_index(error) == 1);
    CHECK(tdc_error_size_needed(error) == 0);
    tdc_error_message(error, &text, &len);
    CHECK(len > 0 && memchr(text, '\0', len) == NULL);
    tdc_error_message(error, &other, NULL);
    tdc_error_message(error, NULL, &len);
    CHECK(other == NULL);
    tdc_error_free(error);
    tdc_data_converter_free(converter);
}

void test_frees(void) {
    tdc_data_converter_free(NULL);
    tdc_error_free(NULL);
    tdc_buffer_free(NULL);
    tdc_buffer zeroes = {0};
    tdc_buffer_free(&zeroes);
    tdc_call_end(NULL);
    tdc_call call = {0};
    tdc_call_end(&call);
    tdc_call_end(&call);
    tdc_call_follow(NULL);
    tdc_call_follow(&call);
    tdc_call_follow(&call);
    tdc_call_end(&call);
    CHECK(call.memory == NULL);

    tdc_data_converter *converter = parse(ENCRYPT);
    struct payload payload = payload_make("json/plain", (const uint8_t *)"1", 1);
    uint8_t payloads[64] = {0x0a, (uint8_t)payload.len};
    memcpy(payloads + 2, payload.bytes, payload.len);
    tdc_buffer out;
    tdc_error *error = NULL;
    tdc_status status = tdc_codec_encode(converter, NULL, NULL, 0, payloads, payload.len + 2, &out, &error);
    CHECK_STATUS(TDC_OK, status, error);
    tdc_buffer_free(&out);
    CHECK(out.data == NULL && out.len == 0 && out.capacity == 0);
    tdc_buffer_free(&out);
    /* An empty message encodes to an empty one, which is freed like any other. */
    status = tdc_codec_encode(converter, NULL, NULL, 0, NULL, 0, &out, &error);
    CHECK_STATUS(TDC_OK, status, error);
    CHECK(out.len == 0);
    tdc_buffer_free(&out);
    tdc_buffer_free(&out);
    payload_free(&payload);
    tdc_data_converter_free(converter);
}

void list_functions(void) {
    static const char *const HERE[] = {
        "tdc_abi_version",          "tdc_version",
        "tdc_status_name",          "tdc_status_is_transient",
        "tdc_error_code",           "tdc_error_message",
        "tdc_error_payload_index",  "tdc_error_size_needed",
        "tdc_error_free",           "tdc_call_follow",
        "tdc_call_requests",        "tdc_call_end",
        "tdc_data_converter_flags", "tdc_data_converter_free",
        "tdc_codec_encode_bound",   "tdc_buffer_free",
    };
    for (size_t i = 0; i < sizeof HERE / sizeof *HERE; i++) {
        puts(HERE[i]);
    }
    size_t count = 0;
    const struct function *functions = matrix_functions(&count);
    for (size_t i = 0; i < count; i++) {
        puts(functions[i].name);
    }
}

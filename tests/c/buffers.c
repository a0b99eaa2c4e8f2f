/* The caller's buffer: what is too small says what is needed, and the bound is always enough. */
#include <string.h>

#include "check.h"
#include "fixture.h"
#include "tests.h"

typedef tdc_status direction(const tdc_data_converter *, tdc_call *, const uint8_t *, size_t, const uint8_t *,
                             size_t, const uint8_t *, size_t, uint8_t *, size_t, tdc_payload *, tdc_error **);

/* One call with a buffer of exactly `capacity` bytes on the heap, where a sanitizer sees every byte
 * past it. Gives back the size that was needed, or 0 when the answer fitted. */
static size_t with_capacity(direction *call, const tdc_data_converter *converter,
                            const struct payload *payload, size_t capacity) {
    uint8_t *out = poisoned(capacity);
    tdc_payload written;
    tdc_error *error = NULL;
    memset(&written, POISON, sizeof written);
    const uint8_t *data = payload->bytes + payload->data_offset;
    tdc_status status = call(converter, NULL, NULL, 0, payload->bytes, payload->data_offset, data,
                             payload->len - payload->data_offset, out, capacity, &written, &error);
    size_t needed = 0;
    if (status == TDC_ERR_BUFFER_TOO_SMALL) {
        needed = tdc_error_size_needed(error);
        CHECK(needed > capacity);
        CHECK(is_poisoned(&written, sizeof written));
        tdc_error_free(error);
    } else {
        CHECK_STATUS(TDC_OK, status, error);
        CHECK(written.owned.data == NULL && written.len <= capacity);
        CHECK(written.data_offset + written.data_len <= written.len);
        CHECK(is_poisoned(out + written.len, capacity - written.len));
    }
    free(out);
    return needed;
}

static void too_small_says_what_is_needed(void) {
    tdc_data_converter *converter = parse(ENCRYPT);
    uint8_t *data = noise(300, 1);
    struct payload plain = payload_make("binary/plain", data, 300);
    struct payload sealed = encoded(converter, &plain);
    for (size_t capacity = 0; capacity < sealed.len; capacity++) {
        size_t needed = with_capacity(tdc_codec_encode_payload, converter, &plain, capacity);
        CHECK(needed >= sealed.len && needed <= tdc_codec_encode_bound(converter, plain.len));
        CHECK(with_capacity(tdc_codec_encode_payload, converter, &plain, needed) == 0);
    }
    for (size_t capacity = 0; capacity < plain.len; capacity++) {
        CHECK(with_capacity(tdc_codec_decode_payload, converter, &sealed, capacity) == plain.len);
    }
    CHECK(with_capacity(tdc_codec_decode_payload, converter, &sealed, plain.len) == 0);
    payload_free(&plain);
    payload_free(&sealed);
    free(data);
    tdc_data_converter_free(converter);
}

static void bound_is_enough(const char *document) {
    tdc_data_converter *converter = parse(document);
    size_t sizes[] = {0, 1, 2, 15, 16, 17, 99, 127, 128, 511, 512, 4096, 16383, 16384, 65536, 2097152};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint8_t *data = noise(sizes[i], (uint32_t)i);
        for (int compressible = 0; compressible < 2; compressible++) {
            if (compressible) {
                memset(data, 'x', sizes[i]);
            }
            struct payload plain = payload_make("binary/plain", data, sizes[i]);
            size_t bound = tdc_codec_encode_bound(converter, plain.len);
            CHECK(with_capacity(tdc_codec_encode_payload, converter, &plain, bound) == 0);
            struct payload sealed = encoded(converter, &plain);
            if (!compressible) {
                CHECK(with_capacity(tdc_codec_decode_payload, converter, &sealed, sealed.len) == 0);
            }
            payload_free(&plain);
            payload_free(&sealed);
        }
        free(data);
    }
    tdc_data_converter_free(converter);
}

#define ID_OF_32 "0123456789ABCDEF._:/-abcdefghijk"
#define LONGEST_ID ID_OF_32 ID_OF_32 ID_OF_32 ID_OF_32

/* What was compressed may not fit a buffer that nobody could size: it comes in memory of its
 * own. */
static void decompressed_answer_is_owned(void) {
    tdc_data_converter *converter = parse(COMPRESS_AND_ENCRYPT);
    uint8_t *data = poisoned(100000);
    struct payload plain = payload_make("binary/plain", data, 100000);
    struct payload small = encoded(converter, &plain);
    CHECK(small.len < 1000);
    uint8_t *out = malloc(small.len);
    tdc_payload written;
    tdc_error *error = NULL;
    tdc_status status = tdc_codec_decode_payload(converter, NULL, NULL, 0, small.bytes, small.len, NULL, 0,
                                                 out, small.len, &written, &error);
    CHECK_STATUS(TDC_OK, status, error);
    CHECK(written.owned.data != NULL && written.owned.len == written.len && written.len == plain.len);
    CHECK(memcmp(written.owned.data, plain.bytes, plain.len) == 0);
    CHECK(written.data_offset == plain.data_offset && written.data_len == 100000);
    tdc_buffer_free(&written.owned);
    tdc_buffer_free(&written.owned);
    free(out);
    free(data);
    payload_free(&plain);
    payload_free(&small);
    tdc_data_converter_free(converter);
}

static void unchanged_writes_nothing(void) {
    tdc_data_converter *converter = parse(PLAIN);
    struct payload plain = payload_make("json/plain", (const uint8_t *)"{}", 2);
    direction *directions[] = {tdc_codec_encode_payload, tdc_codec_decode_payload};
    for (size_t i = 0; i < 2; i++) {
        uint8_t out[300];
        tdc_payload written;
        tdc_error *error;
        memset(out, POISON, sizeof out);
        memset(&written, POISON, sizeof written);
        memset(&error, POISON, sizeof error);
        tdc_status status = directions[i](converter, NULL, NULL, 0, plain.bytes, plain.len, NULL, 0, out,
                                          sizeof out, &written, &error);
        CHECK(status == TDC_UNCHANGED);
        CHECK(is_poisoned(out, sizeof out) && is_poisoned(&written, sizeof written));
        CHECK(is_poisoned(&error, sizeof error));
        /* Nothing to write needs no buffer. */
        status =
            directions[i](converter, NULL, NULL, 0, plain.bytes, plain.len, NULL, 0, NULL, 0, &written, NULL);
        CHECK(status == TDC_UNCHANGED);
    }
    payload_free(&plain);
    tdc_data_converter_free(converter);
}

/* What a caller claims to have used before can be any number: it does not wrap, and passes no
 * limit. */
static void claims_do_not_wrap(void) {
    tdc_data_converter *converter = parse(ENCRYPT);
    struct payload plain = payload_make("binary/plain", (const uint8_t *)"1", 1);
    uint8_t out[512];
    tdc_payload written;
    tdc_call claims[] = {{SIZE_MAX, 0, 0, 0, NULL}, {0, SIZE_MAX, 0, 0, NULL}};
    for (size_t i = 0; i < 2; i++) {
        tdc_call used = claims[i];
        CHECK(tdc_codec_encode_payload(converter, &used, NULL, 0, plain.bytes, plain.len, NULL, 0, out,
                                       sizeof out, &written, NULL) == TDC_ERR_LIMIT);
        CHECK(memcmp(&used, &claims[i], sizeof used) == 0);
    }
    tdc_call used = {0, 0, SIZE_MAX, 0, NULL};
    CHECK(tdc_codec_encode_payload(converter, &used, NULL, 0, plain.bytes, plain.len, NULL, 0, out,
                                   sizeof out, &written, NULL) == TDC_OK);
    CHECK(used.payloads == 1 && used.decoded_bytes == SIZE_MAX);
    payload_free(&plain);
    tdc_data_converter_free(converter);
}

void test_buffers(void) {
    claims_do_not_wrap();
    too_small_says_what_is_needed();
    bound_is_enough(ENCRYPT);
    bound_is_enough(COMPRESS_AND_ENCRYPT);
    bound_is_enough("version: 1\n"
                    "keys: { primary: '" LONGEST_ID "', ring: { '" LONGEST_ID "': { insecure_inline: '" KEY_1
                    "' } } }\n"
                    "codecs: [zlib, snappy, gzip, zstd, encrypt]\n");
    decompressed_answer_is_owned();
    unchanged_writes_nothing();
}

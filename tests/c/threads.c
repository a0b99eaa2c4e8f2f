/* One handle, many threads: some encode and decode, while others reload it and hand keys in. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "check.h"
#include "fixture.h"
#include "host.h"
#include "tests.h"

#define WORKERS 8
#define ROUNDS 300

static tdc_data_converter *shared;
static atomic_int at_work;

/* Round trips; a reload forgets the host's keys, so each call answers what it is asked for. */
static tdc_status call(int encode, const struct payload *in, uint8_t *out, size_t capacity,
                       tdc_payload *written) {
    tdc_call call = {0};
    for (;;) {
        tdc_status status = (encode ? tdc_codec_encode_payload : tdc_codec_decode_payload)(
            shared, &call, NULL, 0, in->bytes, in->len, NULL, 0, out, capacity, written, NULL);
        if (status != TDC_REQUESTS) {
            tdc_call_end(&call);
            return status;
        }
        struct request request = the_request(&call, HOST_KEY);
        CHECK(is_text(field_of(request.contents, 1), "one"));
        CHECK(answer(shared, &call, request.id, HOST_KEY, "11111111111111111111111111111111", 32, NULL) ==
              TDC_OK);
    }
}

static void *work(void *argument) {
    uint32_t seed = *(const uint32_t *)argument;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        size_t len = (i * 37) % 5000;
        uint8_t *data = noise(len, seed * ROUNDS + i);
        struct payload plain = payload_make("binary/plain", data, len);
        size_t bound = tdc_codec_encode_bound(shared, plain.len);
        struct payload sealed = {malloc(bound), 0, 0};
        uint8_t *opened = malloc(bound);
        tdc_payload written;
        CHECK(call(1, &plain, sealed.bytes, bound, &written) == TDC_OK);
        sealed.len = written.len;
        CHECK(call(0, &sealed, opened, bound, &written) == TDC_OK);
        CHECK(written.len == plain.len && memcmp(opened, plain.bytes, plain.len) == 0);
        payload_free(&plain);
        payload_free(&sealed);
        free(opened);
        free(data);
    }
    atomic_fetch_sub(&at_work, 1);
    return NULL;
}

static void *reload(void *unused) {
    while (atomic_load(&at_work) > 0) {
        tdc_error *error = NULL;
        CHECK_STATUS(TDC_OK, tdc_data_converter_reload(shared, &error), error);
        CHECK(tdc_data_converter_flags(shared) == TDC_FLAG_HOST_KEYS);
    }
    return unused;
}

void test_threads(void) {
    pthread_t workers[WORKERS], reloader;
    uint32_t seeds[WORKERS];
    shared = parse(HOST_KEYS);
    atomic_store(&at_work, WORKERS);
    for (uint32_t i = 0; i < WORKERS; i++) {
        seeds[i] = i;
        CHECK(pthread_create(&workers[i], NULL, work, &seeds[i]) == 0);
    }
    CHECK(pthread_create(&reloader, NULL, reload, NULL) == 0);
    for (size_t i = 0; i < WORKERS; i++) {
        CHECK(pthread_join(workers[i], NULL) == 0);
    }
    CHECK(pthread_join(reloader, NULL) == 0);
    tdc_data_converter_free(shared);
}

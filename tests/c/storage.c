/* References to stored objects: who follows them, what is asked for, and what hostile answers come
 * to. */
#include <string.h>

#include "check.h"
#include "fixture.h"
#include "host.h"
#include "tests.h"

/* The SHA-256 of OBJECT. */
#define HASH "386b1a694c7f10924dd76075c849603eacafb8a88ae59a01ac7e38b7d4ee51cb"
#define KEY "v0/ns/orders/d/sha256/" HASH
#define REFERENCE(key)                                                                                       \
    "{\"driver_name\":\"s3\",\"driver_claim\":{\"claim_data\":{\"bucket\":\"bucket\",\"key\":\"" key         \
    "\",\"hash_algorithm\":\"sha256\",\"hash_value\":\"" HASH "\",\"endpoint\":\"https://evil.example\"}}}"

static const uint8_t OBJECT[] = "\x12\x01"
                                "a";
/* The same payload as a driver may serialise it: the last of two `data` fields counts. */
static const uint8_t OTHER_BYTES[] = "\x12\x01"
                                     "b\x12\x01"
                                     "a";
static const uint8_t ORDERS[] = "\x12\x06orders";
static uint8_t room[1024];
static tdc_payload written;

static tdc_status decode(const tdc_data_converter *converter, tdc_call *call, const char *reference,
                         tdc_error **error) {
    struct payload payload =
        payload_make("json/external-storage-reference", (const uint8_t *)reference, strlen(reference));
    tdc_status status = tdc_codec_decode_payload(converter, call, ORDERS, sizeof ORDERS - 1, payload.bytes,
                                                 payload.len, NULL, 0, room, sizeof room, &written, error);
    payload_free(&payload);
    return status;
}

/* Whether the last call wrote this payload; what it allocated is freed. */
static int is_written(const uint8_t *payload, size_t len) {
    const uint8_t *bytes = written.owned.data != NULL ? written.owned.data : room;
    int is_it = written.len == len && memcmp(bytes, payload, len) == 0;
    tdc_buffer_free(&written.owned);
    return is_it;
}

/* What becomes of a call that follows, whose one request is answered so. */
static tdc_status answered(const tdc_data_converter *converter, int kind, const void *bytes, size_t len,
                           tdc_error **error) {
    tdc_call call = {0};
    tdc_call_follow(&call);
    CHECK(decode(converter, &call, REFERENCE(KEY), NULL) == TDC_REQUESTS);
    uint64_t id = the_request(&call, HOST_OBJECT).id;
    tdc_status status = answer(converter, &call, id, kind, bytes, len, error);
    if (status == TDC_OK) {
        status = decode(converter, &call, REFERENCE(KEY), error);
        CHECK(status != TDC_REQUESTS);
    }
    tdc_call_end(&call);
    return status;
}

static void check_request(struct slice object) {
    CHECK(is_text(field_of(object, 1), "s3"));
    CHECK(is_text(field_of(object, 2), "bucket"));
    CHECK(is_text(field_of(object, 3), KEY));
    static const char *const CLAIM[][2] = {{"bucket", "bucket"},
                                           {"key", KEY},
                                           {"object", KEY},
                                           {"object_name", KEY},
                                           {"hash_algorithm", "sha256"},
                                           {"hashAlgorithm", "sha256"},
                                           {"hash_value", HASH},
                                           {"hashValue", HASH}};
    /* Behind these come two numbers: at most 64 bytes, and 3000 ms. */
    struct slice field;
    for (int i = 0; i < 3; i++) {
        CHECK(next_field(&object, &field) != 0);
    }
    CHECK(object.len > 5 && memcmp(object.bytes, "\x20\x40\x28\xb8\x17", 5) == 0);
    object = (struct slice){object.bytes + 5, object.len - 5};
    for (size_t i = 0; i < sizeof CLAIM / sizeof *CLAIM; i++) {
        CHECK(next_field(&object, &field) == 6);
        CHECK(is_text(field_of(field, 1), CLAIM[i][0]) && is_text(field_of(field, 2), CLAIM[i][1]));
    }
    CHECK(object.len == 0);
}

/* An answer makes the call fail, and the sentence says why. */
static void check_refused(const tdc_data_converter *converter, int kind, const void *bytes, size_t len,
                          tdc_status expected, const char *why) {
    tdc_error *error = NULL;
    const uint8_t *message;
    size_t message_len = 0, why_len = strlen(why), at = 0;
    CHECK_STATUS(expected, answered(converter, kind, bytes, len, &error), error);
    tdc_error_message(error, &message, &message_len);
    while (at + why_len <= message_len && memcmp(message + at, why, why_len) != 0) {
        at++;
    }
    CHECK(at + why_len <= message_len);
    tdc_error_free(error);
}

/* Answers to what was not asked, or of another kind: nothing is taken. */
static void check_misfits(const tdc_data_converter *converter) {
    tdc_call call = {0};
    tdc_call_follow(&call);
    CHECK(decode(converter, &call, REFERENCE(KEY), NULL) == TDC_REQUESTS);
    uint64_t id = the_request(&call, HOST_OBJECT).id;
    CHECK(answer(converter, &call, id + 1, HOST_OBJECT_BYTES, OBJECT, sizeof OBJECT - 1, NULL) ==
          TDC_ERR_ARGUMENT);
    CHECK(answer(converter, &call, id, HOST_KEY, OBJECT, sizeof OBJECT - 1, NULL) == TDC_ERR_ARGUMENT);
    CHECK(answer(converter, &call, id, HOST_RETRIEVED, OBJECT, sizeof OBJECT - 1, NULL) == TDC_OK);
    CHECK(answer(converter, &call, id, HOST_RETRIEVED, OBJECT, sizeof OBJECT - 1, NULL) == TDC_ERR_ARGUMENT);
    CHECK(decode(converter, &call, REFERENCE(KEY), NULL) == TDC_OK);
    CHECK(is_written(OBJECT, sizeof OBJECT - 1));
    /* The next payload of the same call is followed too, and asks for its object anew. */
    CHECK(decode(converter, &call, REFERENCE(KEY), NULL) == TDC_REQUESTS);
    tdc_call_end(&call);
    /* A call that does not follow has no request for an object, so no answer fits. */
    CHECK(answer(converter, &call, id, HOST_RETRIEVED, OBJECT, sizeof OBJECT - 1, NULL) == TDC_ERR_ARGUMENT);
    tdc_call_end(&call);
}

void test_storage(void) {
    tdc_data_converter *converter = parse(STORES);
    tdc_error *error = NULL;

    /* Without the word for it, and without a call, references stay as they are. */
    tdc_call call = {0};
    CHECK(decode(converter, &call, REFERENCE(KEY), NULL) == TDC_UNCHANGED);
    tdc_call_end(&call);
    CHECK(decode(converter, NULL, REFERENCE(KEY), NULL) == TDC_UNCHANGED);

    tdc_call_follow(&call);
    CHECK(decode(converter, &call, REFERENCE(KEY), NULL) == TDC_REQUESTS);
    check_request(the_request(&call, HOST_OBJECT).contents);
    /* The call has ended: it does not follow any more. */
    tdc_call_end(&call);
    CHECK(decode(converter, &call, REFERENCE(KEY), NULL) == TDC_UNCHANGED);

    /* What the configuration does not allow is refused before anything is asked. */
    tdc_call_follow(&call);
    CHECK_STATUS(TDC_ERR_REFERENCE, decode(converter, &call, REFERENCE("v0/ns/payments/d/" HASH), &error),
                 error);
    tdc_error_free(error);
    CHECK(requests_of(&call).len == 0);
    tdc_call_end(&call);

    CHECK(answered(converter, HOST_OBJECT_BYTES, OBJECT, sizeof OBJECT - 1, NULL) == TDC_OK);
    CHECK(is_written(OBJECT, sizeof OBJECT - 1));
    /* A driver's payload is taken as it is, the store's bytes only with their hash. */
    CHECK(answered(converter, HOST_RETRIEVED, OTHER_BYTES, sizeof OTHER_BYTES - 1, NULL) == TDC_OK);
    CHECK(is_written(OTHER_BYTES, sizeof OTHER_BYTES - 1));
    check_refused(converter, HOST_OBJECT_BYTES, OTHER_BYTES, sizeof OTHER_BYTES - 1, TDC_ERR_REFERENCE,
                  "do not have the hash");
    check_refused(converter, HOST_OBJECT_BYTES, NULL, 0, TDC_ERR_REFERENCE, "do not have the hash");

    static const uint8_t LONG[65] = "\x12\x3f";
    for (int kind = HOST_OBJECT_BYTES; kind <= HOST_RETRIEVED; kind += HOST_RETRIEVED - HOST_OBJECT_BYTES) {
        check_refused(converter, kind, LONG, sizeof LONG, TDC_ERR_LIMIT, "more than 64 bytes");
    }
    static const char *const NONSENSE[] = {"\xff", "\x12\x7f", "no payload", ""};
    for (size_t i = 0; i < sizeof NONSENSE / sizeof *NONSENSE; i++) {
        check_refused(converter, HOST_RETRIEVED, NONSENSE[i], strlen(NONSENSE[i]), TDC_ERR_REFERENCE,
                      "does not contain a payload");
    }
    check_refused(converter, HOST_OBJECT_FAILURE, "\x08\x01", 2, TDC_ERR_REFERENCE, "not in the store");
    check_refused(converter, HOST_OBJECT_FAILURE, "\x12\x04slow", 6, TDC_ERR_STORAGE, "slow");
    check_refused(converter, HOST_UNKNOWN, NULL, 0, TDC_ERR_STORAGE, "no client of this store");
    check_misfits(converter);

    /* A host that leaves the request out is not asked for ever. */
    tdc_call_follow(&call);
    CHECK(decode(converter, &call, REFERENCE(KEY), NULL) == TDC_REQUESTS);
    CHECK(decode(converter, &call, REFERENCE(KEY), NULL) == TDC_ERR_STORAGE);
    tdc_call_end(&call);
    tdc_data_converter_free(converter);
}

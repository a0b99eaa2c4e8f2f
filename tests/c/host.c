#include "host.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

struct slice requests_of(tdc_call *call) {
    struct slice requests = {NULL, 0};
    tdc_call_requests(call, &requests.bytes, &requests.len);
    CHECK(requests.bytes != NULL);
    return requests;
}

int next_request(struct slice *requests, struct request *request) {
    struct slice message;
    uint64_t number = next_field(requests, &message);
    if (number == 0) {
        return 0;
    }
    /* The id comes first, and fits a byte in these tests. */
    CHECK(number == 1 && message.len > 2 && message.bytes[0] == 0x08 && message.bytes[1] < 0x80);
    request->id = message.bytes[1];
    message = (struct slice){message.bytes + 2, message.len - 2};
    request->kind = (int)next_field(&message, &request->contents);
    CHECK(request->kind != 0 && message.len == 0);
    return 1;
}

struct request the_request(tdc_call *call, int kind) {
    struct slice requests = requests_of(call);
    struct request request, other;
    CHECK(next_request(&requests, &request) && !next_request(&requests, &other));
    CHECK(request.kind == kind);
    return request;
}

struct slice field_of(struct slice message, uint64_t number) {
    struct slice field;
    uint64_t found;
    while ((found = next_field(&message, &field)) != 0) {
        if (found == number) {
            return field;
        }
    }
    return (struct slice){NULL, 0};
}

int is_text(struct slice slice, const char *text) {
    return slice.len == strlen(text) && memcmp(slice.bytes, text, slice.len) == 0;
}

static size_t put_head(uint8_t *out, int number, size_t len) {
    size_t used = 0;
    out[used++] = (uint8_t)(number << 3 | 2);
    for (; len >= 0x80; len >>= 7) {
        out[used++] = (uint8_t)(len | 0x80);
    }
    out[used++] = (uint8_t)len;
    return used;
}

/* `head`, then the bytes, as the answer to a request. */
static tdc_status send(const tdc_data_converter *converter, tdc_call *call, uint64_t id, const uint8_t *head,
                       size_t head_len, const void *bytes, size_t len, tdc_error **error) {
    uint8_t *answers = malloc(len + 64), *at = answers;
    CHECK(answers != NULL && id < 0x80 && head_len < 32);
    at += put_head(at, 1, 2 + head_len + len);
    *at++ = 0x08;
    *at++ = (uint8_t)id;
    memcpy(at, head, head_len);
    at += head_len;
    if (len > 0) {
        memcpy(at, bytes, len);
    }
    at += len;
    tdc_status status = tdc_call_answer(converter, call, answers, (size_t)(at - answers), error);
    free(answers);
    return status;
}

tdc_status answer(const tdc_data_converter *converter, tdc_call *call, uint64_t id, int kind,
                  const void *bytes, size_t len, tdc_error **error) {
    uint8_t head[16];
    return send(converter, call, id, head, put_head(head, kind, len), bytes, len, error);
}

tdc_status answer_http(const tdc_data_converter *converter, tdc_call *call, uint64_t id, uint32_t status,
                       const void *body, size_t len, tdc_error **error) {
    uint8_t inner[16] = {0x08, (uint8_t)(status | 0x80), (uint8_t)(status >> 7)}, head[32];
    size_t inner_len = 3 + put_head(inner + 3, 2, len);
    CHECK(status < 128 * 128);
    size_t head_len = put_head(head, HOST_HTTP, inner_len + len);
    memcpy(head + head_len, inner, inner_len);
    return send(converter, call, id, head, head_len + inner_len, body, len, error);
}

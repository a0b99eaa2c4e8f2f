#include "wire.h"

#include <string.h>

uint64_t next_field(struct slice *message, struct slice *contents) {
    uint64_t numbers[2] = {0, 0};
    size_t at = 0;
    for (int i = 0; i < 2; i++) {
        for (int shift = 0;; shift += 7) {
            if (at == message->len || shift > 63) {
                return 0;
            }
            numbers[i] |= (uint64_t)(message->bytes[at] & 0x7f) << shift;
            if (message->bytes[at++] < 0x80) {
                break;
            }
        }
    }
    if ((numbers[0] & 7) != 2 || numbers[1] > message->len - at) {
        return 0;
    }
    *contents = (struct slice){message->bytes + at, (size_t)numbers[1]};
    *message = (struct slice){contents->bytes + contents->len, message->len - at - contents->len};
    return numbers[0] >> 3;
}

int next_payload(struct slice *payloads, struct slice *payload) {
    return next_field(payloads, payload) == 1;
}

int next_external(struct slice *payload, struct slice *details) {
    uint64_t number;
    while ((number = next_field(payload, details)) != 0 && number != 3) {
    }
    return number == 3;
}

struct slice encoding_of(struct slice payload) {
    struct slice encoding = {NULL, 0}, field;
    uint64_t number;
    while ((number = next_field(&payload, &field)) != 0) {
        if (number != 1) {
            continue;
        }
        struct slice key = {NULL, 0}, value = {(const uint8_t *)"", 0}, part;
        while ((number = next_field(&field, &part)) != 0) {
            if (number == 1) {
                key = part;
            } else if (number == 2) {
                value = part;
            }
        }
        if (key.len == 8 && memcmp(key.bytes, "encoding", 8) == 0) {
            encoding = value;
        }
    }
    return encoding;
}

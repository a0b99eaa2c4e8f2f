#include "fixture.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "host.h"

tdc_data_converter *parse(const char *document) {
    tdc_data_converter *converter = NULL;
    tdc_error *error = NULL;
    tdc_status status = tdc_data_converter_parse((const uint8_t *)document, strlen(document), NULL, 0, NULL,
                                                 0, &converter, &error);
    CHECK_STATUS(TDC_OK, status, error);
    return converter;
}

static size_t put_varint(uint8_t *out, size_t value) {
    size_t used = 0;
    for (; value >= 0x80; value >>= 7) {
        out[used++] = (uint8_t)(value | 0x80);
    }
    out[used++] = (uint8_t)value;
    return used;
}

struct payload payload_make(const char *encoding, const uint8_t *data, size_t data_len) {
    size_t encoding_len = strlen(encoding);
    CHECK(encoding_len < 100);
    struct payload payload = {malloc(encoding_len + 32 + data_len), 0, 0};
    CHECK(payload.bytes != NULL);
    uint8_t *at = payload.bytes;
    *at++ = 0x0a;
    *at++ = (uint8_t)(encoding_len + 12);
    memcpy(at,
           "\x0a\x08"
           "encoding\x12",
           11);
    at += 11;
    *at++ = (uint8_t)encoding_len;
    memcpy(at, encoding, encoding_len);
    at += encoding_len;
    *at++ = 0x12;
    at += put_varint(at, data_len);
    payload.data_offset = (size_t)(at - payload.bytes);
    if (data_len > 0) {
        memcpy(at, data, data_len);
    }
    payload.len = payload.data_offset + data_len;
    return payload;
}

void payload_free(struct payload *payload) {
    free(payload->bytes);
    *payload = (struct payload){0};
}

uint8_t *noise(size_t len, uint32_t seed) {
    uint8_t *bytes = malloc(len + 1);
    CHECK(bytes != NULL);
    /* A linear congruential generator (Numerical Recipes' constants): its high bits are good enough
     * not to compress. */
    uint32_t state = seed * 2654435761u + 1;
    for (size_t i = 0; i < len; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(state >> 24);
    }
    return bytes;
}

uint8_t *poisoned(size_t len) {
    uint8_t *memory = malloc(len > 0 ? len : 1);
    CHECK(memory != NULL);
    memset(memory, POISON, len);
    return memory;
}

int is_poisoned(const void *memory, size_t len) {
    const uint8_t *bytes = memory;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != POISON) {
            return 0;
        }
    }
    return 1;
}

struct payload encoded(const tdc_data_converter *converter, const struct payload *payload) {
    size_t bound = tdc_codec_encode_bound(converter, payload->len);
    struct payload out = {malloc(bound), 0, 0};
    CHECK(out.bytes != NULL);
    tdc_payload written;
    tdc_error *error = NULL;
    tdc_status status = tdc_codec_encode_payload(converter, NULL, NULL, 0, payload->bytes, payload->len, NULL,
                                                 0, out.bytes, bound, &written, &error);
    CHECK_STATUS(TDC_OK, status, error);
    CHECK(written.owned.data == NULL);
    out.len = written.len;
    out.data_offset = written.data_offset;
    return out;
}

struct payload encrypted_under(const char *id) {
    static const char ENCODING[] = "\x0a\x1c\x0a\x08"
                                   "encoding\x12\x10"
                                   "binary/encrypted\x0a";
    static const char NAME[] = "\x0a\x11"
                               "encryption-key-id\x12";
    size_t id_len = strlen(id), name_len = sizeof NAME - 1;
    CHECK(id_len < 64);
    struct payload payload = {calloc(1, 256), 0, 0};
    CHECK(payload.bytes != NULL);
    uint8_t *at = payload.bytes;
    memcpy(at, ENCODING, sizeof ENCODING - 1);
    at += sizeof ENCODING - 1;
    *at++ = (uint8_t)(name_len + 1 + id_len);
    memcpy(at, NAME, name_len);
    at += name_len;
    *at++ = (uint8_t)id_len;
    memcpy(at, id, id_len);
    at += id_len;
    /* Nonce and tag, all zeroes. */
    *at++ = 0x12;
    *at++ = 28;
    payload.data_offset = (size_t)(at - payload.bytes);
    payload.len = payload.data_offset + 28;
    return payload;
}

uint64_t ask_for_type(const tdc_data_converter *converter, tdc_call *call) {
    static const uint8_t VALUES[] = "\x0a\x38\x0a\x1b\x0a\x08"
                                    "encoding\x12\x0f"
                                    "binary/protobuf\x0a\x19\x0a\x0b"
                                    "messageType\x12\x0a"
                                    "app.v1.Not";
    tdc_buffer out;
    tdc_status status =
        tdc_converter_to_payload(converter, call, NULL, 0, VALUES, sizeof VALUES - 1, &out, NULL);
    CHECK(status == TDC_REQUESTS);
    return the_request(call, HOST_DESCRIPTOR).id;
}

void rewrite_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    CHECK(fchmod(fileno(file), S_IRUSR | S_IWUSR) == 0);
    CHECK(fputs(text, file) >= 0);
    CHECK(fclose(file) == 0);
}

char *temporary_file(const char *name, const char *text) {
    const char *root = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
    size_t size = strlen(root) + strlen("/tdc-XXXXXX/") + strlen(name) + 1;
    char *path = malloc(size);
    CHECK(path != NULL);
    snprintf(path, size, "%s/tdc-XXXXXX", root);
    CHECK(mkdtemp(path) != NULL);
    size_t used = strlen(path);
    snprintf(path + used, size - used, "/%s", name);
    rewrite_file(path, text);
    return path;
}

void remove_temporary_file(char *path) {
    CHECK(unlink(path) == 0);
    *strrchr(path, '/') = '\0';
    CHECK(rmdir(path) == 0);
    free(path);
}

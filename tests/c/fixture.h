/* What the tests begin with: open handles, payloads, and memory that shows where somebody wrote. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "tdc.h"

#define KEY_1 "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE="
#define KEY_2 "MjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjI="

/* Configurations. */
#define PLAIN "version: 1\n"
#define ENCRYPT                                                                                              \
    "version: 1\n"                                                                                           \
    "keys: { primary: one, ring: { one: { insecure_inline: '" KEY_1 "' } } }\n"                              \
    "codecs: [encrypt]\n"
#define COMPRESS_AND_ENCRYPT                                                                                 \
    "version: 1\n"                                                                                           \
    "keys: { primary: one, ring: { one: { insecure_inline: '" KEY_1 "' } } }\n"                              \
    "codecs: [zstd, encrypt]\n"
#define HOST_KEYS                                                                                            \
    "version: 1\n"                                                                                           \
    "keys: { primary: one, host: true }\n"                                                                   \
    "codecs: [encrypt]\n"
#define ENVELOPES                                                                                            \
    "version: 1\n"                                                                                           \
    "keys: { primary: one, ring: { one: { insecure_inline: '" KEY_1 "', envelope: true } } }\n"              \
    "codecs: [encrypt]\n"

#define REMOTE                                                                                               \
    "version: 1\n"                                                                                           \
    "codecs: [remote: { url: 'https://codec.example.com', timeout: 2500 ms, headers: { X-Team: blue } }]\n"

#define STORES                                                                                               \
    "version: 1\n"                                                                                           \
    "storage: { stores: { s3: { s3: { region: eu }, buckets: [bucket] } }, max_object_bytes: 64, timeout: "  \
    "3 s }\n"

/* Opens `document`, which must succeed. */
tdc_data_converter *parse(const char *document);

/* A serialised Payload, which ends with its data. */
struct payload {
    uint8_t *bytes;
    size_t len;
    size_t data_offset;
};

struct payload payload_make(const char *encoding, const uint8_t *data, size_t data_len);
void payload_free(struct payload *payload);

/* `len` bytes that do not compress, different for each seed. */
uint8_t *noise(size_t len, uint32_t seed);

/* `len` bytes of POISON on the heap (at least one, so that there is an address), and whether all
 * still are. */
#define POISON 0xA5
uint8_t *poisoned(size_t len);
int is_poisoned(const void *memory, size_t len);

/* Encodes, which must succeed; the answer is one serialised Payload of the caller's. */
struct payload encoded(const tdc_data_converter *converter, const struct payload *payload);

/* What a payload that was encrypted under this key id looks like; it opens with no key. */
struct payload encrypted_under(const char *id);

/* Has a call ask for the descriptor of a message type; gives back the request's id. */
uint64_t ask_for_type(const tdc_data_converter *converter, tdc_call *call);

/* Writes a file that only its owner can read, in a new directory; gives back its path. */
char *temporary_file(const char *name, const char *text);
void rewrite_file(const char *path, const char *text);
/* Removes the file and its directory, and frees the path. */
void remove_temporary_file(char *path);

#endif

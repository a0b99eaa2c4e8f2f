/* As much of protobuf's wire format as the tests need to look into the library's own answers. */
#ifndef WIRE_H
#define WIRE_H

#include <stddef.h>
#include <stdint.h>

struct slice {
    const uint8_t *bytes;
    size_t len;
};

/* A length-delimited field off a message; its number, or 0 at the end and for anything else. */
uint64_t next_field(struct slice *message, struct slice *contents);

/* Takes the next payload off a serialised Payloads whose fields are all payloads; 0 at the end, and
 * for anything else. */
int next_payload(struct slice *payloads, struct slice *payload);

/* metadata["encoding"] of a serialised payload; its bytes are NULL when there is none. */
struct slice encoding_of(struct slice payload);

/* Takes the next of a payload's external_payloads off it, other fields before it included; 0 at the
 * end. */
int next_external(struct slice *payload, struct slice *details);

#endif

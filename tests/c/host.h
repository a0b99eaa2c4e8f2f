/* The host's side of a call: what is asked of it, and what it answers (proto/tdc/host.proto). */
#ifndef HOST_H
#define HOST_H

#include "tdc.h"
#include "wire.h"

/* The numbers of the kinds, which a request and its answer share. */
enum { HOST_KEY = 2, HOST_RELOAD = 3, HOST_DESCRIPTOR = 4, HOST_HTTP = 5, HOST_UNKNOWN = 9 };
/* The request for a stored object has another number than its answers. */
enum { HOST_OBJECT = 8, HOST_OBJECT_BYTES = 10, HOST_OBJECT_FAILURE = 11, HOST_RETRIEVED = 12 };

/* The numbers that they do not share. */
enum { HOST_WRAP = 6, HOST_FAILURE = 8 };

struct request {
    uint64_t id;
    int kind;
    /* The message of this kind. */
    struct slice contents;
};

/* What the last try asks for. */
struct slice requests_of(tdc_call *call);

/* Takes the next request off; 0 at the end. */
int next_request(struct slice *requests, struct request *request);

/* The one request of the last try, of this kind. */
struct request the_request(tdc_call *call, int kind);

/* The contents of a message's first field of this number; bytes are NULL when there is none. */
struct slice field_of(struct slice message, uint64_t number);

/* Whether a slice is this text. */
int is_text(struct slice slice, const char *text);

/* Answers a request of any kind but HOST_HTTP; a key, a descriptor or an object is the bytes. */
tdc_status answer(const tdc_data_converter *converter, tdc_call *call, uint64_t id, int kind,
                  const void *bytes, size_t len, tdc_error **error);

/* Answers a request for a codec server. */
tdc_status answer_http(const tdc_data_converter *converter, tdc_call *call, uint64_t id, uint32_t status,
                       const void *body, size_t len, tdc_error **error);

#endif

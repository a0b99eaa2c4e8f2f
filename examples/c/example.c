/* The whole C API in one program.
 *
 *   cc example.c $(pkg-config --cflags --libs tdc) -o example && ./example tdc.yaml
 *
 * A Temporal SDK hands out and takes in payloads as protobuf (temporal.api.common.v1.Payload and
 * Payloads), and so does this library. A real program has them serialised by its protobuf library;
 * here two small ones are written out by hand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tdc.h>

/* metadata {"encoding": "json/plain"}, then the tag and the length of data, then data itself: 11
 * bytes. */
#define HEAD                                                                                                 \
    "\x0a\x16\x0a\x08"                                                                                       \
    "encoding"                                                                                               \
    "\x12\x0a"                                                                                               \
    "json/plain"                                                                                             \
    "\x12\x0b"
#define DATA "{\"order\":1}"
/* Payloads: the payload above twice, each behind its tag and length. */
#define FRAMED "\x0a\x25" HEAD DATA
#define PAYLOADS FRAMED FRAMED

#define BYTES(literal) (const uint8_t *)(literal), sizeof(literal) - 1

/* Errors. A status says what happened; the error object, which you may do without by passing NULL,
 * says it to people. */
static void show_error(tdc_error *error) {
    const uint8_t *message;
    size_t len;
    tdc_error_message(error, &message, &len); /* not terminated, and gone with the error */
    printf("%s%s, payload %lld: %.*s\n", tdc_status_name(tdc_error_code(error)),
           tdc_status_is_transient(tdc_error_code(error)) ? " (try again later)" : "",
           (long long)tdc_error_payload_index(error), (int)len, (const char *)message);
    tdc_error_free(error);
}

static void expect_ok(tdc_status status, tdc_error *error) {
    if (status != TDC_OK) {
        show_error(error);
        exit(1);
    }
}

/* What a call asks of this program: a serialised Requests of proto/tdc/host.proto, and an Answers
 * goes back. A real program has both read and written by its protobuf library; here as much of it
 * as is needed is done by hand. */
struct slice {
    const uint8_t *bytes;
    size_t len;
};

static uint64_t read_varint(struct slice *from) {
    uint64_t value = 0;
    for (int shift = 0; from->len > 0 && shift < 64; shift += 7) {
        uint8_t byte = *from->bytes++;
        from->len--;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            break;
        }
    }
    return value;
}

/* Takes a field off: its number, or 0 at the end. A number goes into *value, bytes into
 * *contents. */
static unsigned read_field(struct slice *from, uint64_t *value, struct slice *contents) {
    if (from->len == 0) {
        return 0;
    }
    uint64_t tag = read_varint(from);
    *value = read_varint(from);
    if ((tag & 7) == 2) {
        *contents = (struct slice){from->bytes, (size_t)*value};
        from->bytes += contents->len;
        from->len -= contents->len;
    }
    return (unsigned)(tag >> 3);
}

static uint8_t *put_varint(uint8_t *at, uint64_t value) {
    for (; value >= 0x80; value >>= 7) {
        *at++ = (uint8_t)(value | 0x80);
    }
    *at++ = (uint8_t)value;
    return at;
}

static uint8_t *put_bytes(uint8_t *at, unsigned number, const void *bytes, size_t len) {
    at = put_varint(put_varint(at, number << 3 | 2), len);
    memcpy(at, bytes, len);
    return at + len;
}

/* A key. Yours come from a key service; this one is for show. */
static uint8_t *answer_key(uint8_t *at, struct slice request) {
    static const uint8_t KEY[33] = "example-key-example-key-example!";
    struct slice id = {NULL, 0};
    uint64_t value;
    (void)read_field(&request, &value, &id);
    printf("the library asks for the key %.*s\n", (int)id.len, (const char *)id.bytes);
    int known = id.len == strlen("orders-2026-11") && memcmp(id.bytes, "orders-2026-11", id.len) == 0;
    return known ? put_bytes(at, 2, KEY, 32) : put_bytes(at, 9, "", 0);
}

/* A request for a codec server. POST it with your HTTP client, without following redirects, and
 * answer with status and body. This program has no HTTP client: it makes up what a server
 * might answer. */
static uint8_t *answer_http(uint8_t *at, struct slice request) {
    static const char ANSWER[] = "{\"payloads\":[{\"metadata\":{\"encoding\":\"ZmFy\"},\"data\":\"eA==\"}]}";
    struct slice field;
    uint64_t value;
    unsigned number;
    while ((number = read_field(&request, &value, &field)) != 0) {
        if (number == 2) {
            printf("POST %.*s\n", (int)field.len, (const char *)field.bytes);
        } else if (number == 4) {
            printf("  a body of %zu bytes\n", field.len);
        } else if (number == 5) {
            printf("  an answer within %u ms\n", (unsigned)value);
        }
    }
    uint8_t response[128], *end = put_varint(put_varint(response, 1 << 3), 200);
    end = put_bytes(end, 2, BYTES(ANSWER));
    return put_bytes(at, 5, response, (size_t)(end - response));
}

/* Answers everything that a call asks for, together. */
static tdc_status answer_all(const tdc_data_converter *converter, tdc_call *call, tdc_error **error) {
    struct slice requests, request, kind;
    uint8_t answers[8192], *at = answers;
    tdc_call_requests(call, &requests.bytes, &requests.len);
    uint64_t id, value;
    /* At most 16 keys, or one request of another kind. */
    while (read_field(&requests, &value, &request) != 0) {
        uint8_t answer[256], *end = answer;
        (void)read_field(&request, &id, &kind); /* field 1 */
        end = put_varint(put_varint(end, 1 << 3), id);
        switch (read_field(&request, &value, &kind)) {
        case 2:
            end = answer_key(end, kind);
            break;
        case 3:
            /* The key may be in files that have changed since they were read. If they are broken,
             * the next try says so. */
            (void)tdc_data_converter_reload(converter, NULL);
            end = put_bytes(end, 3, "", 0);
            break;
        case 5:
            end = answer_http(end, kind);
            break;
        default: /* a message type: this program knows none */
            end = put_bytes(end, 9, "", 0);
        }
        at = put_bytes(at, 1, answer, (size_t)(end - answer));
    }
    return tdc_call_answer(converter, call, answers, (size_t)(at - answers), error);
}

/* A call on many payloads: one serialised Payloads in, one out, in memory of the library. It is
 * made again as long as it asks for something, whatever the direction. */
typedef tdc_status direction(const tdc_data_converter *, tdc_call *, const uint8_t *, size_t, const uint8_t *,
                             size_t, tdc_buffer *, tdc_error **);

static tdc_status run(direction *function, const tdc_data_converter *converter, const uint8_t *payloads,
                      size_t len, tdc_buffer *out, tdc_error **error) {
    /* The serialization context: where the payloads live. Here it says namespace (field 2)
     * "orders"; NULL, 0 says nothing. */
    static const char CONTEXT[] = "\x12\x06"
                                  "orders";
    tdc_call call = {0};
    tdc_status status;
    while ((status = function(converter, &call, BYTES(CONTEXT), payloads, len, out, error)) == TDC_REQUESTS) {
        status = answer_all(converter, &call, error);
        if (status != TDC_OK) {
            break;
        }
    }
    tdc_call_end(&call);
    return status;
}

static void many(const tdc_data_converter *converter) {
    tdc_buffer sealed, opened;
    tdc_error *error = NULL;
    expect_ok(run(tdc_codec_encode, converter, BYTES(PAYLOADS), &sealed, &error), error);
    printf("two payloads of %zu bytes became %zu bytes\n", sizeof(PAYLOADS) - 1, sealed.len);
    expect_ok(run(tdc_codec_decode, converter, sealed.data, sealed.len, &opened, &error), error);
    printf("and came back: %s\n",
           opened.len == sizeof(PAYLOADS) - 1 && memcmp(opened.data, PAYLOADS, opened.len) == 0 ? "yes"
                                                                                                : "no");

    /* One byte changed in transit: the error names the payload, counted from 0. */
    sealed.data[sealed.len - 1] ^= 1;
    tdc_status status = run(tdc_codec_decode, converter, sealed.data, sealed.len, &opened, &error);
    if (status != TDC_OK) {
        show_error(error); /* `opened` was not touched: it still holds the earlier answer */
    }
    tdc_buffer_free(&sealed);
    tdc_buffer_free(&opened);
    tdc_buffer_free(&opened); /* freed already: does nothing */
}

/* A call on one payload, in two slices: a large `data` goes in without being copied into a message
 * first, and the answer goes into your own buffer. The bound is always enough to encode. */
static void one(const tdc_data_converter *converter) {
    tdc_payload written;
    tdc_error *error = NULL;
    size_t bound = tdc_codec_encode_bound(converter, sizeof(HEAD) - 1 + sizeof(DATA) - 1);
    uint8_t *sealed = malloc(bound), *opened = malloc(bound);
    if (sealed == NULL || opened == NULL) {
        exit(1);
    }

    /* A buffer that is too small costs nothing, and the error says what is needed. */
    tdc_status status = tdc_codec_encode_payload(converter, NULL, NULL, 0, BYTES(HEAD), BYTES(DATA), sealed,
                                                 10, &written, &error);
    if (status == TDC_ERR_BUFFER_TOO_SMALL) {
        printf("10 bytes are too few, %s\n",
               tdc_error_size_needed(error) <= bound ? "the bound will do" : "?");
        tdc_error_free(error);
    }

    status = tdc_codec_encode_payload(converter, NULL, NULL, 0, BYTES(HEAD), BYTES(DATA), sealed, bound,
                                      &written, &error);
    expect_ok(status, error);
    printf("one payload: %zu bytes, its data at %zu\n", written.len, written.data_offset);

    /* The same way back. Here everything is in the first slice. */
    size_t sealed_len = written.len;
    status = tdc_codec_decode_payload(converter, NULL, NULL, 0, sealed, sealed_len, NULL, 0, opened, bound,
                                      &written, &error);
    expect_ok(status, error);
    /* What was compressed may open to more than the buffer holds: then the library owns the
     * answer. */
    const uint8_t *answer = written.owned.data != NULL ? written.owned.data : opened;
    printf("its data: %.*s\n", (int)written.data_len, (const char *)answer + written.data_offset);
    tdc_buffer_free(&written.owned); /* does nothing when the answer is in `opened` */
    free(sealed);
    free(opened);
}

/* A codec server. With `codecs: [remote: …]` the library asks for HTTP requests; the loop is the
 * same. */
static void remote(void) {
    tdc_data_converter *converter = NULL;
    tdc_error *error = NULL;
    tdc_buffer far;
    expect_ok(tdc_data_converter_parse(
                  BYTES("version: 1\ncodecs: [remote: { url: 'https://codec.example.com' }]\n"), NULL, 0,
                  BYTES("orders"), &converter, &error),
              error);
    if (tdc_data_converter_flags(converter) & TDC_FLAG_REMOTE) {
        printf("this configuration has a codec server\n");
    }
    /* A call that cannot ask fails instead. */
    if (tdc_codec_encode(converter, NULL, NULL, 0, BYTES(FRAMED), &far, &error) != TDC_OK) {
        show_error(error);
    }
    expect_ok(run(tdc_codec_encode, converter, BYTES(FRAMED), &far, &error), error);
    printf("the server's payload has %zu bytes\n", far.len);
    tdc_buffer_free(&far);
    tdc_data_converter_free(converter);
}

/* A configuration may also come as text, and one without codecs leaves payloads as they are:
 * TDC_UNCHANGED, and nothing was written. */
static void parsed(void) {
    tdc_data_converter *converter = NULL;
    tdc_error *error = NULL;
    tdc_payload written;
    expect_ok(tdc_data_converter_parse(BYTES("version: 1\n"), NULL, 0, NULL, 0, &converter, &error), error);
    tdc_status status = tdc_codec_encode_payload(converter, NULL, NULL, 0, BYTES(HEAD), BYTES(DATA), NULL, 0,
                                                 &written, &error);
    printf("without codecs: %s\n", tdc_status_name(status));
    tdc_data_converter_free(converter);

    /* A mistake in it is an error with line and column. */
    status =
        tdc_data_converter_parse(BYTES("version: 1\ncodec: [zlib]\n"), NULL, 0, NULL, 0, &converter, &error);
    if (status != TDC_OK) {
        show_error(error);
    }
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: example CONFIG\n");
        return 2;
    }
    if (tdc_abi_version() != TDC_ABI_VERSION) {
        fprintf(stderr, "libtdc %s is not the one that this program was compiled for\n", tdc_version());
        return 1;
    }

    /* One handle serves any number of threads; open it once, free it at the end. */
    tdc_data_converter *converter = NULL;
    tdc_error *error = NULL;
    expect_ok(tdc_data_converter_open((const uint8_t *)argv[1], strlen(argv[1]), NULL, 0, &converter, &error),
              error);
    if (tdc_data_converter_flags(converter) & TDC_FLAG_HOST_KEYS) {
        printf("this configuration asks the program for keys\n");
    }

    many(converter);
    one(converter);
    parsed();
    remote();

    /* After the file or its keys have changed: calls in flight keep what they began with. */
    expect_ok(tdc_data_converter_reload(converter, &error), error);
    tdc_data_converter_free(converter);
    tdc_data_converter_free(NULL); /* every free takes NULL */
    return 0;
}

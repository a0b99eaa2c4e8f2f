/* The whole C API in one program.
 *
 *   cc example.c $(pkg-config --cflags --libs tdc) -o example && ./example tdc.yaml
 *
 * A Temporal SDK hands out and takes in payloads as protobuf (temporal.api.common.v1.Payload and Payloads),
 * and so does this library. A real program has them serialised by its protobuf library; here two small ones
 * are written out by hand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tdc.h>

/* metadata {"encoding": "json/plain"}, then the tag and the length of data, then data itself: 11 bytes. */
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

/* Errors. A status says what happened; the error object, which you may do without by passing NULL, says it to
 * people. */
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

/* Keys. With `keys: { host: true }` the library asks for each key that it does not have: TDC_KEY_NEEDED names
 * them. Provide a key, or reject it if you know that there is none, and make the call again. Yours come from
 * a key service; this one is for show. */
static void answer_key_request(const tdc_data_converter *converter, tdc_error *error) {
    static const uint8_t KEY[33] = "example-key-example-key-example!";
    for (size_t i = 0; i < tdc_error_key_count(error); i++) {
        const uint8_t *id;
        size_t len;
        tdc_error *refused = NULL;
        if (tdc_error_key_id(error, i, &id, &len) != TDC_OK) {
            continue;
        }
        printf("the library asks for the key %.*s\n", (int)len, (const char *)id);
        int known = len == strlen("orders-2026-11") && memcmp(id, "orders-2026-11", len) == 0;
        tdc_status status = known ? tdc_key_provide(converter, id, len, KEY, 32, &refused)
                                  : tdc_key_reject(converter, id, len, &refused);
        expect_ok(status, refused);
    }
    tdc_error_free(error);
}

/* A call on many payloads: one serialised Payloads in, one out, in memory of the library. The three outcomes
 * that are no errors are dealt with here, whatever the direction. */
typedef tdc_status direction(const tdc_data_converter *, const uint8_t *, size_t, tdc_usage *,
                             const uint8_t *, size_t, tdc_buffer *, tdc_error **);

static tdc_status run(direction *call, const tdc_data_converter *converter, const uint8_t *payloads,
                      size_t len, tdc_buffer *out, tdc_error **error) {
    /* The serialization context: where the payloads live. Here it says namespace (field 2) "orders"; NULL, 0
     * says nothing. */
    static const char CONTEXT[] = "\x12\x06"
                                  "orders";
    tdc_status status = TDC_OK;
    for (int round = 0; round < 20; round++) {
        status = call(converter, BYTES(CONTEXT), NULL, payloads, len, out, error);
        if (status == TDC_KEY_NEEDED) {
            answer_key_request(converter, *error);
        } else if (status == TDC_RELOAD_NEEDED) {
            /* The key may stand in files that have changed since they were read. If they are broken, the next
             * call says so. */
            tdc_error_free(*error);
            (void)tdc_data_converter_reload(converter, NULL);
        } else {
            break;
        }
    }
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

/* A call on one payload, in two slices: a large `data` goes in without being copied into a message first, and
 * the answer goes into your own buffer. The bound is always enough to encode. */
static void one(const tdc_data_converter *converter) {
    tdc_payload written;
    tdc_error *error = NULL;
    size_t bound = tdc_codec_encode_bound(converter, sizeof(HEAD) - 1 + sizeof(DATA) - 1);
    uint8_t *sealed = malloc(bound), *opened = malloc(bound);
    if (sealed == NULL || opened == NULL) {
        exit(1);
    }

    /* A buffer that is too small costs nothing, and the error says what is needed. */
    tdc_status status = tdc_codec_encode_payload(converter, NULL, 0, NULL, BYTES(HEAD), BYTES(DATA), sealed,
                                                 10, &written, &error);
    if (status == TDC_ERR_BUFFER_TOO_SMALL) {
        printf("10 bytes are too few, %s\n",
               tdc_error_size_needed(error) <= bound ? "the bound will do" : "?");
        tdc_error_free(error);
    }

    status = tdc_codec_encode_payload(converter, NULL, 0, NULL, BYTES(HEAD), BYTES(DATA), sealed, bound,
                                      &written, &error);
    expect_ok(status, error);
    printf("one payload: %zu bytes, its data at %zu\n", written.len, written.data_offset);

    /* The same way back. Here everything is in the first slice. */
    size_t sealed_len = written.len;
    status = tdc_codec_decode_payload(converter, NULL, 0, NULL, sealed, sealed_len, NULL, 0, opened, bound,
                                      &written, &error);
    expect_ok(status, error);
    /* What was compressed may open to more than the buffer holds: then the library owns the answer. */
    const uint8_t *answer = written.owned.data != NULL ? written.owned.data : opened;
    printf("its data: %.*s\n", (int)written.data_len, (const char *)answer + written.data_offset);
    tdc_buffer_free(&written.owned); /* does nothing when the answer is in `opened` */
    free(sealed);
    free(opened);
}

/* A codec server. With `codecs: [remote: …]` the library asks for an HTTP request: TDC_REMOTE_NEEDED carries
 * it. POST it by your HTTP client, without following redirects, hand in status and body, and make the call
 * again. This program has no HTTP client: what a server might answer stands here. */
static void remote(void) {
    static const char ANSWER[] = "{\"payloads\":[{\"metadata\":{\"encoding\":\"ZmFy\"},\"data\":\"eA==\"}]}";
    const uint8_t *url, *body, *name, *value;
    size_t url_len, body_len, name_len, value_len;
    tdc_data_converter *converter = NULL;
    tdc_error *request = NULL, *error = NULL;
    tdc_buffer far;
    expect_ok(tdc_data_converter_parse(
                  BYTES("version: 1\ncodecs: [remote: { url: 'https://codec.example.com' }]\n"), NULL, 0,
                  BYTES("orders"), &converter, &error),
              error);
    if (tdc_data_converter_flags(converter) & TDC_FLAG_REMOTE) {
        printf("this configuration has a codec server\n");
    }
    tdc_status status = tdc_codec_encode(converter, NULL, 0, NULL, BYTES(FRAMED), &far, &request);
    if (status != TDC_REMOTE_NEEDED) {
        expect_ok(status, request);
    }
    tdc_error_request_url(request, &url, &url_len);
    tdc_error_request_body(request, &body, &body_len);
    printf("POST %.*s: %zu bytes, in %u ms, at most %zu bytes back\n", (int)url_len, (const char *)url,
           body_len, (unsigned)tdc_error_request_timeout_ms(request),
           tdc_error_request_max_response(request));
    for (size_t i = 0; i < tdc_error_request_header_count(request); i++) {
        if (tdc_error_request_header(request, i, &name, &name_len, &value, &value_len) == TDC_OK) {
            printf("  %.*s: %.*s\n", (int)name_len, (const char *)name, (int)value_len, (const char *)value);
        }
    }
    /* A server that is away: status 0, and why. */
    if (tdc_remote_provide(converter, request, 0, BYTES("connection refused"), &error) != TDC_OK) {
        show_error(error);
    }
    expect_ok(tdc_remote_provide(converter, request, 200, BYTES(ANSWER), &error), error);
    expect_ok(tdc_codec_encode(converter, NULL, 0, NULL, BYTES(FRAMED), &far, &error), error);
    printf("the server's payload has %zu bytes\n", far.len);
    tdc_buffer_free(&far);
    tdc_error_free(request);
    tdc_data_converter_free(converter);
}

/* A configuration may also come as text, and one without codecs leaves payloads as they are: TDC_UNCHANGED,
 * and nothing was written. */
static void parsed(void) {
    tdc_data_converter *converter = NULL;
    tdc_error *error = NULL;
    tdc_payload written;
    expect_ok(tdc_data_converter_parse(BYTES("version: 1\n"), NULL, 0, NULL, 0, &converter, &error), error);
    tdc_status status = tdc_codec_encode_payload(converter, NULL, 0, NULL, BYTES(HEAD), BYTES(DATA), NULL, 0,
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

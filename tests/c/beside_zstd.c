/* A program with a zstd of its own: names of its C code are taken here, and none of these may be
 * called by the library or be in the way of its own. scripts/test-static links it in every way a
 * program can be linked. */
#include <stdio.h>
#include <string.h>

#include <tdc.h>

static int calls;

#define TAKEN(name)                                                                                          \
    size_t name(void);                                                                                       \
    size_t name(void) {                                                                                      \
        return (size_t)++calls;                                                                              \
    }

TAKEN(ZSTD_createCCtx)
TAKEN(ZSTD_freeCCtx)
TAKEN(ZSTD_compressBound)
TAKEN(ZSTD_compressCCtx)
TAKEN(ZSTD_compress2)
TAKEN(ZSTD_CCtx_setParameter)
TAKEN(ZSTD_createDCtx)
TAKEN(ZSTD_freeDCtx)
TAKEN(ZSTD_decompressDCtx)
TAKEN(ZSTD_getFrameContentSize)
TAKEN(ZSTD_isError)
TAKEN(ZSTD_versionNumber)
TAKEN(HUF_decompress4X_usingDTable)
TAKEN(FSE_readNCount)
TAKEN(XXH64)

#define BYTES(literal) (const uint8_t *)(literal), sizeof(literal) - 1

static const char CONFIG[] = "version: 1\n"
                             "keys: { primary: one, ring: { one: { insecure_inline: "
                             "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE= } } }\n"
                             "codecs: [zstd: { min_size: 1 }, encrypt]\n";

/* Payloads { Payload { metadata {"encoding": "json/plain"}, data: 1000 times 'x' } } */
#define DATA_LEN 1000
#define HEAD                                                                                                 \
    "\x0a\x83\x08\x0a\x16\x0a\x08"                                                                           \
    "encoding"                                                                                               \
    "\x12\x0a"                                                                                               \
    "json/plain"                                                                                             \
    "\x12\xe8\x07"

static int failed(const char *what, tdc_error *error) {
    const uint8_t *message = NULL;
    size_t len = 0;
    if (error) {
        tdc_error_message(error, &message, &len);
    }
    fprintf(stderr, "beside_zstd: %s: %.*s\n", what, (int)len, (const char *)message);
    return 1;
}

int main(void) {
    uint8_t payloads[sizeof HEAD - 1 + DATA_LEN];
    memcpy(payloads, HEAD, sizeof HEAD - 1);
    memset(payloads + sizeof HEAD - 1, 'x', DATA_LEN);

    tdc_data_converter *converter = NULL;
    tdc_error *error = NULL;
    if (tdc_data_converter_parse(BYTES(CONFIG), BYTES("."), NULL, 0, &converter, &error) != TDC_OK) {
        return failed("open", error);
    }
    tdc_buffer encoded = {0}, decoded = {0};
    if (tdc_codec_encode(converter, NULL, NULL, 0, payloads, sizeof payloads, &encoded, &error) != TDC_OK) {
        return failed("encode", error);
    }
    if (encoded.len >= DATA_LEN) {
        return failed("encode compressed nothing", NULL);
    }
    if (tdc_codec_decode(converter, NULL, NULL, 0, encoded.data, encoded.len, &decoded, &error) != TDC_OK) {
        return failed("decode", error);
    }
    if (decoded.len != sizeof payloads || memcmp(decoded.data, payloads, sizeof payloads) != 0) {
        return failed("decode gave other bytes", NULL);
    }
    /* A text that is not a configuration, so that errors are made and unwound as well. */
    if (tdc_data_converter_parse(BYTES("version: ["), BYTES("."), NULL, 0, &converter, &error) !=
        TDC_ERR_CONFIG) {
        return failed("expected TDC_ERR_CONFIG", error);
    }
    tdc_error_free(error);
    tdc_buffer_free(&encoded);
    tdc_buffer_free(&decoded);
    tdc_data_converter_free(converter);
    if (calls != 0) {
        return failed("the library called the program's zstd", NULL);
    }
    return ZSTD_versionNumber() == 1 ? 0 : failed("the program called the library's zstd", NULL);
}

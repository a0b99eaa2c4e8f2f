/* Faults on purpose, to prove that the sanitizers are on: scripts/test-deep expects each to be
 * caught, and a clean run without one.
 * seeded_fault none|over-read|use-after-free|leak */
#include <string.h>

#include "check.h"
#include "fixture.h"

/* The library reads a handle that it freed. */
static void use_after_free(void) {
    tdc_data_converter *converter = parse(ENCRYPT);
    tdc_data_converter_free(converter);
    (void)tdc_data_converter_flags(converter);
}

/* The library's error is never freed. */
static void leak(tdc_data_converter *converter) {
    tdc_buffer out;
    tdc_error *error = NULL;
    CHECK(tdc_codec_encode(converter, NULL, NULL, 0, NULL, 1, &out, &error) == TDC_ERR_NULL);
}

/* The tag of a field at the very end of some memory, and a length that is one byte too long: the
 * library's walk reads past the end. */
static void over_read(tdc_data_converter *converter) {
    uint8_t *tag = malloc(1);
    uint8_t out[512];
    tdc_payload written;
    CHECK(tag != NULL);
    *tag = 0x12;
    (void)tdc_codec_encode_payload(converter, NULL, NULL, 0, tag, 2, NULL, 0, out, sizeof out, &written,
                                   NULL);
    free(tag);
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    tdc_data_converter *converter = parse(ENCRYPT);
    if (strcmp(argv[1], "over-read") == 0) {
        over_read(converter);
    } else if (strcmp(argv[1], "use-after-free") == 0) {
        use_after_free();
    } else if (strcmp(argv[1], "leak") == 0) {
        leak(converter);
    } else {
        CHECK(strcmp(argv[1], "none") == 0);
    }
    tdc_data_converter_free(converter);
    return 0;
}

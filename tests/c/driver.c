/* The C side of the conformance matrix and the demo:
 *
 *   driver --codec tdc --config PATH encode|decode IN OUT
 *
 * IN and OUT are files with one serialised temporal.api.common.v1.Payloads. Exit status 1, and the
 * message on
 * standard error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tdc.h"

struct file {
    uint8_t *bytes;
    size_t len;
};

static void fail(const char *what, const char *why) {
    fprintf(stderr, "driver: %s: %s\n", what, why);
    exit(1);
}

static void check(tdc_status status, tdc_error *error) {
    if (status == TDC_OK) {
        return;
    }
    const uint8_t *message = NULL;
    size_t len = 0;
    tdc_error_message(error, &message, &len);
    fprintf(stderr, "%s", tdc_status_name(status));
    if (tdc_error_payload_index(error) >= 0) {
        fprintf(stderr, " at payloads[%lld]", (long long)tdc_error_payload_index(error));
    }
    fprintf(stderr, ": %.*s\n", (int)len, (const char *)message);
    tdc_error_free(error);
    exit(1);
}

static struct file read_file(const char *path) {
    struct file read = {NULL, 0};
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail(path, "cannot be opened");
    }
    size_t taken;
    do {
        read.bytes = realloc(read.bytes, read.len + 65536);
        if (read.bytes == NULL) {
            fail(path, "is too large");
        }
        taken = fread(read.bytes + read.len, 1, 65536, file);
        read.len += taken;
    } while (taken > 0);
    if (ferror(file)) {
        fail(path, "cannot be read");
    }
    fclose(file);
    return read;
}

static void write_file(const char *path, const tdc_buffer *bytes) {
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes->data, 1, bytes->len, file) != bytes->len || fclose(file) != 0) {
        fail(path, "cannot be written");
    }
}

int main(int argc, char **argv) {
    if (argc != 8 || strcmp(argv[1], "--codec") != 0 || strcmp(argv[3], "--config") != 0) {
        fail("usage", "driver --codec tdc --config PATH encode|decode IN OUT");
    }
    if (strcmp(argv[2], "tdc") != 0) {
        fail(argv[2], "C has the codec tdc only");
    }
    int encodes = strcmp(argv[5], "encode") == 0;
    if (!encodes && strcmp(argv[5], "decode") != 0) {
        fail(argv[5], "expected encode or decode");
    }

    tdc_data_converter *converter = NULL;
    tdc_error *error = NULL;
    const uint8_t *path = (const uint8_t *)argv[4];
    check(tdc_data_converter_open(path, strlen(argv[4]), NULL, 0, &converter, &error), error);

    struct file in = read_file(argv[6]);
    tdc_buffer out = {0};
    tdc_status status = (encodes ? tdc_codec_encode : tdc_codec_decode)(converter, NULL, NULL, 0, in.bytes,
                                                                        in.len, &out, &error);
    check(status, error);
    write_file(argv[7], &out);

    tdc_buffer_free(&out);
    free(in.bytes);
    tdc_data_converter_free(converter);
    return 0;
}

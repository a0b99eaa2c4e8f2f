/* How the C tests say what they expect. The first expectation that fails ends the program: later
 * ones would only repeat it. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>

#include "tdc.h"

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition);                         \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

/* `error` is a tdc_error * or NULL: its sentence is shown when the status is not the expected
 * one. */
#define CHECK_STATUS(expected, actual, error)                                                                \
    check_status(__FILE__, __LINE__, #actual, (expected), (actual), (error))

static inline void check_status(const char *file, int line, const char *call, tdc_status expected,
                                tdc_status actual, const tdc_error *error) {
    if (actual == expected) {
        return;
    }
    const uint8_t *message = (const uint8_t *)"";
    size_t len = 0;
    tdc_error_message(error, &message, &len);
    fprintf(stderr, "%s:%d: expected %s, found %s %.*s from %s\n", file, line, tdc_status_name(expected),
            tdc_status_name(actual), (int)len, (const char *)message, call);
    exit(1);
}

#endif

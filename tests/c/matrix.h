/* The table behind matrix.c: functions, their pointer arguments, and what a valid one is. */
#ifndef MATRIX_H
#define MATRIX_H

#include <stddef.h>

#include "tdc.h"

/* HANDLE: of the library. CALL: a tdc_call or NULL. BYTES: pointer and length in. ROOM: pointer and
 * capacity out. SLOT: for a result. ERROR: for details. */
enum kind { HANDLE, CALL, BYTES, ROOM, SLOT, ERROR };

struct value {
    void *pointer;
    size_t len;
};

/* `valid` points to the table's valid value; NULL for slots, whose memory the matrix has itself. */
struct argument {
    enum kind kind;
    const struct value *valid;
};

#define MAX_ARGUMENTS 8

struct function {
    const char *name;
    tdc_status (*call)(const struct value *values);
    /* Frees what a successful call left in its slot; NULL when it left nothing to free. */
    void (*release)(void *slot);
    size_t count;
    struct argument arguments[MAX_ARGUMENTS];
};

/* The table; its valid values exist between matrix_setup and matrix_teardown. */
const struct function *matrix_functions(size_t *count);
void matrix_setup(void);
void matrix_teardown(void);

#endif

/* Every pointer argument of every function that returns a status, in every state that it can arrive
 * in: valid, valid and empty, NULL, NULL and empty, and with a length that no memory has. Each
 * function is called with every combination.
 * What must hold without knowing which of several faults the library sees first: a call with faults
 * answers the code of one of them; one without faults never answers these codes; result slots are
 * written only on success, and *error only with an error. */
#include <string.h>

#include "check.h"
#include "fixture.h"
#include "matrix.h"
#include "tests.h"

/* The states, by kind of argument: handles, slots and `error` are only present or NULL. */
enum state { VALID, ABSENT, EMPTY, ABSENT_EMPTY, HUGE_LEN, ABSENT_HUGE, STATES };

#define SLOT_LEN 64

static enum state states_of(enum kind kind) {
    return kind == BYTES || kind == ROOM ? STATES : EMPTY;
}

static struct value value_in(const struct argument *argument, enum state state, void *slot) {
    struct value valid = argument->valid != NULL ? *argument->valid : (struct value){slot, 0};
    switch (state) {
    case VALID:
        return valid;
    case EMPTY:
        return (struct value){valid.pointer, 0};
    case HUGE_LEN:
        return (struct value){valid.pointer, SIZE_MAX};
    case ABSENT_EMPTY:
        return (struct value){NULL, 0};
    case ABSENT_HUGE:
        return (struct value){NULL, SIZE_MAX};
    default:
        return (struct value){NULL, 1};
    }
}

/* The code that this state alone must be answered with; TDC_OK when it is no fault. */
static tdc_status fault_of(enum kind kind, enum state state) {
    if (kind == ERROR || kind == CALL) {
        return TDC_OK;
    }
    if (state == HUGE_LEN) {
        return TDC_ERR_ARGUMENT;
    }
    return state == ABSENT || state == ABSENT_HUGE ? TDC_ERR_NULL : TDC_OK;
}

static void check_error(const tdc_error *error, tdc_status status) {
    const uint8_t *message = NULL;
    size_t len = 0;
    CHECK(tdc_error_code(error) == status);
    tdc_error_message(error, &message, &len);
    CHECK(message != NULL && len > 0);
    CHECK(tdc_error_size_needed(error) > 0 || status != TDC_ERR_BUFFER_TOO_SMALL);
}

static void make_one_call(const struct function *function, const enum state *states) {
    union {
        uint8_t bytes[SLOT_LEN];
        tdc_error *error;
        uint64_t alignment;
    } slots[MAX_ARGUMENTS];
    struct value values[MAX_ARGUMENTS];
    int faults = 0, answered_one_of_them = 0, error_slot = -1;
    memset(slots, POISON, sizeof slots);
    for (size_t i = 0; i < function->count; i++) {
        values[i] = value_in(&function->arguments[i], states[i], slots[i].bytes);
        if (function->arguments[i].kind == ERROR && states[i] == VALID) {
            error_slot = (int)i;
        }
    }

    tdc_status status = function->call(values);

    for (size_t i = 0; i < function->count; i++) {
        tdc_status fault = fault_of(function->arguments[i].kind, states[i]);
        faults += fault != TDC_OK;
        answered_one_of_them |= fault == status;
        if (function->arguments[i].kind == SLOT && states[i] == VALID) {
            CHECK(status == TDC_OK || is_poisoned(slots[i].bytes, SLOT_LEN));
        }
        if (function->arguments[i].kind == ROOM && status != TDC_OK) {
            CHECK(is_poisoned(function->arguments[i].valid->pointer, function->arguments[i].valid->len));
        }
    }
    if (faults > 0) {
        CHECK(status != TDC_OK && answered_one_of_them);
    } else {
        CHECK(status != TDC_ERR_NULL && status != TDC_ERR_ARGUMENT && status != TDC_ERR_PANIC);
    }
    if (error_slot >= 0) {
        if (status == TDC_OK || status == TDC_UNCHANGED || status == TDC_REQUESTS) {
            CHECK(is_poisoned(slots[error_slot].bytes, SLOT_LEN));
        } else {
            check_error(slots[error_slot].error, status);
            tdc_error_free(slots[error_slot].error);
        }
    }
    for (size_t i = 0; i < function->count; i++) {
        if (function->arguments[i].kind == CALL) {
            tdc_call_end(values[i].pointer);
        }
    }
    if (status == TDC_OK) {
        for (size_t i = 0; i < function->count; i++) {
            if (function->arguments[i].kind == SLOT && function->release != NULL) {
                function->release(slots[i].bytes);
            } else if (function->arguments[i].kind == ROOM) {
                memset(function->arguments[i].valid->pointer, POISON, function->arguments[i].valid->len);
            }
        }
    }
}

/* Counts through all combinations, the first argument fastest. */
static void every_combination(const struct function *function) {
    enum state states[MAX_ARGUMENTS] = {VALID};
    for (;;) {
        make_one_call(function, states);
        size_t i = 0;
        while (i < function->count && ++states[i] == states_of(function->arguments[i].kind)) {
            states[i++] = VALID;
        }
        if (i == function->count) {
            return;
        }
    }
}

void test_null_matrix(void) {
    size_t count = 0;
    const struct function *functions = matrix_functions(&count);
    matrix_setup();
    for (size_t i = 0; i < count; i++) {
        every_combination(&functions[i]);
    }
    matrix_teardown();
}

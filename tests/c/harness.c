/* The C harness: every group of tests, and the vectors.
 * harness VECTORS run everything; VECTORS is what vectors_to_lines.py made harness --functions
 * print the functions whose pointer arguments are tested, for comparison with the header */
#include <string.h>

#include "check.h"
#include "tests.h"

static const struct {
    const char *name;
    void (*run)(void);
} GROUPS[] = {
#ifndef _WIN32 /* which has no fork */
    {"fork at first use", test_fork_first_use},
#endif
    {"static functions", test_static_functions},
    {"getters", test_getters},
    {"frees", test_frees},
    {"null, zero and huge arguments", test_null_matrix},
    {"buffers and bounds", test_buffers},
    {"secrecy", test_secrecy},
    {"serialization context", test_context},
    {"keys from the host", test_host_keys},
    {"answers", test_answers},
    {"reload", test_reload},
    {"remote codec", test_remote},
    {"stored objects", test_storage},
    {"threads on one handle", test_threads},
#ifndef _WIN32 /* which places a thread's stack by itself, too */
    {"fork", test_fork},
    {"fork and locks", test_fork_locks},
    {"stack", test_stack},
#endif
};

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: harness VECTORS | --functions\n");
        return 2;
    }
    if (strcmp(argv[1], "--functions") == 0) {
        list_functions();
        return 0;
    }
    CHECK(tdc_abi_version() == TDC_ABI_VERSION);
    for (size_t i = 0; i < sizeof GROUPS / sizeof *GROUPS; i++) {
        GROUPS[i].run();
        printf("ok  %s\n", GROUPS[i].name);
        fflush(stdout);
    }
    printf("vectors: c ran %d\n", run_vectors(argv[1]));
    return 0;
}

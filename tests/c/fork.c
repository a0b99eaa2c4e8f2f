/* Parent and children never use a nonce twice: a generator that keeps state over fork() repeats
 * itself, and a nonce that repeats breaks AES-GCM. Each child is a copy of a process that has
 * encrypted before, in two threads. */
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "fixture.h"
#include "tests.h"

#define NONCE_LEN 12
#define CHILDREN 4
#define NONCES 500

typedef uint8_t nonce[NONCE_LEN];

static tdc_data_converter *converter;

/* Encrypts NONCES payloads, one by one, and keeps their nonces. */
static void *encrypt_nonces(void *out) {
    nonce *nonces = out;
    struct payload plain = payload_make("json/plain", (const uint8_t *)"1", 1);
    for (size_t i = 0; i < NONCES; i++) {
        struct payload sealed = encoded(converter, &plain);
        memcpy(nonces[i], sealed.bytes + sealed.data_offset, NONCE_LEN);
        payload_free(&sealed);
    }
    payload_free(&plain);
    return NULL;
}

/* The same in two threads at once. */
static void encrypt_in_two_threads(nonce *nonces) {
    pthread_t other;
    CHECK(pthread_create(&other, NULL, encrypt_nonces, nonces) == 0);
    encrypt_nonces(nonces + NONCES);
    CHECK(pthread_join(other, NULL) == 0);
}

/* A child makes a data key of its own, and opens what its parent's encrypted: two processes with
 * one key would use up its limits without knowing of each other. */
static void fork_with_a_data_key(void) {
    converter = parse(ENVELOPES);
    struct payload plain = payload_make("json/plain", (const uint8_t *)"1", 1);
    struct payload before = encoded(converter, &plain);
    uint8_t heads[2][512];
    int ends[2];
    CHECK(before.data_offset < sizeof heads[0] && pipe(ends) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        uint8_t out[512];
        tdc_payload opened;
        tdc_status status = tdc_codec_decode_payload(converter, NULL, NULL, 0, before.bytes, before.len, NULL,
                                                     0, out, sizeof out, &opened, NULL);
        int is_opened =
            status == TDC_OK && opened.len == plain.len && memcmp(out, plain.bytes, plain.len) == 0;
        for (size_t i = 0; i < 2; i++) {
            struct payload sealed = encoded(converter, &plain);
            if (write(ends[1], sealed.bytes, sealed.data_offset) != (ssize_t)before.data_offset) {
                _exit(1);
            }
        }
        _exit(is_opened ? 0 : 1);
    }
    close(ends[1]);
    size_t count = 0;
    for (ssize_t taken; count < 2 * before.data_offset; count += (size_t)taken) {
        uint8_t *head = heads[count / before.data_offset];
        size_t at = count % before.data_offset;
        taken = read(ends[0], head + at, before.data_offset - at);
        CHECK(taken > 0);
    }
    close(ends[0]);
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    struct payload after = encoded(converter, &plain);
    CHECK(memcmp(after.bytes, before.bytes, before.data_offset) == 0);
    CHECK(memcmp(heads[0], before.bytes, before.data_offset) != 0);
    CHECK(memcmp(heads[0], heads[1], before.data_offset) == 0);
    payload_free(&plain);
    payload_free(&before);
    payload_free(&after);
    tdc_data_converter_free(converter);
}

static pid_t start_child(int *nonces_of_child) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        static nonce nonces[2 * NONCES];
        close(ends[0]);
        encrypt_in_two_threads(nonces);
        const uint8_t *bytes = nonces[0];
        size_t left = sizeof nonces;
        while (left > 0) {
            ssize_t written = write(ends[1], bytes, left);
            if (written <= 0) {
                _exit(1);
            }
            bytes += written;
            left -= (size_t)written;
        }
        _exit(0);
    }
    close(ends[1]);
    *nonces_of_child = ends[0];
    return child;
}

static void read_all(int from, uint8_t *bytes, size_t len) {
    while (len > 0) {
        ssize_t taken = read(from, bytes, len);
        CHECK(taken > 0);
        bytes += taken;
        len -= (size_t)taken;
    }
    close(from);
}

static int compare(const void *a, const void *b) {
    return memcmp(a, b, NONCE_LEN);
}

void test_fork(void) {
    static nonce nonces[CHILDREN + 2][2 * NONCES];
    pid_t children[CHILDREN];
    int pipes[CHILDREN];
    converter = parse(ENCRYPT);
    encrypt_in_two_threads(nonces[CHILDREN]);
    for (size_t i = 0; i < CHILDREN; i++) {
        children[i] = start_child(&pipes[i]);
    }
    encrypt_in_two_threads(nonces[CHILDREN + 1]);
    for (size_t i = 0; i < CHILDREN; i++) {
        int status = 0;
        read_all(pipes[i], nonces[i][0], sizeof nonces[i]);
        CHECK(waitpid(children[i], &status, 0) == children[i]);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    size_t count = sizeof nonces / NONCE_LEN;
    nonce *all = nonces[0];
    qsort(all, count, NONCE_LEN, compare);
    for (size_t i = 1; i < count; i++) {
        CHECK(memcmp(all[i - 1], all[i], NONCE_LEN) != 0);
    }
    tdc_data_converter_free(converter);
    fork_with_a_data_key();
}

/* A child never waits for a thread of its parent. Threads take a lock of the library again and
 * again, or make what is made at first use, while the process forks: in the child they are gone,
 * and what they had locked would stay locked. Each child then makes the same calls. One that hangs
 * is ended by its alarm, which is no measure of speed. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "fixture.h"
#include "host.h"
#include "tests.h"

#define HAMMERS 2
#define CHILDREN 50
#define HANGS_AFTER_SECONDS 60

/* The allocators of gcc's AddressSanitizer, and of zig where it links musl statically, may be
 * locked in a child themselves, and so may QEMU; make test-c runs these tests. */
#if defined __SANITIZE_ADDRESS__ || defined OTHERS_ARE_LOCKED_IN_A_CHILD
#define SKIP_IF_OTHERS_ARE_LOCKED                                                                            \
    puts("fork with busy threads: skipped, because the allocator or the emulator has locks of its own");     \
    return;
#else
#define SKIP_IF_OTHERS_ARE_LOCKED
#endif

/* Envelopes, of which two data keys stay unwrapped. */
#define FEW_UNWRAPPED                                                                                        \
    "version: 1\n"                                                                                           \
    "keys: { primary: one, ring: { one: { insecure_inline: '" KEY_1 "', envelope: true } },\n"               \
    "        cache: { entries: 2 } }\n"                                                                      \
    "codecs: [encrypt]\n"

static const uint8_t KEY[] = "11111111111111111111111111111111";

static tdc_data_converter *shared;
static atomic_int stopped;

/* Waits for a child, which must have ended well. */
static void check_child(pid_t child, const char *what) {
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        fprintf(stderr, "%s: a child hangs\n", what);
        exit(1);
    }
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static pid_t fork_with_alarm(void) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(HANGS_AFTER_SECONDS);
    }
    return child;
}

/* ---- what takes which lock ---- */

/* The one of reads, the one of searches, and the state of a handle is swapped. */
static void reload(void) {
    CHECK(tdc_data_converter_reload(shared, NULL) == TDC_OK);
    struct payload payload = payload_make("json/plain", (const uint8_t *)"1", 1);
    struct payload sealed = encoded(shared, &payload);
    payload_free(&payload);
    payload_free(&sealed);
}

/* The one of the host's keys, which other threads take as well: each payload needs a key of its
 * own. */
static void keys(void) {
    static atomic_int number;
    char id[16];
    snprintf(id, sizeof id, "key-%06d", atomic_fetch_add(&number, 1) % 1000000);
    struct payload payload = encrypted_under(id);
    uint8_t out[64];
    tdc_payload written;
    tdc_call call = {0};
    tdc_status status = TDC_OK;
    for (int tries = 0; tries < 2; tries++) {
        status = tdc_codec_decode_payload(shared, &call, NULL, 0, payload.bytes, payload.len, NULL, 0, out,
                                          sizeof out, &written, NULL);
        if (tries == 0) {
            CHECK(status == TDC_REQUESTS);
            uint64_t request = the_request(&call, HOST_KEY).id;
            CHECK(answer(shared, &call, request, HOST_KEY, KEY, 32, NULL) == TDC_OK);
        }
    }
    tdc_call_end(&call);
    /* So many keys are dropped together, now and then. */
    CHECK(status == TDC_ERR_AUTHENTICATION || status == TDC_ERR_KEY_UNKNOWN);
    payload_free(&payload);
}

/* The one of descriptors: each file is a new one. */
static void descriptors(void) {
    static atomic_int number;
    char set[64];
    int next = atomic_fetch_add(&number, 1);
    /* FileDescriptorSet { file { name, package } } */
    int len =
        snprintf(set, sizeof set, "\x0a\x17\x0a\x0c%06d.proto\x12\x07p%06d", next % 1000000, next % 1000000);
    CHECK(len == 25);
    tdc_error *error = NULL;
    tdc_call call = {0};
    uint64_t id = ask_for_type(shared, &call);
    CHECK_STATUS(TDC_OK, answer(shared, &call, id, HOST_DESCRIPTOR, set, (size_t)len, &error), error);
    tdc_call_end(&call);
}

/* Encodes a payload for a namespace, which has a data key of its own. */
static struct payload sealed_for(unsigned number) {
    char context[16];
    int len = snprintf(context, sizeof context, "\x12\x07n%06u", number % 1000000);
    CHECK(len == 9);
    struct payload payload = payload_make("json/plain", (const uint8_t *)"1", 1);
    struct payload sealed = {malloc(1024), 0, 0};
    CHECK(sealed.bytes != NULL);
    tdc_call call = {0};
    tdc_payload written;
    tdc_error *error = NULL;
    tdc_status status =
        tdc_codec_encode_payload(shared, &call, (const uint8_t *)context, (size_t)len, payload.bytes,
                                 payload.len, NULL, 0, sealed.bytes, 1024, &written, &error);
    CHECK_STATUS(TDC_OK, status, error);
    CHECK(written.owned.data == NULL);
    sealed.len = written.len;
    tdc_call_end(&call);
    payload_free(&payload);
    return sealed;
}

/* The one of data keys that encrypt: each namespace needs a new one. */
static void data_keys(void) {
    static atomic_uint number;
    struct payload sealed = sealed_for(atomic_fetch_add(&number, 1));
    payload_free(&sealed);
}

/* The one of data keys that were unwrapped: more than are kept, in turn. */
static struct payload unwrapped_in_turn[8];
#define UNWRAPPED (sizeof unwrapped_in_turn / sizeof *unwrapped_in_turn)

static void seal_all(void) {
    for (size_t i = 0; i < UNWRAPPED; i++) {
        unwrapped_in_turn[i] = sealed_for((unsigned)i);
    }
}

static void free_all(void) {
    for (size_t i = 0; i < UNWRAPPED; i++) {
        payload_free(&unwrapped_in_turn[i]);
    }
}

static void unwrapped_keys(void) {
    static atomic_uint number;
    const struct payload *sealed = &unwrapped_in_turn[atomic_fetch_add(&number, 1) % UNWRAPPED];
    uint8_t out[256];
    tdc_call call = {0};
    tdc_payload written;
    tdc_error *error = NULL;
    tdc_status status = tdc_codec_decode_payload(shared, &call, NULL, 0, sealed->bytes, sealed->len, NULL, 0,
                                                 out, sizeof out, &written, &error);
    CHECK_STATUS(TDC_OK, status, error);
    tdc_call_end(&call);
}

static void nothing(void) {
}

static const struct {
    const char *name;
    const char *document;
    void (*turn)(void);
    /* Before the first turn, and after the last. */
    void (*begin)(void);
    void (*end)(void);
} LOCKS[] = {
    {"reload", NULL, reload, nothing, nothing},
    {"keys of the host", HOST_KEYS, keys, nothing, nothing},
    {"descriptors", PLAIN, descriptors, nothing, nothing},
    {"data keys that encrypt", ENVELOPES, data_keys, nothing, nothing},
    {"data keys that were unwrapped", FEW_UNWRAPPED, unwrapped_keys, seal_all, free_all},
};

static void *hammer(void *turn) {
    while (!atomic_load(&stopped)) {
        (*(void (*const *)(void))turn)();
    }
    return NULL;
}

static void fork_while_taken(size_t lock) {
    char *path = LOCKS[lock].document == NULL ? temporary_file("tdc.yaml", ENCRYPT) : NULL;
    if (path != NULL) {
        tdc_error *error = NULL;
        tdc_status status =
            tdc_data_converter_open((const uint8_t *)path, strlen(path), NULL, 0, &shared, &error);
        CHECK_STATUS(TDC_OK, status, error);
    } else {
        shared = parse(LOCKS[lock].document);
    }
    LOCKS[lock].begin();
    pthread_t hammers[HAMMERS];
    atomic_store(&stopped, 0);
    for (size_t i = 0; i < HAMMERS; i++) {
        CHECK(pthread_create(&hammers[i], NULL, hammer, (void *)&LOCKS[lock].turn) == 0);
    }
    for (int i = 0; i < CHILDREN; i++) {
        pid_t child = fork_with_alarm();
        if (child == 0) {
            LOCKS[lock].turn();
            LOCKS[lock].turn();
            tdc_data_converter_free(shared);
            _exit(0);
        }
        check_child(child, LOCKS[lock].name);
    }
    atomic_store(&stopped, 1);
    for (size_t i = 0; i < HAMMERS; i++) {
        CHECK(pthread_join(hammers[i], NULL) == 0);
    }
    LOCKS[lock].end();
    tdc_data_converter_free(shared);
    if (path != NULL) {
        remove_temporary_file(path);
    }
}

void test_fork_locks(void) {
    SKIP_IF_OTHERS_ARE_LOCKED
    for (size_t lock = 0; lock < sizeof LOCKS / sizeof *LOCKS; lock++) {
        fork_while_taken(lock);
    }
}

/* ---- what is made at first use ---- */

static atomic_int begun, made;

/* Links the descriptors, works out where payloads are, and writes a message as JSON. */
static void use_descriptors(void) {
    static const char NAME[] = "temporal.api.failure.v1.Failure";
    struct payload payload;
    tdc_buffer out = {0};
    CHECK(tdc_message_encode(shared, NULL, NULL, 0, (const uint8_t *)NAME, sizeof NAME - 1, 0, NULL, 0, &out,
                             NULL) == TDC_OK);
    tdc_buffer_free(&out);
    payload = payload_make("binary/plain", (const uint8_t *)"1", 1);
    struct payload sealed = encoded(shared, &payload);
    payload_free(&payload);
    payload_free(&sealed);
}

static void *use_first(void *unused) {
    atomic_store(&begun, 1);
    use_descriptors();
    atomic_store(&made, 1);
    return unused;
}

/* Must run before anything else has used descriptors. */
void test_fork_first_use(void) {
    SKIP_IF_OTHERS_ARE_LOCKED
    shared = parse(ENCRYPT);
    for (int i = 0; i < 5; i++) {
        /* A process in which nothing was used yet. */
        pid_t fresh = fork_with_alarm();
        if (fresh == 0) {
            pthread_t first;
            CHECK(pthread_create(&first, NULL, use_first, NULL) == 0);
            while (!atomic_load(&begun)) {
            }
            do {
                pid_t child = fork_with_alarm();
                if (child == 0) {
                    use_descriptors();
                    _exit(0);
                }
                check_child(child, "first use");
            } while (!atomic_load(&made));
            CHECK(pthread_join(first, NULL) == 0);
            _exit(0);
        }
        check_child(fresh, "first use");
    }
    tdc_data_converter_free(shared);
}

/* What the tests use of POSIX and mingw-w64 does not have; scripts/test-platforms includes it
 * before every file. */
#ifndef ON_WINDOWS_H
#define ON_WINDOWS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

static inline void *memmem(const void *memory, size_t len, const void *wanted, size_t wanted_len) {
    for (size_t i = 0; wanted_len <= len && i <= len - wanted_len; i++) {
        if (memcmp((const char *)memory + i, wanted, wanted_len) == 0) {
            return (char *)memory + i;
        }
    }
    return NULL;
}

static inline char *strsep(char **rest, const char *separators) {
    char *part = *rest;
    if (part != NULL) {
        char *end = part + strcspn(part, separators);
        *rest = *end == '\0' ? NULL : end + 1;
        *end = '\0';
    }
    return part;
}

static inline ssize_t getline(char **line, size_t *capacity, FILE *file) {
    size_t len = 0;
    for (int byte = fgetc(file); byte != EOF; byte = fgetc(file)) {
        if (len + 2 > *capacity) {
            *capacity = 2 * len + 4096;
            *line = realloc(*line, *capacity);
        }
        (*line)[len++] = (char)byte;
        (*line)[len] = '\0';
        if (byte == '\n') {
            break;
        }
    }
    return len > 0 ? (ssize_t)len : -1;
}

/* A file has the access control list of its folder. */
#define fchmod(file, mode) 0

#endif

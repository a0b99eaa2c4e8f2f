// A libtdc_keys whose service "encrypts" a key by turning over its bits. Every length
// in the tests' requests is one byte.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct tdc_keys {
	int unused;
};

static struct tdc_keys only;

uint32_t tdc_keys_abi_version(void) { return VERSION; }

uint32_t tdc_keys_open(struct tdc_keys **out) {
	*out = &only;
	return 0;
}

uint32_t tdc_keys_answer(const struct tdc_keys *keys, const uint8_t *requests, size_t len, uint8_t **out, size_t *out_len) {
	if (keys != &only)
		return 401;
	uint8_t *answers = calloc(1, len + 1), *at = answers;
	for (size_t i = 0; i < len; i += 2 + requests[i + 1]) {
		const uint8_t *request = requests + i + 2; // id: tag, number; kind: tag, length, service, key
		if (request[2] != (6 << 3 | 2) && request[2] != (7 << 3 | 2))
			continue; // the host's
		const uint8_t *key = request + 4 + 2 + request[5];
		*at++ = 1 << 3 | 2;
		*at++ = 4 + key[1];
		memcpy(at, request, 3);
		at[3] = key[1];
		for (int byte = 0; byte < key[1]; byte++)
			at[4 + byte] = ~key[2 + byte];
		at += 4 + key[1];
	}
	*out = answers;
	*out_len = at - answers;
	return 0;
}

void tdc_keys_answers_free(uint8_t *answers, size_t len) {
	memset(answers, 0, len);
	free(answers);
}

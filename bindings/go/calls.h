// The calls of tdc.h in the form that Go wants. It is a header because each file
// with cgo code compiles what it includes for itself.

#ifndef TDC_GO_CALLS_H
#define TDC_GO_CALLS_H

#include <tdc.h>

// What a call gives back, by value: so no Go memory that could hold a pointer
// is handed to C, and nothing needs pinning.
typedef struct {
	tdc_status status;
	tdc_error *error;
	size_t len;
	tdc_buffer owned;
} tdc_go_answer;

typedef struct {
	tdc_status status;
	tdc_error *error;
	tdc_data_converter *converter;
} tdc_go_opened;

static inline tdc_go_answer tdc_go_payload(int decode, const tdc_data_converter *self,
		tdc_call *call, const uint8_t *context, size_t context_len,
		const uint8_t *head, size_t head_len, const uint8_t *data, size_t data_len,
		uint8_t *out, size_t capacity) {
	tdc_go_answer answer = {0};
	tdc_payload written = {0};
	answer.status = decode
		? tdc_codec_decode_payload(self, call, context, context_len, head, head_len, data, data_len, out, capacity, &written, &answer.error)
		: tdc_codec_encode_payload(self, call, context, context_len, head, head_len, data, data_len, out, capacity, &written, &answer.error);
	answer.len = written.len;
	answer.owned = written.owned;
	return answer;
}

static inline tdc_go_answer tdc_go_payloads(int decode, const tdc_data_converter *self,
		tdc_call *call, const uint8_t *context, size_t context_len, const uint8_t *payloads, size_t payloads_len) {
	tdc_go_answer answer = {0};
	answer.status = decode
		? tdc_codec_decode(self, call, context, context_len, payloads, payloads_len, &answer.owned, &answer.error)
		: tdc_codec_encode(self, call, context, context_len, payloads, payloads_len, &answer.owned, &answer.error);
	answer.len = answer.owned.len;
	return answer;
}

static inline tdc_go_answer tdc_go_values(int back, const tdc_data_converter *self,
		tdc_call *call, const uint8_t *context, size_t context_len, const uint8_t *message, size_t message_len) {
	tdc_go_answer answer = {0};
	answer.status = back
		? tdc_converter_from_payload(self, call, context, context_len, message, message_len, &answer.owned, &answer.error)
		: tdc_converter_to_payload(self, call, context, context_len, message, message_len, &answer.owned, &answer.error);
	answer.len = answer.owned.len;
	return answer;
}

static inline tdc_go_answer tdc_go_failure(int decode, const tdc_data_converter *self,
		tdc_call *call, const uint8_t *context, size_t context_len, const uint8_t *failure, size_t failure_len) {
	tdc_go_answer answer = {0};
	answer.status = decode
		? tdc_failure_decode(self, call, context, context_len, failure, failure_len, &answer.owned, &answer.error)
		: tdc_failure_encode(self, call, context, context_len, failure, failure_len, &answer.owned, &answer.error);
	answer.len = answer.owned.len;
	return answer;
}

static inline tdc_go_answer tdc_go_message(int decode, const tdc_data_converter *self,
		tdc_call *call, const uint8_t *context, size_t context_len, const uint8_t *name, size_t name_len, uint32_t flags,
		const uint8_t *message, size_t message_len) {
	tdc_go_answer answer = {0};
	answer.status = decode
		? tdc_message_decode(self, call, context, context_len, name, name_len, flags, message, message_len, &answer.owned, &answer.error)
		: tdc_message_encode(self, call, context, context_len, name, name_len, flags, message, message_len, &answer.owned, &answer.error);
	answer.len = answer.owned.len;
	return answer;
}

static inline tdc_go_answer tdc_go_history(const tdc_data_converter *self,
		tdc_call *call, const uint8_t *context, size_t context_len, const uint8_t *history, size_t history_len) {
	tdc_go_answer answer = {0};
	answer.status = tdc_history_decode(self, call, context, context_len, history, history_len, &answer.owned, &answer.error);
	answer.len = answer.owned.len;
	return answer;
}

static inline tdc_go_opened tdc_go_open(const uint8_t *path, size_t path_len, const uint8_t *ns, size_t ns_len) {
	tdc_go_opened opened = {0};
	opened.status = tdc_data_converter_open(path, path_len, ns, ns_len, &opened.converter, &opened.error);
	return opened;
}

static inline tdc_go_opened tdc_go_parse(const uint8_t *document, size_t document_len, const uint8_t *dir, size_t dir_len,
		const uint8_t *ns, size_t ns_len) {
	tdc_go_opened opened = {0};
	opened.status = tdc_data_converter_parse(document, document_len, dir, dir_len, ns, ns_len, &opened.converter, &opened.error);
	return opened;
}

typedef struct {
	const uint8_t *data;
	size_t len;
} tdc_go_slice;

static inline tdc_go_slice tdc_go_requests(tdc_call *call) {
	tdc_go_slice requests = {0};
	tdc_call_requests(call, &requests.data, &requests.len);
	return requests;
}

#endif

/* The header by itself: it is compiled in every dialect that it promises, included twice, and in
 * C++ without the rest of the harness. */
#include "tdc.h"

static const tdc_status STATUSES[] = {TDC_OK, TDC_ERR_PANIC};
static const uint32_t VERSION = TDC_ABI_VERSION;

int main(void) {
    tdc_buffer buffer = {0, 0, 0};
    tdc_payload payload = {0, 0, 0, buffer};
    tdc_buffer_free(&payload.owned);
    return tdc_abi_version() == VERSION && tdc_status_is_transient(STATUSES[0]) == 0 ? 0 : 1;
}

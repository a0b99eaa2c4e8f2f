/**
 * The SDK's failure converter with `encodeCommonAttributes`, as a module that a workflow bundle can
 * contain: no addon, no Node.js. The configuration's `failures: { encode_common_attributes: true }`
 * makes `Tdc.dataConverter` name it.
 *
 * @module
 */

import { DefaultFailureConverter } from '@temporalio/common';

/** Moves message and stack trace of failures into a payload, which the codecs encode. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });

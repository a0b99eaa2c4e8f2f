// The SDK's default converters, as modules that a data converter names: with protobuf, and, as the
// oracles of the other languages, with failures that hide their text.

import { DefaultFailureConverter } from '@temporalio/common';
import { DefaultPayloadConverterWithProtobufs } from '@temporalio/common/lib/protobufs';
import * as protobufRoot from '@temporalio/proto';

export const payloadConverter = new DefaultPayloadConverterWithProtobufs({ protobufRoot });
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });

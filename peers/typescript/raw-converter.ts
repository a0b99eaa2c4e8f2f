// The SDK's converters in an order in which messages become `binary/protobuf`, the raw form that
// the configuration's own `converters` make json/protobuf of, or whatever they say.

import {
  BinaryPayloadConverter,
  CompositePayloadConverter,
  JsonPayloadConverter,
  UndefinedPayloadConverter,
} from '@temporalio/common';
import {
  ProtobufBinaryPayloadConverter,
  ProtobufJsonPayloadConverter,
} from '@temporalio/common/lib/protobufs';
import * as root from '@temporalio/proto';

export const payloadConverter = new CompositePayloadConverter(
  new UndefinedPayloadConverter(),
  new BinaryPayloadConverter(),
  new ProtobufBinaryPayloadConverter(root),
  new ProtobufJsonPayloadConverter(root),
  new JsonPayloadConverter(),
);

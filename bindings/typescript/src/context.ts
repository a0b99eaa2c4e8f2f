// The serialization context in the library's form: proto/tdc/context.proto.

import { intField, textField } from './wire.js';

const NO_CONTEXT = Buffer.alloc(0);
const WORKFLOW = intField(1, 1);
const ACTIVITY = intField(1, 2);
const IS_LOCAL = intField(8, 1);

/**
 * The context of payloads, as in the SDK's `SerializationContext`, for SDKs with and without that
 * type.
 */
export interface Context {
  /**
   * The kind of thing that owns the payloads. Kinds that the library does not know mean no context.
   */
  readonly type: string;
  /** Takes precedence over the namespace given at `open`. */
  readonly namespace?: string;
  /** The workflow, or the workflow that scheduled the activity. */
  readonly workflowId?: string;
  /** The activity. */
  readonly activityId?: string;
  /** Whether it is a local activity. */
  readonly isLocal?: boolean;
}

let last: { context: Context; bytes: Buffer } = { context: { type: '' }, bytes: NO_CONTEXT };

/** A context in bytes. The SDK often passes the same one, so the last is cached. */
export function encodeContext(context: Context | undefined): Buffer {
  if (context === undefined) return NO_CONTEXT;
  // By its fields, and not by its identity: a caller may change an object.
  if (!isSame(context, last.context)) last = { context: { ...context }, bytes: encode(context) };
  return last.bytes;
}

function isSame(one: Context, other: Context): boolean {
  return (
    one.type === other.type &&
    one.namespace === other.namespace &&
    one.workflowId === other.workflowId &&
    one.activityId === other.activityId &&
    one.isLocal === other.isLocal
  );
}

function encode({ type, namespace, workflowId, activityId, isLocal }: Context): Buffer {
  const place = [textField(2, namespace), textField(3, workflowId)];
  if (type === 'workflow') return Buffer.concat([WORKFLOW, ...place]);
  if (type !== 'activity') return NO_CONTEXT;
  const local = isLocal ? IS_LOCAL : NO_CONTEXT;
  return Buffer.concat([ACTIVITY, ...place, textField(5, activityId), local]);
}

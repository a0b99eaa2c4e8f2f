package io.tdc;

import com.google.protobuf.CodedOutputStream;
import io.temporal.payload.context.ActivitySerializationContext;
import io.temporal.payload.context.HasWorkflowSerializationContext;
import io.temporal.payload.context.SerializationContext;
import io.temporal.payload.context.WorkflowSerializationContext;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.annotation.Nullable;

/** The context of payloads, in the library's form, and how to treat errors there. */
final class Context {
  private static final int KIND = 1;
  private static final int NAMESPACE = 2;
  private static final int WORKFLOW_ID = 3;
  private static final int WORKFLOW_TYPE = 4;
  private static final int ACTIVITY_TYPE = 6;
  private static final int ACTIVITY_TASK_QUEUE = 7;
  private static final int IS_LOCAL = 8;

  private static final int KIND_WORKFLOW = 1;
  private static final int KIND_ACTIVITY = 2;

  /** The serialization context as {@code tdc.h} describes it: a small protobuf message. */
  final byte[] message;

  /** Local activities run on other threads, but their errors fail the workflow task as well. */
  final boolean isLocalActivity;

  private Context(byte[] message, boolean isLocalActivity) {
    this.message = message;
    this.isLocalActivity = isLocalActivity;
  }

  /** No particular context. */
  static Context none() {
    return new Context(new byte[0], false);
  }

  static Context of(SerializationContext context) {
    boolean isLocal =
        context instanceof ActivitySerializationContext
            && ((ActivitySerializationContext) context).isLocal();
    return new Context(message(context), isLocal);
  }

  /** Kinds of context that later SDKs bring say at least where they are, if they can. */
  private static byte[] message(SerializationContext context) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      if (context instanceof ActivitySerializationContext) {
        out.writeEnum(KIND, KIND_ACTIVITY);
      } else if (context instanceof WorkflowSerializationContext) {
        out.writeEnum(KIND, KIND_WORKFLOW);
      }
      if (context instanceof HasWorkflowSerializationContext) {
        HasWorkflowSerializationContext place = (HasWorkflowSerializationContext) context;
        write(out, NAMESPACE, place.getNamespace());
        write(out, WORKFLOW_ID, place.getWorkflowId());
      }
      if (context instanceof ActivitySerializationContext) {
        ActivitySerializationContext activity = (ActivitySerializationContext) context;
        write(out, WORKFLOW_TYPE, activity.getWorkflowType());
        write(out, ACTIVITY_TYPE, activity.getActivityType());
        write(out, ACTIVITY_TASK_QUEUE, activity.getActivityTaskQueue());
        if (activity.isLocal()) {
          out.writeBool(IS_LOCAL, true);
        }
      }
      out.flush();
    } catch (IOException e) {
      throw new IllegalStateException("an array does no input or output", e);
    }
    return bytes.toByteArray();
  }

  private static void write(CodedOutputStream out, int field, @Nullable String value)
      throws IOException {
    if (value != null && !value.isEmpty()) {
      out.writeString(field, value);
    }
  }
}

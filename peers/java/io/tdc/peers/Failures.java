package io.tdc.peers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import io.temporal.api.common.v1.Payload;
import io.temporal.api.failure.v1.Failure;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.converter.EncodedValues;
import io.temporal.common.converter.Values;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.CanceledFailure;
import io.temporal.failure.TemporalFailure;

/** Writes and reads chains of exceptions, described as a list, the outermost first. */
final class Failures {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final DataConverter converter;

  Failures(DataConverter converter) {
    this.converter = converter;
  }

  /** A failure of the chain that a record describes. */
  Payload write(Payload record) throws Exception {
    JsonNode chain = JSON.readTree(record.getData().toByteArray());
    Throwable thrown = null;
    for (int i = chain.size() - 1; i >= 0; i--) {
      thrown = thrown(chain.get(i), thrown);
    }
    return Oracle.wrapped(converter.exceptionToFailure(thrown));
  }

  /** An exception of the failure in a record, its chain described. */
  Payload read(Payload record) throws Exception {
    Failure failure = Failure.parseFrom(record.getData());
    ArrayNode chain = JSON.createArrayNode();
    Throwable read = converter.failureToException(failure);
    for (; read != null; read = read.getCause()) {
      chain.add(describe(read));
    }
    ByteString text = ByteString.copyFrom(JSON.writeValueAsBytes(chain));
    return Payload.newBuilder().setData(text).build();
  }

  private static Throwable thrown(JsonNode link, Throwable cause) throws Exception {
    String message = link.get("message").asText();
    Object[] details = JSON.treeToValue(link.get("details"), Object[].class);
    switch (link.get("kind").asText()) {
      case "application":
        return ApplicationFailure.newBuilder()
            .setMessage(message)
            .setType(link.get("type").asText())
            .setNonRetryable(link.get("non_retryable").asBoolean())
            .setDetails(details)
            .setCause(cause)
            .build();
      case "canceled":
        return new CanceledFailure(message, new EncodedValues(details), cause);
      default:
        return new IllegalStateException(message, cause);
    }
  }

  private static ObjectNode describe(Throwable read) {
    ObjectNode link = JSON.createObjectNode();
    link.put("kind", "own").put("message", read.getMessage()).put("type", "");
    link.put("non_retryable", false);
    Values details = null;
    if (read instanceof ApplicationFailure) {
      ApplicationFailure failure = (ApplicationFailure) read;
      link.put("kind", "application").put("type", failure.getType());
      link.put("message", failure.getOriginalMessage());
      link.put("non_retryable", failure.isNonRetryable());
      details = failure.getDetails();
    } else if (read instanceof CanceledFailure) {
      link.put("kind", "canceled").put("message", ((TemporalFailure) read).getOriginalMessage());
      details = ((CanceledFailure) read).getDetails();
    }
    ArrayNode array = link.putArray("details");
    if (details != null) {
      for (int i = 0; i < details.getSize(); i++) {
        array.add(JSON.valueToTree(details.get(i, Object.class)));
      }
    }
    return link;
  }
}

package io.tdc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import io.temporal.api.common.v1.Payload;
import io.temporal.api.common.v1.Payloads;
import io.temporal.payload.codec.PayloadCodec;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import javax.annotation.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The contract between the languages: every vector of {@code vectors}. */
class VectorsTest {
  private static final Path VECTORS = Path.of("..", "..", "vectors");
  private static final Set<String> CODEC_OPERATIONS = Set.of("encode", "decode", "roundtrip");
  private static int ran;

  @TestFactory
  List<DynamicTest> vectors() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(VECTORS, "*.json")) {
      for (Path file : files) {
        for (JsonNode vector : new ObjectMapper().readTree(file.toFile()).get("vectors")) {
          tests.add(
              DynamicTest.dynamicTest(
                  vector.get("name").asText(),
                  () -> {
                    assertDoesNotThrow(() -> run(vector), vector.get("name").asText());
                    ran++;
                  }));
        }
      }
    }
    assertTrue(!tests.isEmpty(), "there are no vectors in " + VECTORS);
    return tests;
  }

  @AfterAll
  static void say() {
    System.out.println("vectors: java" + Runtime.version().feature() + " ran " + ran);
  }

  /**
   * Runs a vector through the C ABI's call on many payloads, for its bytes may be any, and then, if
   * Java's protobuf reads them, through the SDK's interface.
   */
  private static void run(JsonNode vector) throws IOException {
    JsonNode expect = vector.get("expect");
    TdcBuilder builder = Tdc.builder(vector.get("config").asText(), Configs.HERE);
    if (vector.has("namespace")) {
      builder.namespace(vector.get("namespace").asText());
    }
    String operation = vector.get("operation").asText();
    if (operation.equals("open")) {
      if (expect.has("error")) {
        assertError(expect, assertThrows(TdcException.class, builder::open));
      } else {
        builder.open().close();
      }
      return;
    }
    byte[] input = HexFormat.of().parseHex(vector.get("input").asText());
    if (!CODEC_OPERATIONS.contains(operation)) {
      try (RawCalls calls = RawCalls.open(vector)) {
        checkMessage(calls, operation, input, expect);
      }
      return;
    }
    try (RawCalls calls = RawCalls.open(vector)) {
      checkBytes(calls, operation, input, expect);
    }
    try (Tdc tdc = builder.open()) {
      checkPayloads(tdc.payloadCodec(), operation, input, expect);
    }
  }

  private static void checkBytes(RawCalls calls, String operation, byte[] input, JsonNode expect)
      throws InvalidProtocolBufferException {
    if (expect.has("error")) {
      boolean encode = operation.equals("encode");
      assertError(expect, assertThrows(TdcException.class, () -> calls.run(encode, input)));
    } else if (operation.equals("roundtrip")) {
      byte[] encoded = calls.run(true, input);
      assertEncodings(expect, Payloads.parseFrom(encoded).getPayloadsList());
      assertArrayEquals(input, calls.run(false, encoded));
    } else {
      byte[] answer = calls.run(operation.equals("encode"), input);
      assertEquals(expect.get("payloads").asText(), HexFormat.of().formatHex(answer));
    }
  }

  private static void checkMessage(RawCalls calls, String operation, byte[] input, JsonNode expect)
      throws IOException {
    if (expect.has("error")) {
      assertError(expect, assertThrows(TdcException.class, () -> calls.message(operation, input)));
    } else {
      JsonNode expected = expect.has("message") ? expect.get("message") : expect.get("payloads");
      String answer = HexFormat.of().formatHex(calls.message(operation, input));
      assertEquals(expected == null ? "" : expected.asText(), answer);
    }
  }

  private static void checkPayloads(
      PayloadCodec codec, String operation, byte[] input, JsonNode expect)
      throws InvalidProtocolBufferException {
    List<Payload> payloads;
    try {
      Payloads read = Payloads.parseFrom(input);
      payloads = read.getPayloadsList();
      if (expect.has("error") && !Arrays.equals(input, read.toByteArray())) {
        return; // what is wrong with the bytes is not wrong with Java's payloads any more
      }
    } catch (InvalidProtocolBufferException e) {
      return; // the SDK refuses such a message before a codec sees it
    }
    if (expect.has("error")) {
      if (!isAboutTheWholeMessage(expect)) {
        boolean encode = operation.equals("encode");
        TdcException error = assertThrows(TdcException.class, () -> run(codec, encode, payloads));
        assertError(expect, error);
      }
    } else if (operation.equals("roundtrip")) {
      List<Payload> encoded = codec.encode(payloads);
      assertEncodings(expect, encoded);
      assertEquals(payloads, codec.decode(encoded));
    } else {
      List<Payload> answer = run(codec, operation.equals("encode"), payloads);
      byte[] expected = HexFormat.of().parseHex(expect.get("payloads").asText());
      assertEquals(Payloads.parseFrom(expected).getPayloadsList(), answer);
    }
  }

  private static List<Payload> run(PayloadCodec codec, boolean encode, List<Payload> payloads) {
    return encode ? codec.encode(payloads) : codec.decode(payloads);
  }

  /** Its size or its framing: a list of payloads in Java's memory has neither. */
  private static boolean isAboutTheWholeMessage(JsonNode expect) {
    return !expect.has("payload_index")
        && !expect.get("error").asText().equals("TDC_ERR_LIMIT")
        && !expect.get("error").asText().equals("TDC_ERR_NAMESPACE");
  }

  private static void assertError(JsonNode expect, TdcException error) {
    assertEquals(expect.get("error").asText(), error.codeName(), error.getMessage());
    int index = expect.has("payload_index") ? expect.get("payload_index").asInt() : -1;
    assertEquals(index, error.payloadIndex().orElse(-1), error.getMessage());
  }

  private static void assertEncodings(JsonNode expect, List<Payload> payloads)
      throws InvalidProtocolBufferException {
    List<String> expected = new ArrayList<>();
    expect.get("encodings").forEach(each -> expected.add(each.textValue()));
    List<String> found = new ArrayList<>();
    for (Payload payload : payloads) {
      ByteString encoding = payload.getMetadataOrDefault("encoding", null);
      found.add(encoding == null ? null : encoding.toStringUtf8());
    }
    assertEquals(expected, found);
    if (expect.has("external_sizes")) {
      List<List<Long>> sizes = new ArrayList<>();
      for (Payload payload : payloads) {
        sizes.add(externalSizes(payload));
      }
      List<List<Long>> expectedSizes = new ArrayList<>();
      for (JsonNode each : expect.get("external_sizes")) {
        List<Long> one = new ArrayList<>();
        each.forEach(size -> one.add(size.asLong()));
        expectedSizes.add(one);
      }
      assertEquals(expectedSizes, sizes);
    }
  }

  /** The sizes in {@code external_payloads}, which older versions of Temporal's API do not know. */
  private static List<Long> externalSizes(Payload payload) throws InvalidProtocolBufferException {
    List<Long> sizes = new ArrayList<>();
    UnknownFieldSet fields = UnknownFieldSet.parseFrom(payload.toByteString());
    for (ByteString details : fields.getField(3).getLengthDelimitedList()) {
      List<Long> size = UnknownFieldSet.parseFrom(details).getField(1).getVarintList();
      sizes.add(size.isEmpty() ? 0 : size.get(size.size() - 1));
    }
    return sizes;
  }

  /** The C ABI's calls on a serialised {@code Payloads}, as {@link Codec} makes them. */
  private static final class RawCalls implements AutoCloseable {
    private final Context context = Context.none();
    private final Handle handle;
    private final Messages messages;
    private final Host host;

    private RawCalls(String config, @Nullable String namespace) {
      handle = Handle.open(Path.of("."), config, namespace);
      host = new Host(handle, Outside.none());
      messages = new Messages(host);
    }

    static RawCalls open(JsonNode vector) {
      JsonNode namespace = vector.get("namespace");
      return new RawCalls(
          vector.get("config").asText(), namespace == null ? null : namespace.asText());
    }

    byte[] run(boolean encode, byte[] input) {
      try (Host.Call call = host.begin()) {
        int status;
        do {
          status = Backend.payloads(encode, call, context.message, input, input.length);
        } while (call.again(status));
        return call.takeAnswer();
      }
    }

    /** The operations that take a message and give one. */
    byte[] message(String operation, byte[] input) throws IOException {
      switch (operation) {
        case "to_payload":
          return values(false, input);
        case "from_payload":
          return values(true, input);
        case "encode_failure":
          return messages.run(Native::failureEncode, context, input);
        case "decode_failure":
          return messages.run(Native::failureDecode, context, input);
        case "decode_history":
          return messages.history(context, null, input);
        case "provide_descriptor":
          return provideDescriptor(input);
        default:
          throw new IllegalArgumentException("unknown operation " + operation);
      }
    }

    private byte[] values(boolean back, byte[] input) {
      try (Host.Call call = host.begin()) {
        int status;
        do {
          status = Boundary.values(back, call, context.message, input, input.length);
        } while (call.again(status));
        return call.takeAnswer();
      }
    }

    /** Answers the request for a type that is not known with these descriptors. */
    private byte[] provideDescriptor(byte[] input) throws IOException {
      Payload unknown =
          Payload.newBuilder()
              .putMetadata("encoding", ByteString.copyFromUtf8("binary/protobuf"))
              .putMetadata("messageType", ByteString.copyFromUtf8("app.v1.Nothing"))
              .build();
      byte[] value = Payloads.newBuilder().addPayloads(unknown).build().toByteArray();
      try (Host.Call call = host.begin()) {
        assertEquals(
            Abi.REQUESTS, Boundary.values(false, call, context.message, value, value.length));
        Errors.free(call.words);
        UnknownFieldSet requests =
            UnknownFieldSet.parseFrom(Boundary.requests(call, false).message);
        UnknownFieldSet request =
            UnknownFieldSet.parseFrom(requests.getField(1).getLengthDelimitedList().get(0));
        UnknownFieldSet answer =
            UnknownFieldSet.newBuilder()
                .addField(1, request.getField(1))
                .addField(
                    4,
                    UnknownFieldSet.Field.newBuilder()
                        .addLengthDelimited(ByteString.copyFrom(input))
                        .build())
                .build();
        byte[] answers =
            UnknownFieldSet.newBuilder()
                .addField(
                    1,
                    UnknownFieldSet.Field.newBuilder()
                        .addLengthDelimited(answer.toByteString())
                        .build())
                .build()
                .toByteArray();
        int status = Boundary.answer(call, answers);
        if (status != Abi.OK) {
          throw Errors.take(status, call.words);
        }
        return new byte[0];
      }
    }

    @Override
    public void close() {
      handle.close();
    }
  }
}

package io.tdc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.google.protobuf.ByteString;
import io.temporal.api.common.v1.Payload;
import io.temporal.api.common.v1.Payloads;
import io.temporal.api.common.v1.WorkflowExecution;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.converter.DataConverterException;
import io.temporal.common.converter.DefaultDataConverter;
import io.temporal.common.converter.GsonJsonPayloadConverter;
import io.temporal.common.converter.JacksonJsonPayloadConverter;
import io.temporal.common.converter.PayloadConverter;
import io.temporal.common.converter.RawValue;
import io.temporal.failure.ApplicationFailure;
import io.temporal.payload.context.WorkflowSerializationContext;
import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The configuration's converters as the SDK's data converter, with the SDK's default as oracle. */
class ConverterTest {
  private static final String DOCUMENT =
      "version: 1\nconverters: [null, bytes, json-protobuf, msgpack]\n";
  private static final Tdc TDC = Tdc.parse(DOCUMENT, Configs.HERE);
  private static final DataConverter OURS = TDC.payloadConverter();
  private static final DataConverter SDKS = DefaultDataConverter.newDefaultInstance();

  private static final WorkflowExecution EXECUTION =
      WorkflowExecution.newBuilder().setWorkflowId("w").build();

  /** An object of a user's, with what Jackson can do. */
  public record Order(
      String customer, long cents, List<Item> items, Instant at, Optional<String> note) {}

  /** A part of it. */
  public record Item(String name, double weight, byte[] image) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Item item
          && item.name.equals(name)
          && item.weight == weight
          && Arrays.equals(item.image, image);
    }

    @Override
    public int hashCode() {
      return name.hashCode();
    }
  }

  /** A class as beans are. */
  public static final class Box<T> {
    /** What is inside. */
    public T contents;
  }

  @AfterAll
  static void close() {
    TDC.close();
  }

  static Stream<Arguments> values() {
    List<Item> items = List.of(new Item("tea", 0.25, new byte[] {0, -1, 127}));
    Order order =
        new Order("Zoë 😀 <&>\u2028", 4200, items, Instant.ofEpochSecond(1, 5), Optional.of("x"));
    Box<List<Order>> box = new Box<>();
    box.contents = List.of(order);
    Map<String, Order> map = new LinkedHashMap<>();
    map.put("z", order);
    map.put("a", null);
    return Stream.of(
        Arguments.of(null, new TypeReference<String>() {}),
        Arguments.of("", new TypeReference<String>() {}),
        Arguments.of("Grüße", new TypeReference<String>() {}),
        Arguments.of(true, new TypeReference<Boolean>() {}),
        Arguments.of((1L << 53) + 1, new TypeReference<Long>() {}),
        Arguments.of(Long.MIN_VALUE, new TypeReference<Long>() {}),
        Arguments.of(new BigInteger("18446744073709551615"), new TypeReference<BigInteger>() {}),
        Arguments.of(0.1, new TypeReference<Double>() {}),
        Arguments.of(Double.NaN, new TypeReference<Double>() {}),
        Arguments.of(List.of(1, 2, 3), new TypeReference<List<Integer>>() {}),
        Arguments.of(new ArrayList<>(), new TypeReference<List<Order>>() {}),
        Arguments.of(
            UUID.fromString("00000000-0000-0001-0000-000000000002"), new TypeReference<UUID>() {}),
        Arguments.of(Duration.ofMillis(1500), new TypeReference<Duration>() {}),
        Arguments.of(order, new TypeReference<Order>() {}),
        Arguments.of(map, new TypeReference<Map<String, Order>>() {}),
        Arguments.of(map, new TypeReference<Map<String, Object>>() {}),
        Arguments.of(box.contents, new TypeReference<List<Order>>() {}),
        Arguments.of(List.of(List.of(order)), new TypeReference<List<List<Order>>>() {}));
  }

  @ParameterizedTest
  @MethodSource("values")
  void valuesComeBackAsWithTheSdksDefault(Object value, TypeReference<?> reference) {
    Type type = reference.getType();
    Class<?> raw = (Class<?>) (type instanceof ParameterizedType p ? p.getRawType() : type);
    Object expected = SDKS.fromPayload(SDKS.toPayload(value).orElseThrow(), raw, type);
    Payload payload = OURS.toPayload(value).orElseThrow();
    assertEquals(value == null ? "binary/null" : "binary/msgpack", encoding(payload));
    assertEquals(expected, OURS.fromPayload(payload, raw, type));
    // What the SDK wrote before the configuration was changed.
    assertEquals(expected, OURS.fromPayload(SDKS.toPayload(value).orElseThrow(), raw, type));
  }

  @Test
  void bytesAreBytes() {
    for (byte[] bytes : List.of(new byte[0], new byte[] {1, 2, 3})) {
      Payload payload = OURS.toPayload(bytes).orElseThrow();
      assertEquals("binary/plain", encoding(payload));
      assertArrayEquals(bytes, OURS.fromPayload(payload, byte[].class, byte[].class));
      assertThrows(
          DataConverterException.class,
          () -> OURS.fromPayload(payload, String.class, String.class));
    }
  }

  @Test
  void rawValuesPassEverything() {
    RawValue value = new RawValue(Configs.json("as it is"));
    Payload payload = OURS.toPayload(value).orElseThrow();
    assertSame(value.getPayload(), payload);
    assertEquals(value, OURS.fromPayload(payload, RawValue.class, RawValue.class));
    Payloads mixed = OURS.toPayloads("a", value, 1).orElseThrow();
    assertEquals("binary/msgpack", encoding(mixed.getPayloads(0)));
    assertEquals(value.getPayload(), mixed.getPayloads(1));
    Class<?>[] types = {String.class, RawValue.class, Integer.class};
    assertArrayEquals(
        new Object[] {"a", value, 1}, OURS.fromPayloads(Optional.of(mixed), types, types));
  }

  @Test
  void missingPayloadsGiveDefaultsAndNothingGivesNothing() {
    assertEquals(Optional.empty(), OURS.toPayloads());
    assertEquals(Optional.empty(), OURS.toPayloads((Object[]) null));
    Optional<Payloads> one = OURS.toPayloads("a");
    Class<?>[] types = {String.class, int.class, String.class};
    assertArrayEquals(new Object[] {"a", 0, null}, OURS.fromPayloads(one, types, types));
    assertArrayEquals(
        new Object[] {null, 0, null}, OURS.fromPayloads(Optional.empty(), types, types));
    assertEquals(0, OURS.fromPayloads(1, one, int.class, int.class));
    assertEquals(false, OURS.fromPayloads(0, Optional.empty(), boolean.class, boolean.class));
    assertThrows(
        IllegalArgumentException.class,
        () -> OURS.fromPayloads(one, types, new Type[] {int.class}));
    Class<?>[] lists = {String.class, List.class};
    Type[] generic = {String.class, new TypeReference<List<String>>() {}.getType()};
    assertArrayEquals(new Object[] {"a", null}, OURS.fromPayloads(one, lists, generic));
    Class<?>[] fewer = {String.class};
    Optional<Payloads> two = OURS.toPayloads("a", "b");
    assertArrayEquals(new Object[] {"a"}, OURS.fromPayloads(two, fewer, fewer));
    Payload empty = Configs.json(1).toBuilder().clearData().build();
    assertNull(OURS.fromPayload(empty, Integer.class, Integer.class));
  }

  @Test
  void anObjectMapperOrGsonSaysHowObjectsBecomeJson() {
    ObjectMapper mapper =
        JacksonJsonPayloadConverter.newDefaultObjectMapper()
            .setPropertyNamingStrategy(PropertyNamingStrategies.UPPER_CAMEL_CASE);
    JacksonJsonPayloadConverter jackson = new JacksonJsonPayloadConverter(mapper);
    Box<String> box = new Box<>();
    box.contents = "x";
    Type type = new TypeReference<Box<String>>() {}.getType();
    for (PayloadConverter json : List.of(jackson, new GsonJsonPayloadConverter())) {
      try (Tdc tdc = open(DOCUMENT, json)) {
        DataConverter converter = tdc.dataConverter();
        Payload payload = converter.toPayload(box).orElseThrow();
        assertEquals("binary/msgpack", encoding(payload));
        assertEquals(json == jackson, payload.getData().toStringUtf8().contains("Contents"));
        assertEquals("x", converter.fromPayload(payload, Box.class, type).contents);
      }
    }
    try (Tdc standard = open("version: 1\n", jackson)) {
      Payload json = standard.dataConverter().toPayload(box).orElseThrow();
      assertEquals("{\"Contents\":\"x\"}", json.getData().toStringUtf8());
    }
  }

  @Test
  void aConverterOfOnesOwnGoesBefore() {
    for (String document : List.of(DOCUMENT, "version: 1\n")) {
      try (Tdc tdc = open(document, new UuidConverter())) {
        DataConverter converter = tdc.dataConverter();
        UUID value = UUID.randomUUID();
        Payloads payloads = converter.toPayloads("a", value).orElseThrow();
        assertEquals("my/uuid", encoding(payloads.getPayloads(1)));
        Class<?>[] types = {String.class, UUID.class};
        assertArrayEquals(
            new Object[] {"a", value}, converter.fromPayloads(Optional.of(payloads), types, types));
        DataConverter placed = converter.withContext(new WorkflowSerializationContext("n", "w"));
        Payload payload = placed.toPayload(value).orElseThrow();
        assertEquals(value, placed.fromPayload(payload, UUID.class, UUID.class));
      }
    }
  }

  private static Tdc open(String document, PayloadConverter own) {
    return Tdc.builder(document, Configs.HERE).payloadConverters(own).open();
  }

  @Test
  void errorsAreTheSdksWithTheLibrarysAsTheCause() {
    Payload strange =
        Payload.newBuilder().putMetadata("encoding", ByteString.copyFromUtf8("my/own")).build();
    assertCode("TDC_ERR_ENCODING", 0, () -> read(strange));
    assertCode("TDC_ERR_ENCODING", 0, () -> read(Payload.getDefaultInstance()));
    Payload broken =
        OURS.toPayload("text").orElseThrow().toBuilder()
            .setData(ByteString.copyFrom(new byte[] {-63}))
            .build();
    assertCode("TDC_ERR_MESSAGE_PACK", 0, () -> read(broken));
    Payloads list =
        Payloads.newBuilder()
            .addPayloads(Configs.json(1))
            .addPayloads(Configs.json(2))
            .addPayloads(broken)
            .build();
    Class<?>[] types = {RawValue.class, Integer.class, String.class};
    assertCode("TDC_ERR_MESSAGE_PACK", 2, () -> OURS.fromPayloads(Optional.of(list), types, types));
    assertCode(
        "TDC_ERR_MESSAGE_PACK",
        2,
        () -> OURS.fromPayloads(2, Optional.of(list), String.class, String.class));
    assertEquals(2, OURS.fromPayloads(1, Optional.of(list), Integer.class, Integer.class));
    try (Tdc noJson = Tdc.parse("version: 1\nconverters: [null, bytes]\n", Configs.HERE)) {
      DataConverter converter = noJson.payloadConverter();
      assertCode("TDC_ERR_VALUE", 1, () -> converter.toPayloads(null, "no converter for this"));
    }
    Box<Object> cyclic = new Box<>();
    cyclic.contents = cyclic;
    assertThrows(DataConverterException.class, () -> OURS.toPayload(cyclic));
    assertThrows(
        DataConverterException.class,
        () -> OURS.fromPayload(OURS.toPayload("x").orElseThrow(), Integer.class, Integer.class));
  }

  @Test
  void theContextGoesToTheLibrary() {
    String document =
        "version: 1\nconverters: [null, bytes, msgpack]\n"
            + "namespaces:\n  - { match: here, codecs: [] }\n";
    try (Tdc tdc = Tdc.parse(document, Configs.HERE)) {
      DataConverter converter = tdc.dataConverter();
      DataConverter here = converter.withContext(new WorkflowSerializationContext("here", "w"));
      assertEquals("binary/msgpack", encoding(here.toPayload(1).orElseThrow()));
      DataConverter there = converter.withContext(new WorkflowSerializationContext("there", "w"));
      assertCode("TDC_ERR_NAMESPACE", -1, () -> there.toPayload(1));
      // From one place to another, as SDK and user may.
      assertEquals(
          "binary/msgpack",
          encoding(
              there
                  .withContext(new WorkflowSerializationContext("here", "w"))
                  .toPayload(1)
                  .orElseThrow()));
    }
  }

  @Test
  void detailsOfFailuresAreConvertedToo() {
    DataConverter converter = TDC.dataConverter();
    var failure =
        converter.exceptionToFailure(
            ApplicationFailure.newFailure("a message", "Type", Map.of("a", 1), "detail"));
    assertEquals(
        "binary/msgpack",
        encoding(failure.getApplicationFailureInfo().getDetails().getPayloads(0)));
    ApplicationFailure back =
        assertInstanceOf(ApplicationFailure.class, converter.failureToException(failure));
    assertEquals(Map.of("a", 1), back.getDetails().get(0, Map.class));
    assertEquals("detail", back.getDetails().get(1, String.class));
  }

  @Test
  void theDefaultListIsTheSdksOwnDefaultAndAReloadMayChangeIt(@TempDir Path directory)
      throws IOException {
    Path config = directory.resolve("tdc.yaml");
    Files.writeString(config, "version: 1\n");
    Tdc tdc = Tdc.open(config);
    DataConverter converter = tdc.payloadConverter();
    Object order = List.of("a", 1);
    assertEquals(SDKS.toPayload(order), converter.toPayload(order));
    assertEquals(SDKS.toPayload(EXECUTION), converter.toPayload(EXECUTION));
    assertEquals(SDKS.toPayloads(1, null), converter.toPayloads(1, null));

    Files.writeString(config, "version: 1\nconverters: [null, bytes, json-protobuf, msgpack]\n");
    tdc.reload();
    assertEquals(OURS.toPayload(order), converter.toPayload(order));
    assertEquals(OURS.toPayload(EXECUTION), converter.toPayload(EXECUTION));
    tdc.close();
    assertThrows(IllegalStateException.class, () -> converter.toPayload(1));
    assertThrows(
        IllegalStateException.class,
        () -> converter.fromPayloads(0, Optional.empty(), String.class, String.class));
  }

  private static Object read(Payload payload) {
    return OURS.fromPayload(payload, String.class, String.class);
  }

  private static void assertCode(String name, int index, Executable call) {
    DataConverterException error = assertThrows(DataConverterException.class, call);
    TdcException cause = assertInstanceOf(TdcException.class, error.getCause());
    assertEquals(name, cause.codeName(), cause.getMessage());
    assertEquals(index, cause.payloadIndex().orElse(-1), cause.getMessage());
  }

  private static String encoding(Payload payload) {
    return payload.getMetadataOrThrow("encoding").toStringUtf8();
  }

  private static final class UuidConverter implements PayloadConverter {
    @Override
    public String getEncodingType() {
      return "my/uuid";
    }

    @Override
    public Optional<Payload> toData(Object value) {
      return value instanceof UUID
          ? Optional.of(
              Payload.newBuilder()
                  .putMetadata("encoding", ByteString.copyFromUtf8("my/uuid"))
                  .setData(ByteString.copyFromUtf8(value.toString()))
                  .build())
          : Optional.empty();
    }

    @Override
    public <T> T fromData(Payload content, Class<T> valueType, Type valueGenericType) {
      return valueType.cast(UUID.fromString(content.getData().toStringUtf8()));
    }
  }
}

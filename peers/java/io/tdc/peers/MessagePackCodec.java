package io.tdc.peers;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import io.temporal.api.common.v1.Payload;
import io.temporal.payload.codec.PayloadCodec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.annotation.Nonnull;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessageFormat;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePacker;
import org.msgpack.core.MessageUnpacker;

/**
 * JSON payloads as MessagePack, by Jackson and msgpack-java: a tree, because MessagePack says the
 * size of a container first, and a walk over it; on the way back from token to token.
 */
final class MessagePackCodec implements PayloadCodec {
  private static final ByteString JSON = ByteString.copyFromUtf8("json/plain");
  private static final ByteString MESSAGE_PACK = ByteString.copyFromUtf8("binary/msgpack");

  private final ObjectMapper mapper = new ObjectMapper();
  private final JsonFactory factory = mapper.getFactory();

  @Nonnull
  @Override
  public List<Payload> encode(@Nonnull List<Payload> payloads) {
    return payloads.stream().map(this::pack).collect(Collectors.toList());
  }

  @Nonnull
  @Override
  public List<Payload> decode(@Nonnull List<Payload> payloads) {
    return payloads.stream().map(this::unpack).collect(Collectors.toList());
  }

  private Payload pack(Payload payload) {
    try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
      write(mapper.readTree(payload.getData().toByteArray()), packer);
      return made(MESSAGE_PACK, packer.toByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(JsonNode node, MessagePacker packer) throws IOException {
    switch (node.getNodeType()) {
      case OBJECT:
        packer.packMapHeader(node.size());
        for (Map.Entry<String, JsonNode> member : node.properties()) {
          packer.packString(member.getKey());
          write(member.getValue(), packer);
        }
        break;
      case ARRAY:
        packer.packArrayHeader(node.size());
        for (JsonNode item : node) {
          write(item, packer);
        }
        break;
      case STRING:
        packer.packString(node.textValue());
        break;
      case NUMBER:
        if (node.canConvertToLong() && node.isIntegralNumber()) {
          packer.packLong(node.longValue());
        } else if (node.isBigInteger()) {
          packer.packBigInteger(node.bigIntegerValue());
        } else {
          packer.packDouble(node.doubleValue());
        }
        break;
      case BOOLEAN:
        packer.packBoolean(node.booleanValue());
        break;
      default:
        packer.packNil();
    }
  }

  private Payload unpack(Payload payload) {
    ByteArrayOutputStream text = new ByteArrayOutputStream(2 * payload.getData().size());
    try (MessageUnpacker unpacker =
            MessagePack.newDefaultUnpacker(payload.getData().toByteArray());
        JsonGenerator json = factory.createGenerator(text)) {
      read(unpacker, json);
      json.flush();
      return made(JSON, text.toByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void read(MessageUnpacker unpacker, JsonGenerator json) throws IOException {
    MessageFormat format = unpacker.getNextFormat();
    switch (format.getValueType()) {
      case MAP:
        json.writeStartObject();
        for (int left = unpacker.unpackMapHeader(); left > 0; left--) {
          json.writeFieldName(unpacker.unpackString());
          read(unpacker, json);
        }
        json.writeEndObject();
        break;
      case ARRAY:
        json.writeStartArray();
        for (int left = unpacker.unpackArrayHeader(); left > 0; left--) {
          read(unpacker, json);
        }
        json.writeEndArray();
        break;
      case STRING:
        json.writeString(unpacker.unpackString());
        break;
      case INTEGER:
        if (format == MessageFormat.UINT64) {
          json.writeNumber(unpacker.unpackBigInteger());
        } else {
          json.writeNumber(unpacker.unpackLong());
        }
        break;
      case FLOAT:
        json.writeNumber(unpacker.unpackDouble());
        break;
      case BOOLEAN:
        json.writeBoolean(unpacker.unpackBoolean());
        break;
      case NIL:
        unpacker.unpackNil();
        json.writeNull();
        break;
      default:
        throw new IOException("JSON has no " + format);
    }
  }

  private static Payload made(ByteString encoding, byte[] data) {
    return Payload.newBuilder()
        .putMetadata("encoding", encoding)
        .setData(ByteString.copyFrom(data))
        .build();
  }
}

package io.tdc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnknownFieldSet.Field;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is asked, and answered, as {@code proto/tdc/host.proto} has it. */
class RequestsTest {
  private static final int KEY = 2;
  private static final int LATER = 15;
  private static final int UNKNOWN = 9;

  @Test
  void allOfARoundAreAnsweredTogether() throws Exception {
    KeyProvider provider = id -> id.equals("here") ? Configs.KEY : null;
    List<ByteString> answers =
        answers(provider, key(3, "here"), key(4, "nowhere"), request(5, LATER, ByteString.EMPTY));
    assertEquals(3, answers.size());

    UnknownFieldSet here = UnknownFieldSet.parseFrom(answers.get(0));
    assertEquals(List.of(3L), here.getField(1).getVarintList());
    assertArrayEquals(
        Configs.KEY, here.getField(KEY).getLengthDelimitedList().get(0).toByteArray());
    UnknownFieldSet nowhere = UnknownFieldSet.parseFrom(answers.get(1));
    assertEquals(List.of(4L), nowhere.getField(1).getVarintList());
    assertEquals(List.of(ByteString.EMPTY), nowhere.getField(UNKNOWN).getLengthDelimitedList());
    UnknownFieldSet later = UnknownFieldSet.parseFrom(answers.get(2));
    assertEquals(List.of(5L), later.getField(1).getVarintList());
    assertEquals(List.of(ByteString.EMPTY), later.getField(UNKNOWN).getLengthDelimitedList());
  }

  @Test
  void whatCannotBeReadIsAnError() {
    byte[] cut = {0x0a, 0x7f, 1};
    Requests requests = new Requests(cut, null, Outside.none(), null, List.of(), new Causes());
    TdcException error = assertThrows(TdcException.class, () -> requests.answers(List.of(), 0));
    assertEquals("TDC_ERR_PROTOBUF", error.codeName());
  }

  /** What the clients of the library answer is not copied. */
  @Test
  void requestsToKeyServicesStayWhereTheyAre() throws Exception {
    ByteString secret = ByteString.copyFromUtf8("a data key, ".repeat(20));
    ByteString here = key(300, "here");
    ByteString later = request(5, LATER, secret);
    byte[] message =
        requests(
            request(1, KeyServiceRequest.WRAP, secret),
            here,
            request(Long.MAX_VALUE, KeyServiceRequest.UNWRAP, secret),
            later);
    ByteBuffer direct = ByteBuffer.allocateDirect(message.length).put(message).flip();
    Asked asked = Asked.besideKeyServices(direct);
    assertEquals(List.of(1L, Long.MAX_VALUE), asked.ofKeyServices);
    assertArrayEquals(requests(here, later), asked.message);

    asked = Asked.besideKeyServices(ByteBuffer.allocateDirect(0));
    assertEquals(List.of(), asked.ofKeyServices);
    assertEquals(0, asked.message.length);
  }

  private static byte[] requests(ByteString... requests) {
    Field.Builder all = Field.newBuilder();
    for (ByteString request : requests) {
      all.addLengthDelimited(request);
    }
    return UnknownFieldSet.newBuilder().addField(1, all.build()).build().toByteArray();
  }

  private static List<ByteString> answers(KeyProvider provider, ByteString... requests)
      throws Exception {
    byte[] message = requests(requests);
    Outside outside = new Outside(provider, new KeyServices(null), new Remote(null, null));
    byte[] answers =
        new Requests(message, null, outside, null, List.of(), new Causes()).answers(List.of(), 0);
    return UnknownFieldSet.parseFrom(answers).getField(1).getLengthDelimitedList();
  }

  private static ByteString key(long id, String name) {
    ByteString text = ByteString.copyFromUtf8(name);
    Field field = Field.newBuilder().addLengthDelimited(text).build();
    return request(id, KEY, UnknownFieldSet.newBuilder().addField(1, field).build().toByteString());
  }

  private static ByteString request(long id, int kind, ByteString body) {
    return UnknownFieldSet.newBuilder()
        .addField(1, Field.newBuilder().addVarint(id).build())
        .addField(kind, Field.newBuilder().addLengthDelimited(body).build())
        .build()
        .toByteString();
  }
}

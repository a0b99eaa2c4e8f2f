package io.tdc;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.UnsafeByteOperations;
import com.google.protobuf.WireFormat;
import io.temporal.workflow.unsafe.WorkflowUnsafe;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.annotation.Nullable;

/**
 * The requests of the library to its host, and the answers: {@code proto/tdc/host.proto}. A request
 * and its answer share the number of their kind.
 */
final class Requests {
  static final int ID = 1;
  private static final int KEY = 2;
  private static final int RELOAD = 3;
  private static final int DESCRIPTOR = 4;
  private static final int HTTP = 5;
  private static final int OBJECT = 8;

  /** There is no such thing; of a kind that this package does not know, too. */
  private static final int UNKNOWN = 9;

  private static final byte[] NOTHING = {};

  private final byte[] message;
  private final Handle handle;
  private final Outside outside;
  @Nullable private final StoredObjects storage;
  private final List<Descriptor> types;
  private final Causes causes;

  /** The answers so far. */
  private final List<byte[]> answers = new ArrayList<>();

  /** The requests to send together, once all are read. */
  private final List<KeyServiceRequest> keyServices = new ArrayList<>();

  private final List<RemoteRequest> remote = new ArrayList<>();
  private final List<StoredObject> stored = new ArrayList<>();

  Requests(
      byte[] message,
      Handle handle,
      Outside outside,
      @Nullable StoredObjects storage,
      List<Descriptor> types,
      Causes causes) {
    this.message = message;
    this.handle = handle;
    this.outside = outside;
    this.storage = storage;
    this.types = types;
    this.causes = causes;
  }

  /**
   * Answers all of them, as a serialised {@code Answers}. It can hold keys: the caller erases it,
   * and the message.
   *
   * @param given answers that are known already
   * @param index in the user's list of the payload that this is for, for errors
   * @throws TdcException if a key provider or a hook fails, or the thread is interrupted
   */
  byte[] answers(List<byte[]> given, int index) {
    try {
      answers.addAll(given);
      CodedInputStream in = input(UnsafeByteOperations.unsafeWrap(message));
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        read(input(in.readBytes()), index);
      }
      answers.addAll(outside.keyServices.answers(keyServices, index, causes));
      for (RemoteAnswer answer : outside.remote.answers(remote, index)) {
        causes.add(Abi.ERR_REMOTE, answer.cause);
        answers.add(answer(answer.id, HTTP, answer.message()));
      }
      if (storage != null && !stored.isEmpty()) {
        answers.addAll(storage.answers(stored, index, causes));
      }
      return joined(answers);
    } catch (IOException e) {
      String text = "the library's requests cannot be read";
      throw new TdcException(Abi.ERR_PROTOBUF, TdcException.NO_INDEX, text, e);
    } finally {
      answers.forEach(Requests::erase);
    }
  }

  /** Reads in place: a copy of a data key could not be erased. */
  private static CodedInputStream input(ByteString bytes) {
    CodedInputStream input = bytes.newCodedInput();
    input.enableAliasing(true);
    return input;
  }

  /** Answers a request, or keeps it for those that are asked together. */
  private void read(CodedInputStream request, int index) throws IOException {
    long id = 0;
    int kind = UNKNOWN;
    byte[] body = NOTHING;
    for (int tag = request.readTag(); tag != 0; tag = request.readTag()) {
      int field = WireFormat.getTagFieldNumber(tag);
      if (field == ID) {
        id = request.readUInt64();
        continue;
      }
      CodedInputStream what = input(request.readBytes());
      if (KeyServiceRequest.isOne(field)) {
        keyServices.add(KeyServiceRequest.read(id, field, what));
        return;
      }
      if (field == HTTP) {
        remote.add(new RemoteRequest(id, what));
        return;
      }
      if (field == OBJECT && storage != null) {
        stored.add(new StoredObject(id, what));
        return;
      }
      byte[] given = answer(field, what, index);
      kind = given == null ? UNKNOWN : field;
      body = given == null ? NOTHING : given;
    }
    answers.add(answer(id, kind, body));
  }

  /** A serialised {@code Answer}. */
  static byte[] answer(long id, int kind, byte[] body) {
    int size = CodedOutputStream.computeUInt64Size(ID, id);
    byte[] answer = new byte[size + CodedOutputStream.computeByteArraySize(kind, body)];
    try {
      CodedOutputStream out = CodedOutputStream.newInstance(answer);
      out.writeUInt64(ID, id);
      out.writeByteArray(kind, body);
    } catch (IOException e) {
      throw new IllegalStateException("an array does no input or output", e);
    }
    return answer;
  }

  /** The answer where there is no such thing. */
  static byte[] unknown(long id) {
    return answer(id, UNKNOWN, NOTHING);
  }

  /** The body of the answer of the same kind, or null for {@link #UNKNOWN}. */
  @Nullable
  private byte[] answer(int kind, CodedInputStream request, int index) throws IOException {
    switch (kind) {
      case KEY:
        return outside.keys == null
            ? null
            : ask(outside.keys, new HostMessage(request).text(1), index);
      case RELOAD:
        reload();
        return NOTHING;
      case DESCRIPTOR:
        return MessageTypes.filesOf(new HostMessage(request).text(1), types).orElse(null);
      default:
        return null;
    }
  }

  private void reload() {
    long[] words = new long[Boundary.WORDS];
    if (handle.reload(words) != Abi.OK) {
      // The next call reports what is missing better than this error does.
      Errors.free(words);
    }
  }

  private static byte[] joined(List<byte[]> answers) throws IOException {
    int size = 0;
    for (byte[] answer : answers) {
      size = Math.addExact(size, CodedOutputStream.computeByteArraySize(1, answer));
    }
    byte[] joined = new byte[size];
    CodedOutputStream out = CodedOutputStream.newInstance(joined);
    for (byte[] answer : answers) {
      out.writeByteArray(1, answer);
    }
    return joined;
  }

  private static void erase(byte[] answer) {
    Arrays.fill(answer, (byte) 0);
  }

  /** A provider may take long, and in workflow code the SDK must not take that for a deadlock. */
  @Nullable
  private static byte[] ask(KeyProvider provider, String id, int index) {
    return WorkflowUnsafe.deadlockDetectorOff(
        () -> {
          try {
            return provider.key(id);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed(id, index, e);
          } catch (Exception e) {
            throw failed(id, index, e);
          }
        });
  }

  private static TdcException failed(String id, int index, Exception cause) {
    String message =
        "the key provider failed for the key \""
            + id
            + "\" with "
            + cause.getClass().getSimpleName();
    return new TdcException(Abi.ERR_KEY_PROVIDER, index, message, cause);
  }
}

package io.tdc;

import com.google.protobuf.Descriptors.Descriptor;
import java.util.Arrays;
import java.util.List;
import javax.annotation.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes library calls, which may send requests to their host before they complete. */
final class Host {
  private static final Logger LOG = LoggerFactory.getLogger(Tdc.class);

  private final Handle handle;
  private final Outside outside;

  Host(Handle handle, Outside outside) {
    this.handle = handle;
    this.outside = outside;
  }

  /**
   * Begins a call.
   *
   * @throws IllegalStateException if what is called is closed
   */
  Call begin() {
    return new Call();
  }

  /**
   * A call of the SDK, which may consist of several calls of the library:
   *
   * <pre>{@code
   * do {
   *   status = …;
   * } while (call.again(status));
   * }</pre>
   *
   * <p>The loop ends, because the library asks for nothing twice.
   */
  final class Call implements AutoCloseable {
    /** The data converter, which stays alive until the call is closed. */
    final long self = handle.acquire();

    /**
     * What the library wrote last, {@link Boundary#WORDS}: the result and the error, and the {@code
     * tdc_call} with its use of the limits and the answers so far. Not those of the thread, because
     * a key provider may use the library itself.
     */
    final long[] words = new long[Boundary.WORDS];

    /** The one payload that the library wrote last, if it did not allocate it. */
    @Nullable byte[] answer;

    /** Where in the user's list the one payload is that the call is about. */
    int index = TdcException.NO_INDEX;

    /** Where the library's payloads are in the user's list, if it was not given all of them. */
    @Nullable int[] places;

    /** The types of the messages among the values, for the library to ask for. */
    List<Descriptor> types = List.of();

    /** What retrieves stored objects, if the call follows references to them. */
    @Nullable private StoredObjects stored;

    /** Whether its last try returned a result. */
    private boolean isDone;

    /** The exceptions that Java threw while it answered requests. */
    @Nullable private Causes causes;

    private Call() {}

    /** Follows references to stored objects, if there is something to retrieve them. */
    void follow(@Nullable StoredObjects stored) {
      if (stored != null) {
        this.stored = stored;
        Boundary.follow(this);
      }
    }

    /** Whether payloads of some namespace go to a codec server. */
    boolean isRemote() {
      return handle.has(Abi.FLAG_REMOTE);
    }

    /** Whether data keys may have to be unwrapped by a key service. */
    boolean hasKeyServices() {
      return handle.has(Abi.FLAG_KEY_SERVICES);
    }

    /** How long the calls of large payloads take. */
    Pace pace() {
      return handle.pace;
    }

    /** The most bytes that encoding adds to a payload, as far as known. */
    int growth() {
      return handle.growth();
    }

    /**
     * Answers everything that the call asks for, and returns whether to repeat the call.
     *
     * @throws TdcException if the call has failed
     */
    boolean again(int status) {
      isDone = status == Abi.OK || status == Abi.UNCHANGED;
      if (isDone) {
        return false;
      }
      if (status != Abi.REQUESTS) {
        throw explained(failed(status));
      }
      Errors.free(words);
      answer();
      return true;
    }

    private void answer() {
      if (causes == null) {
        causes = new Causes();
      }
      Asked asked = Boundary.requests(this, !outside.keyServices.isOwn());
      byte[] answers = {};
      try {
        List<byte[]> given =
            outside.keyServices.answersByClients(this, asked.ofKeyServices, causes);
        Requests requests = new Requests(asked.message, handle, outside, stored, types, causes);
        answers = requests.answers(given, index);
        if (answers.length != 0) {
          require(Boundary.answer(this, answers));
        }
        handle.readGrowth(); // the first data key may have been wrapped
      } finally {
        Arrays.fill(answers, (byte) 0);
        Arrays.fill(asked.message, (byte) 0);
      }
    }

    /**
     * Continues only if answers were accepted.
     *
     * @throws TdcException what the call has come to
     */
    void require(int status) {
      if (status != Abi.OK) {
        throw failed(status);
      }
    }

    /**
     * Hands over the one payload, at the start of the array. A call that has a key renewed lives on
     * for that, and must not keep the payload.
     */
    byte[] takePayload() {
      byte[] payload = words[Boundary.OWNED] == 0 ? answer : takeAnswer();
      answer = null;
      return payload;
    }

    /** The result, if the library allocated it. */
    byte[] takeAnswer() {
      return Boundary.takeOwned(this);
    }

    /**
     * How large the buffer for an encoded payload must be: a new data key can be longer than the
     * one before, once a key service has wrapped it.
     *
     * @param length of the payload
     * @param size of the buffer
     * @throws TdcException if it is so large already
     */
    long takeSizeNeeded(int length, int size) {
      long needed = Native.errorSizeNeeded(words[Boundary.ERROR]);
      if (needed <= size) {
        throw failed(Abi.ERR_BUFFER_TOO_SMALL);
      }
      Errors.free(words);
      handle.grow(needed - length);
      return needed;
    }

    private TdcException failed(int status) {
      Throwable cause = causes == null ? null : causes.of(status);
      return Errors.take(status, words, this::place, cause);
    }

    private int place(int where) {
      if (index >= 0) {
        return index;
      }
      return places == null ? where : places[where];
    }

    @Override
    public void close() {
      if (isDone && words[Boundary.CALL_PENDING] != 0 && outside.keyServices.later(this::renew)) {
        return;
      }
      end();
    }

    /**
     * Has the next data key wrapped, which this call did not need. If that fails, the library asks
     * again while the old one is in use.
     */
    private void renew() {
      try {
        answer();
      } catch (TdcException e) {
        LOG.debug("a data key was not renewed", e);
      } finally {
        end();
      }
    }

    private void end() {
      try {
        Boundary.end(this);
      } finally {
        handle.release();
      }
    }
  }

  /** The library does not know whether its host has a key provider. */
  private TdcException explained(TdcException error) {
    if (error.code() != Abi.ERR_KEY_UNKNOWN
        || outside.keys != null
        || !handle.has(Abi.FLAG_HOST_KEYS)) {
      return error;
    }
    return new TdcException(
        Abi.ERR_KEY_PROVIDER,
        error.payloadIndex().orElse(TdcException.NO_INDEX),
        error.fact()
            + ", and the configuration asks the host for it, but no key provider was given:"
            + " pass one to Tdc.builder(…).keyProvider(…), or add the key to keys.ring",
        null);
  }
}

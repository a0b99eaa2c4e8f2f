package io.tdc;

import com.google.protobuf.Descriptors.Descriptor;
import io.temporal.workflow.unsafe.WorkflowUnsafe;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.annotation.Nullable;

/** Does what the library asks its host for, so that a call can be made again. */
final class Host {
  /** How often a call is tried: more than the layers of any payload can name keys. */
  static final int MAX_ROUNDS = 20;

  private final Handle handle;
  private final Remote remote;
  @Nullable private final KeyProvider provider;

  Host(Handle handle, @Nullable KeyProvider provider, Remote remote) {
    this.handle = handle;
    this.provider = provider;
    this.remote = remote;
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
   * A call of the SDK, which may be made of several of the library:
   *
   * <pre>{@code
   * do {
   *   status = …;
   * } while (call.again(status));
   * }</pre>
   */
  final class Call implements AutoCloseable {
    /** The data converter, which stays alive until the call is closed. */
    final long self = handle.acquire();

    /**
     * What the library wrote last: {@link Boundary#RESULT_WORDS}. Not one of the thread's, because
     * a key provider may use the library itself.
     */
    final long[] result = new long[Boundary.RESULT_WORDS];

    /** The words of a {@code tdc_usage} that several calls of the library share. */
    @Nullable long[] usage;

    /** Where in the user's list the one payload is that the call is about. */
    int index = TdcException.NO_INDEX;

    /** Where the library's payloads are in the user's list, if it was not given all of them. */
    @Nullable int[] places;

    /** The types of the messages among the values, for the library to ask for. */
    List<Descriptor> types = List.of();

    @Nullable private Set<String> provided;
    private int rounds;

    private Call() {}

    /** Whether payloads of some namespace go to a codec server. */
    boolean isRemote() {
      return handle.has(Abi.FLAG_REMOTE);
    }

    /**
     * Whether the call is to be made again, after what was asked for has been provided.
     *
     * @throws TdcException if the call has failed
     */
    boolean again(int status) {
      return status != Abi.OK && status != Abi.UNCHANGED && provide(status);
    }

    /** The answer, where it is the library's own. */
    byte[] answer() {
      return Boundary.takeOwned(result);
    }

    /**
     * How large the caller's buffer must be.
     *
     * @throws TdcException if it is so large already
     */
    long takeSizeNeeded(int size) {
      long needed = Native.errorSizeNeeded(result[Boundary.ERROR]);
      if (needed <= size) {
        throw failed(Abi.ERR_BUFFER_TOO_SMALL);
      }
      Errors.free(result);
      return needed;
    }

    private boolean provide(int status) {
      switch (status) {
        case Abi.RELOAD_NEEDED:
          Errors.free(result);
          if (handle.reload(result) != Abi.OK) {
            // The call that follows says what is missing better than this error does.
            Errors.free(result);
          }
          rounds++;
          break;
        case Abi.KEY_NEEDED:
          provideKeys(Errors.takeKeyIds(result));
          rounds++;
          break;
        case Abi.REMOTE_NEEDED:
          // Each answer is for other payloads of the call, so these rounds have an end.
          provideRemote();
          break;
        case Abi.TYPE_NEEDED:
          provideType();
          break;
        default:
          throw explained(failed(status));
      }
      if (rounds == MAX_ROUNDS) {
        String text = "keys are still missing after " + MAX_ROUNDS + " tries";
        throw new TdcException(Abi.ERR_KEY_UNKNOWN, TdcException.NO_INDEX, text, null);
      }
      return true;
    }

    private TdcException failed(int status) {
      return failed(status, result, null);
    }

    private TdcException failed(int status, long[] from, @Nullable Throwable cause) {
      return Errors.take(status, from, this::place, cause);
    }

    private int place(int where) {
      if (index >= 0) {
        return index;
      }
      return places == null ? where : places[where];
    }

    /** Hands in each key, or says that there is none. */
    private void provideKeys(List<String> ids) {
      for (String id : ids) {
        byte[] key = provider == null ? null : ask(provider, id, index);
        byte[] name = id.getBytes(StandardCharsets.UTF_8);
        int status =
            key == null
                ? Boundary.provide(
                    result, name, (at, n, none, zero, e) -> Native.keyReject(self, at, n, e))
                : Boundary.provide(
                    result,
                    name,
                    key,
                    (at, n, k, kn, e) -> Native.keyProvide(self, at, n, k, kn, e));
        if (status != Abi.OK) {
          throw failed(status);
        }
      }
    }

    /** Each type is asked for once; a second time would be for ever. */
    private void provideType() {
      String type = Errors.text(result[Boundary.ERROR], Native::errorTypeName);
      byte[] files = MessageTypes.filesOf(type, types).orElse(null);
      if (provided == null) {
        provided = new HashSet<>();
      }
      if (files == null || !provided.add(type)) {
        throw failed(Abi.TYPE_NEEDED);
      }
      Errors.free(result);
      int status =
          Boundary.provide(
              result, files, (at, n, none, zero, e) -> Native.descriptorProvide(self, at, n, e));
      if (status != Abi.OK) {
        throw failed(status);
      }
    }

    /** Sends the request that the error carries, and hands in what came of it. */
    private void provideRemote() {
      long request = result[Boundary.ERROR];
      try {
        Remote.Answer answer = remote.ask(new Remote.Request(request), index);
        long[] outcome = new long[Boundary.RESULT_WORDS];
        int status =
            Boundary.provide(
                outcome,
                answer.body,
                (at, n, none, zero, e) ->
                    Native.remoteProvide(self, request, answer.status, at, n, e));
        if (status != Abi.OK) {
          throw failed(status, outcome, answer.cause);
        }
      } finally {
        Errors.free(result);
      }
    }

    @Override
    public void close() {
      handle.release();
    }
  }

  /** The library does not know whether its host has a provider for the keys that it asks for. */
  private TdcException explained(TdcException error) {
    if (error.code() != Abi.ERR_KEY_UNKNOWN
        || provider != null
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

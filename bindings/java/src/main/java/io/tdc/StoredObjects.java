package io.tdc;

import java.util.List;

/**
 * Answers requests for stored objects. An interface, because what it is implemented by needs SDK
 * 1.39.
 */
interface StoredObjects {
  /**
   * Answers the requests, as serialised {@code Answer}s.
   *
   * @param index in the user's list of the payload that this is for, for errors
   * @param causes get what a driver threw
   * @throws TdcException if the thread is interrupted
   */
  List<byte[]> answers(List<StoredObject> round, int index, Causes causes);

  /** This, and more: what both could retrieve, this one does. */
  StoredObjects and(StoredObjects more);
}

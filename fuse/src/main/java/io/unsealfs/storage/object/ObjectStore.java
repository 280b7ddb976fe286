package io.unsealfs.storage.object;

import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;

/**
 * One bucket of an object store, read only: listings, attributes and ranges of bytes. Thread-safe;
 * every call blocks its thread, so concurrency is the number of callers. The answers come from
 * outside the trust boundary and are checked as far as the protocol allows (status, range, length,
 * entity tag); that the bytes are the right ones, the volume format on top has to find out.
 *
 * <p>A call is tried once. Three exceptions, each taken at most once per call and only before a
 * byte was handed over: credentials that the store calls expired are fetched again, a clock that
 * the store calls wrong is corrected by the store's, and an answer that breaks the protocol is
 * asked for again. All else is the caller's to repeat: {@link TransientStoreException} says when
 * that makes sense. Redirects are not followed.
 *
 * <p>What is thrown:
 *
 * <ul>
 *   <li>{@link ObjectNotFoundException}: no such object, or no such bucket
 *   <li>{@link ObjectChangedException}: the object is no longer the version asked for
 *   <li>{@link StoreDeniedException}: credentials missing, expired or without the right
 *   <li>{@link ObjectArchivedException}: the object has to be restored before it can be read
 *   <li>{@link ThrottledException}, {@link StoreUnavailableException}, {@link
 *       TruncatedObjectException}: may work later, all three {@link TransientStoreException}
 *   <li>{@link StoreProtocolException}: the answer breaks the protocol, again after one repetition
 *   <li>{@link StoreRequestException}: the store refuses the request as such (wrong bucket name,
 *       region, endpoint)
 *   <li>{@link CancelledReadException}: {@link Cancellation#cancel} was called
 * </ul>
 */
public interface ObjectStore extends Closeable {

  /** Most objects of one page. */
  int PAGE_OBJECTS_MAX = 1000;

  /** Which bucket of which endpoint this is. */
  StoreLocation location();

  /**
   * One page of the objects whose keys begin with {@code prefix}. For a whole listing with its
   * bounds see {@link ObjectListing}.
   *
   * @param prefix empty for the whole bucket
   * @param depth whether to go below the next slash
   * @param continuation as the page before gave it, empty for the first
   */
  ObjectPage list(
      String prefix, ListDepth depth, Optional<String> continuation, Cancellation cancellation)
      throws IOException;

  /** The present version of the object called {@code key}. */
  ObjectVersion head(String key, Cancellation cancellation) throws IOException;

  /**
   * Reads {@code length} bytes from {@code offset} of exactly this version and hands them to {@code
   * sink} as they arrive. Bytes that were handed over before an exception are of this version and
   * in their place: a repetition can begin behind them.
   *
   * @param length at least 1; the range has to lie within {@link ObjectVersion#size}
   */
  Fetched get(
      ObjectVersion version, long offset, long length, RangeSink sink, Cancellation cancellation)
      throws IOException;

  /** Ends the connections; calls under way fail. */
  @Override
  void close();
}

package io.unsealfs.storage.object.http;

import java.io.Closeable;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One answer. Closing it before its body was read to the end ends the connection.
 *
 * @param status HTTP status
 * @param headers names as they came, found in whatever case
 * @param body bounded and watched: its reads throw {@link
 *     io.unsealfs.storage.object.TransientStoreException}, {@link
 *     io.unsealfs.storage.object.StoreProtocolException} and {@link
 *     io.unsealfs.storage.object.CancelledReadException}
 */
public record HttpAnswer(int status, Map<String, List<String>> headers, AnswerBody body)
    implements Closeable {

  /** The first header of that name. */
  public Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name)).flatMap(all -> all.stream().findFirst());
  }

  @Override
  public void close() {
    try {
      body.close();
    } catch (java.io.IOException e) {
      // the connection is gone either way
    }
  }
}

package io.unsealfs.storage.object.oss;

import com.aliyun.sdk.service.oss2.exceptions.ServiceException;
import io.unsealfs.storage.StorageException;
import io.unsealfs.storage.object.CancelledReadException;
import io.unsealfs.storage.object.FailedAnswerException;
import io.unsealfs.storage.object.RangeAnswer;
import io.unsealfs.storage.object.RetryAfter;
import io.unsealfs.storage.object.StoreFailure;
import io.unsealfs.storage.object.StoreProtocolException;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Runs calls of the SDK and says what their exceptions mean. */
final class OssErrors {
  private static final int CAUSES_MAX = 20;

  private OssErrors() {}

  /**
   * Runs a call.
   *
   * @throws FailedAnswerException for an answer that is no success
   */
  static <T> T translate(Supplier<T> call) throws IOException {
    try {
      return call.get();
    } catch (RuntimeException e) {
      throw cause(e);
    } catch (StackOverflowError e) {
      // a document that nests without end; only its own depth has filled the stack
      throw new StoreProtocolException("the store's answer is no listing");
    }
  }

  /** What the store said, what our transport threw, or else: the SDK could not read the answer. */
  private static IOException cause(RuntimeException thrown) {
    Throwable cause = thrown;
    for (int i = 0; cause != null && i < CAUSES_MAX; i++) {
      if (cause instanceof StorageException || cause instanceof CancelledReadException) {
        return (IOException) cause;
      }
      if (cause instanceof ServiceException service) {
        return new FailedAnswerException(failure(service));
      }
      cause = cause.getCause();
    }
    return new StoreProtocolException(
        "the store's answer cannot be read (" + thrown.getClass().getSimpleName() + ")", thrown);
  }

  private static StoreFailure failure(ServiceException e) {
    Optional<String> delay = header(e.headers(), "x-oss-qos-delay-time");
    long serverMillis = RangeAnswer.millis(header(e.headers(), "Date")).orElse(0L);
    long retryAfter =
        RetryAfter.millis(
            header(e.headers(), "Retry-After"),
            serverMillis == 0 ? System.currentTimeMillis() : serverMillis);
    // where the document cannot be read, the SDK makes up a code
    String code = Optional.ofNullable(e.errorCode()).orElse("");
    return new StoreFailure(
        e.statusCode(),
        code.equals("BadErrorResponse") ? "" : code,
        Optional.ofNullable(e.requestId()).orElse(""),
        Optional.ofNullable(e.ec()).orElse(""),
        Math.max(retryAfter, RetryAfter.qosDelayMillis(delay)),
        serverMillis);
  }

  static Optional<String> header(Map<String, String> headers, String name) {
    return headers.entrySet().stream()
        .filter(entry -> entry.getKey().equalsIgnoreCase(name))
        .map(Map.Entry::getValue)
        .findFirst();
  }
}

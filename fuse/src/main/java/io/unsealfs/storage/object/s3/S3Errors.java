package io.unsealfs.storage.object.s3;

import io.unsealfs.storage.StorageException;
import io.unsealfs.storage.object.CancelledReadException;
import io.unsealfs.storage.object.FailedAnswerException;
import io.unsealfs.storage.object.RangeAnswer;
import io.unsealfs.storage.object.RetryAfter;
import io.unsealfs.storage.object.StoreFailure;
import io.unsealfs.storage.object.StoreProtocolException;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.http.SdkHttpResponse;

/** Runs calls of the SDK and says what their exceptions mean. */
final class S3Errors {
  private static final int CAUSES_MAX = 20;

  private S3Errors() {}

  /**
   * Runs a call.
   *
   * @throws FailedAnswerException for an answer that is no success
   */
  static <T> T translate(Supplier<T> call) throws IOException {
    try {
      return call.get();
    } catch (AwsServiceException e) {
      throw new FailedAnswerException(failure(e));
    } catch (AbortedException e) {
      throw new CancelledReadException("the request was interrupted");
    } catch (RuntimeException e) {
      throw cause(e);
    } catch (StackOverflowError e) {
      // a document that nests without end; only its own depth has filled the stack
      throw new StoreProtocolException("the store's answer is no listing");
    }
  }

  /** What our transport threw, or else: the SDK could not read the answer. */
  private static IOException cause(RuntimeException thrown) {
    Throwable cause = thrown;
    for (int i = 0; cause != null && i < CAUSES_MAX; i++) {
      if (cause instanceof StorageException || cause instanceof CancelledReadException) {
        return (IOException) cause;
      }
      cause = cause.getCause();
    }
    return new StoreProtocolException(
        "the store's answer cannot be read (" + thrown.getClass().getSimpleName() + ")", thrown);
  }

  private static StoreFailure failure(AwsServiceException e) {
    @Nullable AwsErrorDetails details = e.awsErrorDetails();
    Optional<SdkHttpResponse> response =
        Optional.ofNullable(details).map(AwsErrorDetails::sdkHttpResponse);
    Optional<String> code = Optional.ofNullable(details).map(AwsErrorDetails::errorCode);
    long serverMillis =
        RangeAnswer.millis(response.flatMap(r -> r.firstMatchingHeader("Date"))).orElse(0L);
    return new StoreFailure(
        e.statusCode(),
        code.orElse(""),
        Optional.ofNullable(e.requestId()).orElse(""),
        "",
        RetryAfter.millis(
            response.flatMap(r -> r.firstMatchingHeader("Retry-After")),
            serverMillis == 0 ? System.currentTimeMillis() : serverMillis),
        serverMillis);
  }
}

package io.unsealfs.storage.object;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * An answer of a store that is no success, in the words both SDKs share, and what it means;
 * object-storage.md section 5.
 *
 * @param status HTTP status
 * @param code the store's own error code; empty without one (a HEAD has no body)
 * @param requestId the store's id of the request; may be empty
 * @param extendedCode what OSS adds (EC); may be empty
 * @param retryAfterMillis how long the store wants not to be asked; 0 if it does not say
 * @param serverMillis the store's clock, milliseconds since 1970; 0 if it does not say
 */
public record StoreFailure(
    int status,
    String code,
    String requestId,
    String extendedCode,
    long retryAfterMillis,
    long serverMillis) {
  private static final int TEXT_MAX = 100;

  /** Stores take signatures that are up to 15 minutes off. */
  private static final Duration FAR = Duration.ofMinutes(10);

  private static final Set<String> EXPIRED =
      Set.of(
          "ExpiredToken",
          "ExpiredTokenException",
          "InvalidToken",
          "TokenRefreshRequired",
          "SecurityTokenExpired",
          "InvalidSecurityToken",
          "InvalidAccessKeyId",
          "RequestExpired");
  private static final Set<String> THROTTLED =
      Set.of(
          "SlowDown",
          "Throttling",
          "ThrottlingException",
          "RequestLimitExceeded",
          "TooManyRequests",
          "QpsLimitExceeded",
          "DownloadTrafficRateLimitExceeded");

  /** Cleans what the store wrote: nothing of it can forge a line or fill a log. */
  public StoreFailure {
    code = clean(code);
    requestId = clean(requestId);
    extendedCode = clean(extendedCode);
  }

  private static String clean(String text) {
    String start = text.length() > TEXT_MAX ? text.substring(0, TEXT_MAX) : text;
    return start
        .codePoints()
        .filter(c -> c > 0x20 && c < 0x7f)
        .mapToObj(Character::toString)
        .collect(Collectors.joining());
  }

  /** Whether fresh credentials may help. A HEAD does not say why it is refused. */
  boolean credentialsExpired() {
    boolean refused = status == 400 || status == 401 || status == 403;
    return refused && (EXPIRED.contains(code) || (code.isEmpty() && status != 400));
  }

  /**
   * Whether our clock is wrong: the store says so, or refuses without a word and its own clock is
   * far away. The answer to a HEAD has no body that could say it.
   *
   * @param askedAt what our clock showed when the request was signed
   */
  boolean clockSkewed(Instant askedAt) {
    if (code.equals("RequestTimeTooSkewed") || code.equals("RequestInTheFuture")) {
      return true;
    }
    return status == 403
        && code.isEmpty()
        && serverMillis > 0
        && Duration.between(askedAt, Instant.ofEpochMilli(serverMillis)).abs().compareTo(FAR) > 0;
  }

  /** Whether the store wants to be asked for less at a time. */
  boolean throttled() {
    return status == 429 || status == 503 || THROTTLED.contains(code);
  }

  /** Whether the same request may succeed a moment later. */
  boolean passing() {
    return throttled()
        || status == 408
        || status >= 500
        || code.equals("RequestTimeout")
        // STS, status 400: it did not reach who signs the pods' tokens
        || code.equals("IDPCommunicationError");
  }

  /** The exception that says it to the caller. */
  IOException toException(String what) {
    String message = what + ": " + said();
    if (code.equals("InvalidObjectState")) {
      return new ObjectArchivedException(
          message + "; the object is archived, restore it before it can be read");
    }
    if (throttled()) {
      return new ThrottledException(message, retryAfterMillis);
    }
    return switch (status) {
      case 401, 403 -> new StoreDeniedException(message + hintDenied());
      case 404 -> new ObjectNotFoundException(message);
      case 408, 500, 502, 504 -> new StoreUnavailableException(message, retryAfterMillis);
      case 412 -> new ObjectChangedException(message + "; the object was replaced");
      case 416 ->
          new StoreProtocolException(
              StoreProtocolException.Fault.RANGE,
              message + "; a range within the object was refused");
      default -> other(message);
    };
  }

  private IOException other(String message) {
    if (EXPIRED.contains(code)) {
      return new StoreDeniedException(message + hintDenied());
    }
    if (status >= 500 || code.equals("RequestTimeout")) {
      return new StoreUnavailableException(message, retryAfterMillis);
    }
    if (status >= 300 && status < 400) {
      return new StoreRequestException(
          message + "; the bucket is elsewhere: check region and endpoint");
    }
    return status < 300
        ? new StoreProtocolException(message)
        : new StoreRequestException(message + "; check bucket, region and endpoint");
  }

  private String hintDenied() {
    return switch (code) {
      case "SecondLevelDomainForbidden" -> "; this store takes no path-style requests";
      case "SignatureDoesNotMatch" -> "; check the secret and the region";
      case "RequestTimeTooSkewed", "RequestInTheFuture" -> "; check the clock";
      default -> "; check the credentials and their rights to get and list";
    };
  }

  private String said() {
    String details =
        Stream.of(code, extendedCode, requestId.isEmpty() ? "" : "request " + requestId)
            .filter(text -> !text.isEmpty())
            .collect(Collectors.joining(", "));
    return "the store answered " + status + (details.isEmpty() ? "" : " (" + details + ")");
  }
}

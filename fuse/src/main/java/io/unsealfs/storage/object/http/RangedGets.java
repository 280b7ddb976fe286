package io.unsealfs.storage.object.http;

import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.FailedAnswerException;
import io.unsealfs.storage.object.Fetched;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.RangeAnswer;
import io.unsealfs.storage.object.RangeBody;
import io.unsealfs.storage.object.RangeSink;
import io.unsealfs.storage.object.RetryAfter;
import io.unsealfs.storage.object.StoreCalls;
import io.unsealfs.storage.object.StoreFailure;
import io.unsealfs.storage.object.credentials.CredentialCache;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads ranges of objects: signed by an SDK, sent and checked by us. An SDK's own way from a
 * request to its answer costs four to five milliseconds of a core (it is called too seldom to be
 * compiled well), which is more than all else that a request of 256 KiB costs; listing and looking
 * up still go that way.
 */
public final class RangedGets {
  private static final int ERROR_BYTES_MAX = 64 << 10;
  private static final Pattern LENGTH = Pattern.compile("[0-9]{1,18}");
  private static final Pattern CODE = field("Code");
  private static final Pattern REQUEST_ID = field("RequestId");
  private static final Pattern EXTENDED_CODE = field("EC");

  private final HttpTransport transport;
  private final CredentialCache credentials;
  private final StoreCalls calls;
  private final Signatures signatures;

  /**
   * Reads of one bucket.
   *
   * @param clock that {@code signer} signs with
   */
  public RangedGets(
      HttpTransport transport,
      CredentialCache credentials,
      StoreCalls calls,
      RequestSigner signer,
      Clock clock) {
    this.transport = transport;
    this.credentials = credentials;
    this.calls = calls;
    this.signatures = new Signatures(signer, clock);
  }

  private static Pattern field(String name) {
    return Pattern.compile("<" + name + ">([^<]{0,200})</" + name + ">");
  }

  /** As {@link io.unsealfs.storage.object.ObjectStore#get} says. */
  public Fetched get(
      ObjectVersion version, long offset, long length, RangeSink sink, Cancellation cancellation)
      throws IOException {
    Objects.checkFromIndexSize(offset, length, version.size());
    if (length == 0) {
      throw new IllegalArgumentException("a range of no bytes");
    }
    String what = "reading \"" + version.shownKey() + "\"";
    long start = System.nanoTime();
    try (HttpAnswer answer =
        calls.call(what, cancellation, () -> ask(version, offset, length), sink::asksAgain)) {
      long firstByte = System.nanoTime() - start;
      RangeBody.copy(calls.named(what), answer.body(), length, sink);
      long slowed = RetryAfter.qosDelayMillis(answer.header("x-oss-qos-delay-time"));
      return new Fetched(firstByte, System.nanoTime() - start, slowed);
    }
  }

  /** An answer that is this range of this version; to be closed. */
  private HttpAnswer ask(ObjectVersion version, long offset, long length) throws IOException {
    SignedRequest signed = signatures.of(version.key(), credentials.current());
    Map<String, List<String>> headers = new LinkedHashMap<>(signed.headers());
    headers.put("Range", List.of("bytes=" + offset + "-" + (offset + length - 1)));
    if (version.isPinned()) {
      Optional<String> etag = version.etag();
      headers.put(
          etag.isPresent() ? "If-Match" : "If-Unmodified-Since",
          List.of(
              etag.map(RangeAnswer::quoted)
                  .orElseGet(() -> RangeAnswer.time(version.modifiedMillis()))));
    }
    HttpAnswer answer = transport.send(new HttpQuestion("GET", signed.uri(), headers, ""));
    boolean fine = false;
    try {
      if (answer.status() / 100 != 2) {
        signatures.forget(version.key(), signed);
        throw new FailedAnswerException(failure(answer));
      }
      new RangeAnswer(
              answer.status(),
              answer.header("Content-Range"),
              answer
                  .header("Content-Length")
                  .filter(text -> LENGTH.matcher(text).matches())
                  .map(Long::parseLong)
                  .orElse(-1L),
              answer.header("ETag"),
              answer.header("Last-Modified"))
          .check(version, offset, length);
      fine = true;
      return answer;
    } finally {
      if (!fine) {
        answer.close();
      }
    }
  }

  private static StoreFailure failure(HttpAnswer answer) throws IOException {
    // three fields of a small document: not worth a parser that an attacker could feed
    String document = new String(answer.body().readNBytes(ERROR_BYTES_MAX), StandardCharsets.UTF_8);
    long serverMillis = RangeAnswer.millis(answer.header("Date")).orElse(0L);
    long retryAfter =
        RetryAfter.millis(
            answer.header("Retry-After"),
            serverMillis == 0 ? System.currentTimeMillis() : serverMillis);
    return new StoreFailure(
        answer.status(),
        first(CODE, document).orElse(""),
        first(REQUEST_ID, document)
            .or(() -> answer.header("x-amz-request-id"))
            .or(() -> answer.header("x-oss-request-id"))
            .orElse(""),
        first(EXTENDED_CODE, document).or(() -> answer.header("x-oss-ec")).orElse(""),
        Math.max(retryAfter, RetryAfter.qosDelayMillis(answer.header("x-oss-qos-delay-time"))),
        serverMillis);
  }

  private static Optional<String> first(Pattern field, String document) {
    Matcher matcher = field.matcher(document);
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }
}

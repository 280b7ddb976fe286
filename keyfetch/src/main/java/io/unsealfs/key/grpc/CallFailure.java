package io.unsealfs.key.grpc;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.unsealfs.key.ConversationRefusedException;
import io.unsealfs.key.KeyDeniedException;
import io.unsealfs.key.KeyUnavailableException;
import io.unsealfs.key.UntrustedServerException;
import io.unsealfs.key.wire.DenialReason;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * What a failed call means.
 *
 * @param cause for the user
 * @param isTransient whether the same server may be asked again in this fetch
 */
record CallFailure(IOException cause, boolean isTransient) {
  private static final Metadata.Key<byte[]> DENIAL =
      Metadata.Key.of(DenialReason.TRAILER, Metadata.BINARY_BYTE_MARSHALLER);
  private static final int MAX_TEXT = 200;

  static CallFailure of(ServerAddress server, StatusRuntimeException e) {
    Status status = e.getStatus();
    Optional<DenialReason> denial = denial(e);
    if (denial.isPresent() && denial.get() == DenialReason.RATE_LIMITED) {
      return lasting(server, denial.get().explanation(), e);
    }
    if (denial.isPresent() && denial.get() == DenialReason.NONCE_INVALID) {
      // the server was restarted, or this machine suspended, between two calls: no word on the key
      return new CallFailure(
          new ConversationRefusedException(
              "key server %s refused (%s): %s"
                  .formatted(server, denial.get(), denial.get().explanation()),
              e),
          false);
    }
    if (denial.isPresent() || status.getCode() == Status.Code.PERMISSION_DENIED) {
      DenialReason reason = denial.orElse(DenialReason.UNSPECIFIED);
      return new CallFailure(
          new KeyDeniedException(
              "key server %s refused (%s): %s".formatted(server, reason, reason.explanation()), e),
          false);
    }
    return switch (status.getCode()) {
      case UNAVAILABLE -> unavailable(server, status, e);
      case DEADLINE_EXCEEDED ->
          new CallFailure(
              new KeyUnavailableException("key server " + server + " did not answer in time", e),
              true);
      case UNIMPLEMENTED ->
          lasting(server, "is no unsealfs secret service of this version; check host and port", e);
      case RESOURCE_EXHAUSTED -> lasting(server, "answered more than the protocol allows", e);
      default -> lasting(server, "failed: " + describe(status), e);
    };
  }

  private static CallFailure unavailable(
      ServerAddress server, Status status, StatusRuntimeException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertificateException) {
        return new CallFailure(
            new UntrustedServerException(
                "key server %s has a TLS certificate that --server-ca does not vouch for: %s"
                    .formatted(server, printable(cause.getMessage())),
                e),
            false);
      }
      if (cause instanceof SSLException && isAboutOurCertificate(cause.getMessage())) {
        return new CallFailure(
            new KeyDeniedException(
                "key server %s does not take this client's certificate (%s); see --client-cert"
                    .formatted(server, printable(cause.getMessage())),
                e),
            false);
      }
    }
    return new CallFailure(
        new KeyUnavailableException(
            "key server %s cannot be reached: %s".formatted(server, describe(status)), e),
        true);
  }

  /** Alerts of the other end (RFC 8446 section 6.2) that a client's certificate can bring about. */
  private static boolean isAboutOurCertificate(@Nullable String message) {
    return message != null
        && message.contains("Received fatal alert: ")
        && (message.contains("certificate") || message.contains("unknown_ca"));
  }

  private static CallFailure lasting(ServerAddress server, String why, StatusRuntimeException e) {
    return new CallFailure(
        new KeyUnavailableException("key server " + server + ": " + why, e), false);
  }

  private static Optional<DenialReason> denial(StatusRuntimeException e) {
    Metadata trailers = e.getTrailers();
    byte[] trailer = trailers == null ? null : trailers.get(DENIAL);
    return Optional.ofNullable(trailer).map(DenialReason::decode);
  }

  /** The innermost reason: "Connection refused" says more than "io exception". */
  private static String describe(Status status) {
    Throwable cause = status.getCause();
    while (cause != null && cause.getCause() != null) {
      cause = cause.getCause();
    }
    String why = cause == null ? status.getDescription() : cause.getMessage();
    return status.getCode() + (why == null ? "" : " (" + printable(why) + ")");
  }

  /** Text of the other end, fit for one line. */
  private static String printable(@Nullable String text) {
    String line = String.valueOf(text).replaceAll("[^\\p{Print}]+", " ").strip();
    return line.length() > MAX_TEXT ? line.substring(0, MAX_TEXT) + "…" : line;
  }
}

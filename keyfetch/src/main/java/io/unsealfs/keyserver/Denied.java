package io.unsealfs.keyserver;

import io.grpc.Metadata;
import io.grpc.Status;
import io.unsealfs.key.wire.DenialReason;
import io.unsealfs.verify.FailedCheck;
import java.util.List;

/** A refused request: what the caller is told, and what the operator reads. */
final class Denied extends Exception {
  private static final long serialVersionUID = 1L;

  static final Metadata.Key<byte[]> TRAILER =
      Metadata.Key.of(DenialReason.TRAILER, Metadata.BINARY_BYTE_MARSHALLER);

  private final DenialReason reason;
  private final transient List<FailedCheck> failedChecks;

  /** A refusal; {@code detail} is for the operator only. */
  Denied(DenialReason reason, String detail, List<FailedCheck> failedChecks) {
    super(detail, null, false, false);
    this.reason = reason;
    this.failedChecks = failedChecks;
  }

  Denied(DenialReason reason, String detail) {
    this(reason, detail, List.of());
  }

  DenialReason reason() {
    return reason;
  }

  List<FailedCheck> failedChecks() {
    return failedChecks;
  }

  /**
   * The status for a reason. Being too fast can be mended by waiting, so it is not a denial that
   * ends the client's tries.
   */
  static Status status(DenialReason reason) {
    Status status =
        reason == DenialReason.RATE_LIMITED ? Status.RESOURCE_EXHAUSTED : Status.PERMISSION_DENIED;
    return status.withDescription(reason.explanation());
  }

  /** The trailer for a reason. */
  static Metadata trailer(DenialReason reason) {
    Metadata trailer = new Metadata();
    trailer.put(TRAILER, reason.encode());
    return trailer;
  }
}

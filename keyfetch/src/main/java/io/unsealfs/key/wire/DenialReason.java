package io.unsealfs.key.wire;

import com.google.protobuf.InvalidProtocolBufferException;
import io.unsealfs.key.proto.v1.Denial;

/**
 * Why a request was refused, as far as it is the caller's own doing. Travels as a serialised {@code
 * Denial} in the binary trailer {@link #TRAILER}.
 */
public enum DenialReason {
  /** The server gave no reason, or one this client does not know. */
  UNSPECIFIED(Denial.Reason.UNSPECIFIED, "no reason given"),
  /** The secret does not exist, or policy does not release it to this evidence. */
  NOT_RELEASED(
      Denial.Reason.NOT_RELEASED,
      "no such secret, or its policy does not release it to this evidence; the server's audit log"
          + " says which"),
  /** The nonce is unknown, used or too old. */
  NONCE_INVALID(
      Denial.Reason.NONCE_INVALID,
      "the nonce is unknown, used or too old; if the server is a group, its members must share"
          + " nonces"),
  /** The evidence does not cover this conversation. */
  BINDING_MISMATCH(Denial.Reason.BINDING_MISMATCH, "the evidence does not cover this conversation"),
  /** The evidence is malformed. */
  EVIDENCE_MALFORMED(Denial.Reason.EVIDENCE_MALFORMED, "the evidence is malformed"),
  /** The server cannot verify, or does not accept, evidence of that type. */
  EVIDENCE_UNSUPPORTED(
      Denial.Reason.EVIDENCE_UNSUPPORTED,
      "the server does not accept evidence of this type; see --attester"),
  /** Too many requests. */
  RATE_LIMITED(Denial.Reason.RATE_LIMITED, "too many requests; try again later");

  /** Name of the binary trailer. */
  public static final String TRAILER = "unsealfs-denial-bin";

  private static final int MAX_TRAILER_BYTES = 64;

  private final Denial.Reason wire;
  private final String explanation;

  DenialReason(Denial.Reason wire, String explanation) {
    this.wire = wire;
    this.explanation = explanation;
  }

  /** The trailer's value. */
  public byte[] encode() {
    return Denial.newBuilder().setReason(wire).build().toByteArray();
  }

  /** Reads a trailer's value; anything strange is {@link #UNSPECIFIED}. */
  public static DenialReason decode(byte[] trailer) {
    if (trailer.length <= MAX_TRAILER_BYTES) {
      try {
        Denial.Reason wire = Denial.parseFrom(trailer).getReason();
        for (DenialReason reason : values()) {
          if (reason.wire == wire) {
            return reason;
          }
        }
      } catch (InvalidProtocolBufferException e) {
        return UNSPECIFIED;
      }
    }
    return UNSPECIFIED;
  }

  /** For the user: why, and what to do. */
  public String explanation() {
    return explanation;
  }
}

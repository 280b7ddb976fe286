package io.unsealfs.attest.tsm;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;

/**
 * What an error of the report files means. Java hands over the C library's text and not the number,
 * so the texts of glibc and musl are compared; a text not known here counts as EIO.
 */
enum TsmError {
  /** An earlier request is still with the host. */
  BUSY(5, "the host is still busy with an earlier request"),
  /** The host did not answer in time. */
  TIMED_OUT(
      5, "the host's quote generation service did not answer in time; ask the host's operator"),
  /** A signal came while waiting. */
  INTERRUPTED(5, "waiting was interrupted again and again"),
  /** Somebody changed the report meanwhile. */
  CHANGED(5, "the report was changed by somebody else again and again"),
  /** The hypercall was refused or answered badly. */
  IO(3, "the host refused the request for a quote"),
  /** No provider, or it went away. */
  NO_PROVIDER(
      1,
      "no attestation provider is loaded; is this a confidential VM, and is tdx_guest or sev-guest loaded?"),
  /** The report is larger than the kernel takes. */
  TOO_BIG(1, "the report is larger than the kernel takes"),
  /** The kernel did not take what was asked: a fault of ours. */
  INVALID(1, "the kernel refused the request as malformed"),
  /** Not root. */
  DENIED(1, "this user may not use configfs-tsm; run as root, or let the unit have it");

  private final int tries;
  private final String explanation;

  TsmError(int tries, String explanation) {
    this.tries = tries;
    this.explanation = explanation;
  }

  /** How often in all it is worth trying. */
  int tries() {
    return tries;
  }

  /** For the user: why, and what to do. */
  String explanation() {
    return explanation;
  }

  static TsmError of(IOException error) {
    if (error instanceof NoSuchFileException) {
      return NO_PROVIDER;
    }
    String reason =
        error instanceof FileSystemException e && e.getReason() != null
            ? e.getReason()
            : String.valueOf(error.getMessage());
    return switch (reason.toLowerCase(Locale.ROOT)) {
      case "device or resource busy", "resource busy" -> BUSY;
      case "connection timed out", "operation timed out" -> TIMED_OUT;
      case "interrupted system call" -> INTERRUPTED;
      case "resource temporarily unavailable" -> CHANGED;
      case "no such device or address" -> NO_PROVIDER;
      case "file too large" -> TOO_BIG;
      case "invalid argument" -> INVALID;
      case "permission denied", "operation not permitted" -> DENIED;
      default -> error instanceof java.nio.file.AccessDeniedException ? DENIED : IO;
    };
  }
}

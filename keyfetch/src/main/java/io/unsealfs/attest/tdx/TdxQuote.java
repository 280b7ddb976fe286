package io.unsealfs.attest.tdx;

import io.unsealfs.attest.AttestationException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A TDX quote as far as its owner needs it: where it ends, what it covers, whether the TD can be
 * debugged. Checks no signature. Immutable.
 */
public final class TdxQuote {
  private static final int TEE_TYPE_TDX = 0x81;
  private static final int HEADER_BYTES = 48;
  private static final int BODY_10_BYTES = 584;
  private static final int BODY_15_BYTES = 648;
  private static final int V5_DESCRIPTOR_BYTES = 6;
  private static final int ATTRIBUTES_AT = 120;
  private static final int REPORT_DATA_AT = 520;
  private static final int REPORT_DATA_BYTES = 64;
  private static final long ATTRIBUTE_DEBUG = 1;

  private final byte[] bytes;
  private final int version;
  private final int bodyAt;

  private TdxQuote(byte[] bytes, int version, int bodyAt) {
    this.bytes = bytes;
    this.version = version;
    this.bodyAt = bodyAt;
  }

  /**
   * Parses a quote and cuts off the padding that may follow it.
   *
   * @throws AttestationException if it is not a TDX quote of version 4 or 5, or is cut short
   */
  public static TdxQuote parse(byte[] padded) throws AttestationException {
    if (padded.length < HEADER_BYTES + V5_DESCRIPTOR_BYTES) {
      throw new AttestationException("quote is cut short: %d bytes".formatted(padded.length));
    }
    ByteBuffer in = ByteBuffer.wrap(padded).order(ByteOrder.LITTLE_ENDIAN);
    int version = Short.toUnsignedInt(in.getShort(0));
    int tee = in.getInt(4);
    if (tee != TEE_TYPE_TDX) {
      throw new AttestationException("quote is of TEE type 0x%x, not TDX".formatted(tee));
    }
    int bodyAt;
    int bodyBytes;
    switch (version) {
      case 4 -> {
        bodyAt = HEADER_BYTES;
        bodyBytes = BODY_10_BYTES;
      }
      case 5 -> {
        bodyAt = HEADER_BYTES + V5_DESCRIPTOR_BYTES;
        bodyBytes = bodyBytes(in);
      }
      default -> throw new AttestationException("quote version %d is unknown".formatted(version));
    }
    int signatureAt = bodyAt + bodyBytes + Integer.BYTES;
    if (signatureAt > padded.length) {
      throw new AttestationException("quote is cut short: %d bytes".formatted(padded.length));
    }
    long signatureBytes = Integer.toUnsignedLong(in.getInt(signatureAt - Integer.BYTES));
    if (signatureBytes == 0 || signatureBytes > padded.length - signatureAt) {
      throw new AttestationException(
          "quote claims %d bytes of signature, %d follow"
              .formatted(signatureBytes, padded.length - signatureAt));
    }
    byte[] quote = Arrays.copyOf(padded, signatureAt + (int) signatureBytes);
    return new TdxQuote(quote, version, bodyAt);
  }

  private static int bodyBytes(ByteBuffer in) throws AttestationException {
    int type = Short.toUnsignedInt(in.getShort(HEADER_BYTES));
    int size = in.getInt(HEADER_BYTES + Short.BYTES);
    if ((type == 2 && size == BODY_10_BYTES) || (type == 3 && size == BODY_15_BYTES)) {
      return size;
    }
    throw new AttestationException(
        "quote body of type %d with %d bytes is unknown"
            .formatted(type, Integer.toUnsignedLong(size)));
  }

  /** Quote format version, 4 or 5. */
  public int version() {
    return version;
  }

  /** A copy of the quote, without padding. */
  public byte[] toBytes() {
    return bytes.clone();
  }

  /** A copy of the 64 bytes it covers. */
  public byte[] reportData() {
    int at = bodyAt + REPORT_DATA_AT;
    return Arrays.copyOfRange(bytes, at, at + REPORT_DATA_BYTES);
  }

  /** Whether the host may read this TD's memory. */
  public boolean isDebug() {
    long attributes =
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(bodyAt + ATTRIBUTES_AT);
    return (attributes & ATTRIBUTE_DEBUG) != 0;
  }
}

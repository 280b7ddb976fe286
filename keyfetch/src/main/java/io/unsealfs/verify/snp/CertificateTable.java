package io.unsealfs.verify.snp;

import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * The certificates that a host hands its guests beside a report (AMD 56421, extended guest
 * request): entries of GUID, offset and length, a zero entry, then what they point at. Nothing in
 * it is signed as such; each certificate is.
 */
final class CertificateTable {
  /** Larger tables are refused; the kernel takes no more either. */
  static final int MAX_BYTES = 16 << 10;

  static final UUID VCEK = UUID.fromString("63da758d-e664-4564-adc5-f4b93be8accd");
  static final UUID VLEK = UUID.fromString("a8074bc2-a25a-483e-aae6-39c045a0b8a1");
  static final UUID ASK = UUID.fromString("4ab7b379-bbac-4fe4-a02f-05aef327c782");
  static final UUID ARK = UUID.fromString("c0b406a4-a803-4952-9743-3fb6014cd0ae");

  private static final int ENTRY_BYTES = 24;
  private static final int MAX_ENTRIES = 16;
  private static final UUID END = new UUID(0, 0);

  private final Map<UUID, byte[]> entries;

  private CertificateTable(Map<UUID, byte[]> entries) {
    this.entries = entries;
  }

  /**
   * Parses a table; nothing at all is a table without entries.
   *
   * @throws VerificationException QUOTE_FORMAT
   */
  static CertificateTable parse(byte[] bytes) throws VerificationException {
    if (bytes.length > MAX_BYTES) {
      throw bad("at most " + MAX_BYTES + " bytes", bytes.length + " bytes");
    }
    Map<UUID, byte[]> entries = new HashMap<>();
    if (bytes.length == 0) {
      return new CertificateTable(entries);
    }
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; ; at += ENTRY_BYTES) {
      if (entries.size() > MAX_ENTRIES || at > bytes.length - ENTRY_BYTES) {
        throw bad("entries that end with a zero one", "none within " + bytes.length + " bytes");
      }
      UUID guid = guid(bytes, at);
      long offset = Integer.toUnsignedLong(in.getInt(at + 16));
      long length = Integer.toUnsignedLong(in.getInt(at + 20));
      if (guid.equals(END)) {
        if (offset != 0 || length != 0) {
          throw bad("a last entry of zeros", "offset " + offset + ", length " + length);
        }
        return new CertificateTable(entries);
      }
      if (offset > bytes.length || length > bytes.length - offset) {
        throw bad(
            "entries within " + bytes.length + " bytes", "offset " + offset + ", length " + length);
      }
      byte[] value = Arrays.copyOfRange(bytes, (int) offset, (int) (offset + length));
      if (entries.put(guid, value) != null) {
        throw bad("each entry once", "two of " + guid);
      }
    }
  }

  /** A GUID as AMD stores it: the bytes in the order of its text. */
  private static UUID guid(byte[] bytes, int at) {
    ByteBuffer in = ByteBuffer.wrap(bytes, at, 16);
    return new UUID(in.getLong(), in.getLong());
  }

  /** The bytes of an entry; empty if it is absent or has none. */
  Optional<byte[]> find(UUID guid) {
    return Optional.ofNullable(entries.get(guid)).filter(value -> value.length > 0);
  }

  private static VerificationException bad(String expected, String actual) {
    return Failure.QUOTE_FORMAT.exception("a certificate table with " + expected, actual);
  }
}

package io.unsealfs.attest.tdx;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The boot event log the firmware left in the ACPI table CCEL, cut to its used part. A log that
 * cannot be read whole is left out: half a log is worse than none, since it does not replay.
 */
final class EventLog {
  private static final System.Logger LOG = System.getLogger(EventLog.class.getName());
  private static final byte[] NONE = {};
  private static final int TABLE_BYTES = 56;
  private static final int TABLE_TYPE_AT = 36;
  private static final int TABLE_AREA_BYTES_AT = 40;
  private static final int TYPE_TDX = 2;
  private static final int MAX_LOG_BYTES = 1 << 20;

  private static final int END_BYTES = 8;
  private static final int NO_ACTION = 3;
  private static final int SHA1_BYTES = 20;
  private static final int MAX_DIGESTS = 16;

  private final Path table;
  private final Path data;

  /** The log described by {@code table} with its bytes in {@code data}. */
  EventLog(Path table, Path data) {
    this.table = table;
    this.data = data;
  }

  /** The log's used part; empty where there is none. */
  byte[] read() {
    try {
      byte[] head = readUpTo(table, TABLE_BYTES);
      ByteBuffer acpi = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
      if (head.length < TABLE_BYTES
          || !new String(head, 0, 4, StandardCharsets.ISO_8859_1).equals("CCEL")
          || head[TABLE_TYPE_AT] != TYPE_TDX) {
        throw new IOException("the ACPI table is not a CCEL table of a TD");
      }
      long areaBytes = acpi.getLong(TABLE_AREA_BYTES_AT);
      if (areaBytes <= 0) {
        throw new IOException("the ACPI table describes an empty log area");
      }
      byte[] area = readUpTo(data, (int) Math.min(areaBytes, MAX_LOG_BYTES));
      return Arrays.copyOf(area, usedBytes(area));
    } catch (NoSuchFileException e) {
      return NONE;
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "the event log {0} is left out of the evidence: {1}",
          data,
          e.getMessage());
      return NONE;
    }
  }

  private static byte[] readUpTo(Path file, int maxBytes) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(maxBytes);
    }
  }

  /**
   * Length in bytes of the entries before the end mark, or before the area's end.
   *
   * @throws IOException if an entry is malformed or cut short
   */
  static int usedBytes(byte[] area) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(area).order(ByteOrder.LITTLE_ENDIAN);
    if (isEnd(in)) {
      return 0;
    }
    need(in, 2 * Integer.BYTES + SHA1_BYTES);
    in.getInt();
    if (in.getInt() != NO_ACTION) {
      throw new IOException("its first entry is not the specification entry");
    }
    skip(in, SHA1_BYTES);
    skipData(in);
    while (!isEnd(in)) {
      skipEntry(in);
    }
    return in.position();
  }

  private static void skipEntry(ByteBuffer in) throws IOException {
    need(in, 3 * Integer.BYTES);
    in.getInt();
    in.getInt();
    int digests = in.getInt();
    if (digests < 0 || digests > MAX_DIGESTS) {
      throw new IOException("an entry claims an absurd number of digests");
    }
    for (int i = 0; i < digests; i++) {
      need(in, Short.BYTES);
      skip(in, digestBytes(in.getShort()));
    }
    skipData(in);
  }

  private static int digestBytes(short algorithm) throws IOException {
    return switch (algorithm) {
      case 0x04 -> SHA1_BYTES;
      case 0x0b, 0x12 -> 32;
      case 0x0c -> 48;
      case 0x0d -> 64;
      default -> throw new IOException("an entry has a digest of unknown algorithm " + algorithm);
    };
  }

  private static void skipData(ByteBuffer in) throws IOException {
    need(in, Integer.BYTES);
    skip(in, Integer.toUnsignedLong(in.getInt()));
  }

  private static void skip(ByteBuffer in, long bytes) throws IOException {
    need(in, bytes);
    in.position(in.position() + (int) bytes);
  }

  private static void need(ByteBuffer in, long bytes) throws IOException {
    if (bytes > in.remaining()) {
      throw new IOException("an entry is cut short at byte " + in.position());
    }
  }

  private static boolean isEnd(ByteBuffer in) {
    if (in.remaining() < END_BYTES) {
      return true;
    }
    long mark = in.getLong(in.position());
    return mark == 0 || mark == -1;
  }
}

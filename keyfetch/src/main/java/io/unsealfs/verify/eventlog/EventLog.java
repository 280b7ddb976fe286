package io.unsealfs.verify.eventlog;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A log in the TCG's crypto-agile form, as CCEL has it: the specification entry, then entries with
 * one SHA-384 digest each, until eight bytes of all ones or all zeros, or the end. Immutable.
 *
 * <p>Says nothing about a TD until {@link #mismatches} found none.
 */
public final class EventLog {
  /** How many runtime measurement registers there are. */
  public static final int RTMRS = 4;

  private static final int RTMR_BYTES = 48;
  private static final int MAX_LOG_BYTES = 1 << 20;
  private static final int MAX_ENTRIES = 1 << 14;
  private static final int MAX_DIGESTS = 16;
  private static final int MARK_BYTES = 8;
  private static final int SHA1_BYTES = 20;
  private static final int EV_NO_ACTION = 3;
  private static final int SHA384 = 0x0c;
  private static final byte[] SPECIFICATION =
      "Spec ID Event03\0".getBytes(StandardCharsets.US_ASCII);

  private final List<LogEntry> entries;

  private EventLog(List<LogEntry> entries) {
    this.entries = List.copyOf(entries);
  }

  /**
   * Reads a log.
   *
   * @throws EventLogException if it is empty, too large, cut short, or holds an entry that cannot
   *     be replayed
   */
  public static EventLog parse(byte[] log) throws EventLogException {
    if (log.length > MAX_LOG_BYTES) {
      throw new EventLogException("larger than the %d bytes allowed".formatted(MAX_LOG_BYTES));
    }
    ByteBuffer in = ByteBuffer.wrap(log).order(ByteOrder.LITTLE_ENDIAN);
    readSpecification(in);
    List<LogEntry> entries = new ArrayList<>();
    for (int seen = 0; !isEnd(in); seen++) {
      if (seen == MAX_ENTRIES) {
        throw new EventLogException("more than %d entries".formatted(MAX_ENTRIES));
      }
      readEntry(in, entries);
    }
    return new EventLog(entries);
  }

  private static void readSpecification(ByteBuffer in) throws EventLogException {
    need(in, 2 * Integer.BYTES + SHA1_BYTES + Integer.BYTES, 0);
    in.getInt();
    if (in.getInt() != EV_NO_ACTION) {
      throw new EventLogException("its first entry is not the specification entry");
    }
    in.position(in.position() + SHA1_BYTES);
    byte[] data = readData(in, 0);
    if (data.length < SPECIFICATION.length
        || !MessageDigest.isEqual(SPECIFICATION, Arrays.copyOf(data, SPECIFICATION.length))) {
      throw new EventLogException("its specification entry is not of the crypto-agile form");
    }
  }

  private static void readEntry(ByteBuffer in, List<LogEntry> entries) throws EventLogException {
    int at = in.position();
    need(in, 3 * Integer.BYTES, at);
    int register = in.getInt();
    int type = in.getInt();
    int digests = in.getInt();
    if (digests < 1 || digests > MAX_DIGESTS) {
      throw new EventLogException(
          "the entry at byte %d claims %d digests, not 1 to %d"
              .formatted(at, Integer.toUnsignedLong(digests), MAX_DIGESTS));
    }
    byte @Nullable [] sha384 = null;
    for (int i = 0; i < digests; i++) {
      need(in, Short.BYTES, at);
      int algorithm = Short.toUnsignedInt(in.getShort());
      byte[] digest = read(in, digestBytes(algorithm, at), at);
      if (algorithm == SHA384) {
        if (sha384 != null) {
          throw new EventLogException("the entry at byte %d has two SHA-384 digests".formatted(at));
        }
        sha384 = digest;
      }
    }
    byte[] data = readData(in, at);
    if (type == EV_NO_ACTION) {
      return;
    }
    if (register < 1 || register > RTMRS) {
      throw new EventLogException(
          "the entry at byte %d is for register %d, not 1 to 4, which are RTMR0 to RTMR3"
              .formatted(at, Integer.toUnsignedLong(register)));
    }
    if (sha384 == null) {
      throw new EventLogException("the entry at byte %d has no SHA-384 digest".formatted(at));
    }
    entries.add(new LogEntry(at, register - 1, type, sha384, data));
  }

  private static int digestBytes(int algorithm, int at) throws EventLogException {
    return switch (algorithm) {
      case 0x04 -> SHA1_BYTES;
      case 0x0b, 0x12 -> 32;
      case SHA384 -> RTMR_BYTES;
      case 0x0d -> 64;
      default ->
          throw new EventLogException(
              "the entry at byte %d has a digest of unknown algorithm 0x%x"
                  .formatted(at, algorithm));
    };
  }

  private static byte[] readData(ByteBuffer in, int at) throws EventLogException {
    need(in, Integer.BYTES, at);
    return read(in, Integer.toUnsignedLong(in.getInt()), at);
  }

  private static byte[] read(ByteBuffer in, long bytes, int at) throws EventLogException {
    need(in, bytes, at);
    byte[] read = new byte[(int) bytes];
    in.get(read);
    return read;
  }

  private static void need(ByteBuffer in, long bytes, int at) throws EventLogException {
    if (bytes > in.remaining()) {
      throw new EventLogException("the entry at byte %d is cut short".formatted(at));
    }
  }

  /** The end mark, or what is too short for one, which padding of an area never is. */
  private static boolean isEnd(ByteBuffer in) throws EventLogException {
    if (!in.hasRemaining()) {
      return true;
    }
    need(in, MARK_BYTES, in.position());
    long mark = in.getLong(in.position());
    return mark == 0 || mark == -1;
  }

  /** The measured entries in the log's order. */
  List<LogEntry> entries() {
    return entries;
  }

  /** How many measured entries there are. */
  public int size() {
    return entries.size();
  }

  /** What RTMR0 to RTMR3 hold if the log is complete; four arrays of 48 bytes. */
  public byte[][] replay() {
    byte[][] registers = new byte[RTMRS][RTMR_BYTES];
    MessageDigest sha384 = Sha384.create();
    for (LogEntry entry : entries) {
      sha384.update(registers[entry.rtmr()]);
      registers[entry.rtmr()] = sha384.digest(entry.digest());
    }
    return registers;
  }

  /**
   * The registers that the log does not lead to.
   *
   * @param rtmr the quote's register {@code index} as hex
   */
  public List<RegisterMismatch> mismatches(IntFunction<String> rtmr) {
    byte[][] replayed = replay();
    List<RegisterMismatch> mismatches = new ArrayList<>();
    for (int i = 0; i < RTMRS; i++) {
      String log = HexFormat.of().formatHex(replayed[i]);
      String quote = rtmr.apply(i);
      if (!log.equals(quote)) {
        mismatches.add(new RegisterMismatch("rtmr" + i, quote, log));
      }
    }
    return mismatches;
  }

  /**
   * A register whose value the log does not explain.
   *
   * @param register {@code rtmr0} to {@code rtmr3}
   * @param quote its value in the quote, hex
   * @param log its value by the log, hex
   */
  public record RegisterMismatch(String register, String quote, String log) {}
}

package io.unsealfs.daemon.status;

import io.unsealfs.mount.Errno;
import io.unsealfs.mount.Operation;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts the kernel's requests by operation and outcome. On the read path: two or three additions
 * and nothing else. Thread-safe.
 */
public final class RequestFigures {
  /** How a request ended. */
  public enum Outcome {
    /** As asked. */
    OK,
    /** Not possible, and nothing is wrong: no such file, not supported, read-only. */
    REFUSED,
    /** The data, the storage or the key stood in the way. */
    FAILED;

    /** As a tag. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What shows that somebody uses the tree; looks from outside, as df(1) takes, are none. */
  private static final Set<Operation> USES =
      EnumSet.of(
          Operation.LOOKUP,
          Operation.READLINK,
          Operation.OPEN,
          Operation.READ,
          Operation.OPENDIR,
          Operation.READDIR,
          Operation.GETXATTR,
          Operation.LISTXATTR);

  /** Answered by somebody else, later. */
  private static final int LATER = Integer.MIN_VALUE;

  /** One operation and outcome. */
  private static final class Cell {
    final LongAdder count = new LongAdder();
    final LongAdder nanos = new LongAdder();
  }

  private final Map<Operation, Map<Outcome, Cell>> cells = new EnumMap<>(Operation.class);
  private final LongAdder readBytes = new LongAdder();

  /** Nothing counted yet. */
  public RequestFigures() {
    for (Operation operation : Operation.values()) {
      Map<Outcome, Cell> row = new EnumMap<>(Outcome.class);
      for (Outcome outcome : Outcome.values()) {
        row.put(outcome, new Cell());
      }
      cells.put(operation, row);
    }
  }

  /**
   * Counts an answer.
   *
   * @param result as {@link io.unsealfs.mount.FuseEvents#answered} has it
   * @param nanos 0 if nobody measured
   */
  public void count(Operation operation, int result, long nanos) {
    Cell cell = cell(operation, outcome(result));
    cell.count.increment();
    if (nanos > 0) {
      cell.nanos.add(nanos);
    }
    if (operation == Operation.READ && result > 0) {
      readBytes.add(result);
    }
  }

  private Cell cell(Operation operation, Outcome outcome) {
    Map<Outcome, Cell> row = cells.get(operation);
    Cell cell = row == null ? null : row.get(outcome);
    if (cell == null) {
      throw new IllegalStateException("every cell is made at the start");
    }
    return cell;
  }

  private static Outcome outcome(int result) {
    if (result >= 0 || result == LATER) {
      return Outcome.OK;
    }
    return switch (-result) {
      case Errno.EIO, Errno.ESTALE, Errno.EACCES, Errno.EKEYEXPIRED, Errno.EKEYREVOKED ->
          Outcome.FAILED;
      default -> Outcome.REFUSED;
    };
  }

  /** Requests so far. */
  public long count(Operation operation, Outcome outcome) {
    return cell(operation, outcome).count.sum();
  }

  /** What they took together; 0 where nobody measured. */
  public long nanos(Operation operation, Outcome outcome) {
    return cell(operation, outcome).nanos.sum();
  }

  /** Requests of all operations that ended so. */
  public long count(Outcome outcome) {
    return cells.keySet().stream().mapToLong(operation -> count(operation, outcome)).sum();
  }

  /** Requests of all operations. */
  public long count() {
    long sum = 0;
    for (Outcome outcome : Outcome.values()) {
      sum += count(outcome);
    }
    return sum;
  }

  /** Plaintext bytes that READ requests brought to the kernel. */
  public long readBytes() {
    return readBytes.sum();
  }

  /** Requests that show use: grows whenever somebody looks up, opens, lists or reads something. */
  public long uses() {
    long sum = 0;
    for (Operation operation : USES) {
      for (Outcome outcome : Outcome.values()) {
        sum += count(operation, outcome);
      }
    }
    return sum;
  }
}

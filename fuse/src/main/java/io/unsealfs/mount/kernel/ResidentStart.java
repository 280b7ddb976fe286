package io.unsealfs.mount.kernel;

import io.unsealfs.mount.resident.ResidentPlan;
import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.FuseDevice;
import io.unsealfs.os.HiddenMemory;
import io.unsealfs.os.MemoryFile;
import io.unsealfs.os.SystemCallException;
import java.io.Closeable;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds out, before and after the handshake of a mount, whether resident mode is possible here, and
 * if not, why. Holds the memory until somebody takes it.
 */
final class ResidentStart implements Closeable {
  private static final int PROBE_BYTES = 4096;

  /** How memory is had: {@link HiddenMemory#create}, or what a test has instead. */
  @FunctionalInterface
  interface Making {
    /** Memory of so many bytes. */
    HiddenMemory create(long bytes) throws SystemCallException;

    /** Whether it can be told if somebody has this file, which nobody has, open or mapped. */
    default boolean tellsUsers(MemoryFile file) {
      return !file.isUsedByOthers();
    }
  }

  private @Nullable HiddenMemory memory;
  private @Nullable String off;
  private boolean keepsAll;

  private final Making making;

  private ResidentStart(Making making) {
    this.making = making;
  }

  /** Gets the memory for a plan, if there is one. */
  static ResidentStart of(Optional<ResidentPlan> plan, Making making) {
    ResidentStart start = new ResidentStart(making);
    if (plan.isPresent()) {
      start.make(plan.get().budgetBytes());
    }
    return start;
  }

  private void make(long budgetBytes) {
    if (budgetBytes < ResidentPlan.LEAST_FILE_BYTES) {
      off = "its budget of " + budgetBytes + " bytes holds no file; see resident_size";
      return;
    }
    try {
      memory = making.create(budgetBytes);
    } catch (SystemCallException e) {
      off =
          switch (e.errno()) {
            case ErrorNumber.EPERM -> "it needs CAP_SYS_ADMIN: mount as root";
            case ErrorNumber.ENOSYS -> "this kernel cannot make a file system without a place";
            default -> "no memory with huge pages and without swap: " + e.getMessage();
          };
    }
  }

  /** Whether passthrough is to be asked for. */
  boolean isWanted() {
    return memory != null;
  }

  /** Looks whether the kernel takes the memory. */
  void agreed(Handshake agreed, FuseDevice device) {
    if (memory == null) {
      return;
    }
    if (!agreed.passthrough()) {
      off = "this kernel offers no passthrough; it came with Linux 6.9";
    } else {
      try (MemoryFile probe = memory.file(PROBE_BYTES)) {
        keepsAll = !making.tellsUsers(probe);
        device.closeBacking(device.openBacking(probe));
      } catch (SystemCallException e) {
        off = "the kernel does not read from our memory: " + e.getMessage();
      }
    }
    if (off != null) {
      close();
    }
  }

  /** Why it is off though it was asked for. */
  Optional<String> off() {
    return Optional.ofNullable(off);
  }

  /** Whether no file ever goes, since it cannot be told whether somebody uses it. */
  boolean keepsAll() {
    return memory != null && keepsAll;
  }

  /** The memory, which is the taker's from now on; null if it is off. */
  @Nullable HiddenMemory take() {
    HiddenMemory taken = memory;
    memory = null;
    return taken;
  }

  /** Lets the memory go unless somebody took it. */
  @Override
  public void close() {
    if (memory != null) {
      memory.close();
      memory = null;
    }
  }
}

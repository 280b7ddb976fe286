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
  }

  private @Nullable HiddenMemory memory;
  private @Nullable String off;

  private ResidentStart() {}

  /** Gets the memory for a plan, if there is one. */
  static ResidentStart of(Optional<ResidentPlan> plan, Making making) {
    ResidentStart start = new ResidentStart();
    if (plan.isPresent()) {
      start.make(plan.get().budgetBytes(), making);
    }
    return start;
  }

  private void make(long budgetBytes, Making making) {
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

package io.unsealfs.mount.kernel;

import io.unsealfs.mount.resident.ResidentPlan;
import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.FuseDevice;
import io.unsealfs.os.HiddenMemory;
import io.unsealfs.os.MemoryFile;
import io.unsealfs.os.SystemCallException;
import java.lang.System.Logger.Level;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds out whether resident mode is possible here, and says why not: one line. */
final class ResidentStart {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");
  private static final int PROBE_BYTES = 4096;

  private ResidentStart() {}

  /** The memory for the plan; null where there is none, or it cannot be had. */
  static @Nullable HiddenMemory memory(Optional<ResidentPlan> plan) {
    if (plan.isEmpty()) {
      return null;
    }
    try {
      return HiddenMemory.create(plan.get().budgetBytes());
    } catch (SystemCallException e) {
      off(
          switch (e.errno()) {
            case ErrorNumber.EPERM -> "it needs CAP_SYS_ADMIN: mount as root";
            case ErrorNumber.ENOSYS -> "this kernel cannot make a file system without a place";
            default -> "no memory with huge pages and without swap: " + e.getMessage();
          });
      return null;
    }
  }

  /** The same memory if the kernel would read from it, otherwise null, and it is closed. */
  static @Nullable HiddenMemory accepted(
      @Nullable HiddenMemory memory, Handshake agreed, FuseDevice device) {
    if (memory == null) {
      return null;
    }
    boolean accepted = false;
    try {
      accepted = agreed.passthrough() && isAccepted(memory, device);
      if (!agreed.passthrough()) {
        off("this kernel offers no passthrough; it came with Linux 6.9");
      }
      return accepted ? memory : null;
    } finally {
      if (!accepted) {
        memory.close();
      }
    }
  }

  private static boolean isAccepted(HiddenMemory memory, FuseDevice device) {
    try (MemoryFile probe = memory.file(PROBE_BYTES)) {
      device.closeBacking(device.openBacking(probe));
      return true;
    } catch (SystemCallException e) {
      off("the kernel does not read from our memory: " + e.getMessage());
      return false;
    }
  }

  private static void off(String reason) {
    LOG.log(Level.INFO, "resident: off: {0}; files are read the ordinary way", reason);
  }
}

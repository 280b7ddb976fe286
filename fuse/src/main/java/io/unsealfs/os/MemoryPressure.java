package io.unsealfs.os;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Tells when memory gets short, for this process's control group or for the machine. Listens to the
 * kernel's pressure stall information (a trigger on the group's {@code memory.pressure}, else on
 * {@code /proc/pressure/memory}), and where the group has none of its own compares the group's use
 * with its limit every few seconds.
 *
 * <p>For one waiting thread; {@link #close} may come from any.
 */
public final class MemoryPressure implements AutoCloseable {
  /** Some task waited for memory 150 ms within two seconds; the kernel takes this from any user. */
  private static final String TRIGGER = "some 150000 2000000";

  private static final int O_RDWR = 2;

  /** Between two looks at the group's figures, and the longest that {@link #close} goes unseen. */
  private static final Duration LOOK = Duration.ofSeconds(5);

  private final Path proc;
  private final Path cgroups;
  private volatile @Nullable Descriptor trigger;
  private final String description;

  /** Whether the figures are looked at: no trigger of the group's own tells. */
  private volatile boolean looks;

  private volatile boolean closed;

  /** Watches for this process. */
  public static MemoryPressure ofThisProcess() {
    return new MemoryPressure(Path.of("/proc"), Path.of("/sys/fs/cgroup"));
  }

  MemoryPressure(Path proc, Path cgroups) {
    this.proc = proc;
    this.cgroups = cgroups;
    Path own = ownPressure(proc, cgroups);
    Descriptor opened = own == null ? null : opened(own);
    looks = opened == null;
    if (opened != null) {
      description = own + " (trigger)";
    } else {
      Path machine = proc.resolve("pressure/memory");
      opened = opened(machine);
      description =
          (opened == null ? "" : machine + " (trigger), ")
              + "the use of the control groups every "
              + LOOK.toSeconds()
              + " s";
    }
    trigger = opened;
  }

  private static @Nullable Path ownPressure(Path proc, Path cgroups) {
    for (CgroupFiles.Group group : CgroupFiles.groups(proc, cgroups)) {
      Path file = group.directory().resolve("memory.pressure");
      // The kernel counts stalls in groups of version 2 also where version 1 limits the memory, in
      // other groups; those of a group that has a limit are the ones that matter.
      if (group.unified()
          && Files.exists(group.directory().resolve("memory.max"))
          && Files.exists(file)) {
        return file;
      }
    }
    return null;
  }

  private static @Nullable Descriptor opened(Path file) {
    byte[] path = Libc.terminated(file.toString().getBytes(StandardCharsets.UTF_8));
    try {
      Descriptor descriptor =
          Descriptor.opened(
              "open", Libc.CALLS.open(path, O_RDWR | OpenFlags.NONBLOCK | OpenFlags.CLOEXEC, 0));
      byte[] words = Libc.terminated(TRIGGER.getBytes(StandardCharsets.US_ASCII));
      int number = descriptor.acquire();
      boolean armed;
      try {
        armed = Libc.CALLS.write(number, words, words.length) == words.length;
      } finally {
        descriptor.release();
      }
      if (armed && isPollable(descriptor)) {
        return descriptor;
      }
      descriptor.close();
      return null;
    } catch (IOException e) {
      return null;
    }
  }

  /** A plain file in the place of the kernel's would be ready at once, for ever. */
  private static boolean isPollable(Descriptor descriptor) {
    int events = poll(descriptor, 0);
    return (events & (PollCalls.POLLERR | PollCalls.POLLNVAL)) == 0;
  }

  /** What tells, for a test to take away; null if nothing does. */
  @Nullable Descriptor trigger() {
    return trigger;
  }

  /** What is watched to begin with, for people. */
  public String description() {
    return description;
  }

  /**
   * Waits until memory is short.
   *
   * @return true if it is; false if it was not within {@code timeout}, or after {@link #close}
   */
  public boolean await(Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (!closed) {
      if (looks && CgroupMemory.isNearlyFull(proc, cgroups)) {
        return true;
      }
      long left = Math.min(LOOK.toNanos(), deadline - System.nanoTime());
      if (left <= 0) {
        return false;
      }
      long millis = Math.max(1, Duration.ofNanos(left).toMillis());
      Descriptor waiting = trigger;
      if (waiting == null) {
        Thread.sleep(millis);
        continue;
      }
      int events = poll(waiting, (int) millis);
      if ((events & (PollCalls.POLLERR | PollCalls.POLLNVAL)) != 0) {
        // the group is gone, or the kernel lets go of the trigger: the figures are left
        waiting.close();
        trigger = null;
        looks = true;
      } else if ((events & PollCalls.POLLPRI) != 0) {
        return true;
      }
    }
    return false;
  }

  /** What happened to the descriptor within the time; POLLNVAL if it is closed. */
  private static int poll(Descriptor descriptor, int timeoutMillis) {
    int number;
    try {
      number = descriptor.acquire();
    } catch (SystemCallException e) {
      return PollCalls.POLLNVAL;
    }
    try {
      // struct pollfd: int fd, short events, short revents
      ByteBuffer entry = ByteBuffer.allocate(8).order(ByteOrder.nativeOrder());
      entry.putInt(0, number).putShort(4, (short) PollCalls.POLLPRI);
      int ready = PollCalls.CALLS.poll(entry.array(), 1, timeoutMillis);
      // an error can only be EINTR: the caller looks at the clock and waits again
      return ready <= 0 ? 0 : entry.getShort(6);
    } finally {
      descriptor.release();
    }
  }

  /** Ends {@link #await}, within five seconds; idempotent. */
  @Override
  public void close() {
    closed = true;
    Descriptor open = trigger;
    if (open != null) {
      open.close();
    }
  }
}

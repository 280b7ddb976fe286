package io.unsealfs.mount.kernel;

import io.unsealfs.mount.Errno;
import io.unsealfs.mount.point.Roster;
import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.FuseDevice;
import io.unsealfs.os.SystemCallException;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/**
 * One thread that takes requests from the kernel and answers them, with buffers of its own. It
 * lives as long as the mount.
 */
final class Worker implements Runnable {
  private static final System.Logger LOG = System.getLogger(Worker.class.getName());

  /** How long to look for the next small request before sleeping; see docs/performance.md. */
  private static final long SPIN_NANOS = 50_000;

  /** Between two looks, which take a lock that who asks needs as well. */
  private static final long GAP_NANOS = 2_000;

  /** Readers of larger pieces do more between two of them than it takes to wake a thread. */
  private static final int SMALL_BYTES = 64 << 10;

  private static final boolean SPARE_CORE = Runtime.getRuntime().availableProcessors() > 1;

  private final Crew crew;
  private final FuseDevice device;
  private final Dispatcher dispatcher;
  private final Inodes inodes;
  private final NeighbourPages neighbours;
  private final KernelRequest request = new KernelRequest();
  private final KernelReply reply;

  /** Where the request at hand came from, and its reply goes. */
  private FuseDevice source;

  private final @Nullable FuseDevice polled;
  private boolean pollsNext;

  // guarded by this: the request being answered, 0 for none, and the thread that does
  private long serving;
  private Thread thread = Thread.currentThread();

  Worker(
      Crew crew,
      FuseDevice device,
      Dispatcher dispatcher,
      Inodes inodes,
      NeighbourPages neighbours,
      KernelReply reply) {
    this.neighbours = neighbours;
    this.crew = crew;
    this.device = device;
    this.dispatcher = dispatcher;
    this.inodes = inodes;
    this.reply = reply;
    this.source = device;
    this.polled = pollingDevice();
  }

  @Override
  public void run() {
    synchronized (this) {
      thread = Thread.currentThread();
    }
    try {
      while (receive()) {
        crew.busy();
        try {
          serve();
        } finally {
          reply.release();
        }
      }
    } finally {
      reply.wipe();
      stopPolling();
      crew.left(this);
    }
  }

  /** Lets go of the descriptor that only this one knows of. */
  void stopPolling() {
    if (polled != null) {
      polled.close();
    }
  }

  FuseDevice device() {
    return device;
  }

  /** Whether it waits for another thread, with a request at hand. */
  synchronized boolean waits() {
    return serving != 0 && Roster.waits(thread);
  }

  /** Waits for a request; false when the connection is over. */
  private boolean receive() {
    crew.idle();
    if (pollsNext && poll()) {
      return true;
    }
    source = device;
    while (true) {
      try {
        request.receive(device);
        return true;
      } catch (SystemCallException e) {
        switch (e.errno()) {
          // ENOENT: the request was taken back while it was being handed over
          case ErrorNumber.EINTR, ErrorNumber.EAGAIN, ErrorNumber.ENOENT -> {}
          case ErrorNumber.ENODEV, ErrorNumber.EBADF -> {
            return false;
          }
          default -> {
            LOG.log(Level.ERROR, "reading from /dev/fuse: {0}", e.getMessage());
            return false;
          }
        }
      }
    }
  }

  /**
   * Looks for the next request for a moment. A reader who waits for one small read after the other
   * has it ready a few microseconds after the last answer, and putting this thread to sleep and
   * waking it again would cost several times that. Several readers, who ask in turn, need the core
   * themselves.
   */
  private boolean poll() {
    FuseDevice quick = polled;
    if (quick == null) {
      return false;
    }
    source = quick;
    long end = System.nanoTime() + SPIN_NANOS;
    try {
      do {
        if (request.poll(quick)) {
          return true;
        }
        long next = System.nanoTime() + GAP_NANOS;
        do {
          Thread.onSpinWait();
        } while (System.nanoTime() < next);
      } while (crew.isIdle() && System.nanoTime() < end);
    } catch (SystemCallException e) {
      return false; // closed: the blocking read says so
    }
    return false;
  }

  private @Nullable FuseDevice pollingDevice() {
    try {
      return SPARE_CORE ? device.clonedForPolling() : null;
    } catch (SystemCallException e) {
      return null;
    }
  }

  private void serve() {
    if (!request.isComplete()) {
      LOG.log(Level.ERROR, "the kernel sent a request that is not whole; it is left out");
      return;
    }
    if (request.opcode() == Opcode.INTERRUPT) {
      crew.interrupt(request.int64(0));
      return;
    }
    boolean small =
        request.opcode() != Opcode.READ || request.int32(FileRequests.READ_SIZE) <= SMALL_BYTES;
    pollsNext = crew.isSameAsker(request.thread()) && small;
    reply.reset();
    begin(request.unique());
    int result;
    try {
      result = dispatcher.answer(request, reply);
    } finally {
      end();
    }
    if (Opcode.isAnswered(request.opcode()) && result != Dispatcher.LATER) {
      answer(result);
    }
    if (request.opcode() == Opcode.READ && result > 0) {
      begin(request.unique());
      try {
        neighbours.after(request, result, reply, source);
      } finally {
        end();
      }
    }
  }

  private void answer(int result) {
    boolean told = false;
    try {
      reply.send(source, request.unique(), result);
      told = result >= 0;
    } catch (SystemCallException e) {
      // ENOENT: nobody waits for it any more. ENODEV: the connection is over; the next read says
      // so.
      if (e.errno() != ErrorNumber.ENOENT && e.errno() != ErrorNumber.ENODEV) {
        LOG.log(
            Level.ERROR,
            "the kernel did not take the reply to request type {0}: {1}",
            request.opcode(),
            e.getMessage());
        refuse();
      }
    } finally {
      if (!told) {
        reply.takeBackCounts(inodes);
      }
    }
  }

  /** The asker must not wait for ever for a reply that was not well formed. */
  private void refuse() {
    try {
      reply.send(source, request.unique(), -Errno.EIO);
    } catch (SystemCallException e) {
      LOG.log(Level.DEBUG, "nor the refusal: {0}", e.getMessage());
    }
  }

  private synchronized void begin(long unique) {
    serving = unique;
    if (crew.wasInterrupted(unique)) {
      thread.interrupt();
    }
  }

  /** An interrupt of the request that is over must not reach the next one. */
  private synchronized void end() {
    serving = 0;
    boolean _ = Thread.interrupted();
  }

  /** Interrupts the request of this number if it is the one being answered. */
  synchronized void interrupt(long unique) {
    if (serving == unique) {
      thread.interrupt();
    }
  }

  /** Interrupts whatever is being answered: the connection is over. */
  synchronized void interruptAny() {
    if (serving != 0) {
      thread.interrupt();
    }
  }
}

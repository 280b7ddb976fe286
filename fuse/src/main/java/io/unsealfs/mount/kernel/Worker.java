package io.unsealfs.mount.kernel;

import io.unsealfs.mount.Errno;
import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.FuseDevice;
import io.unsealfs.os.SystemCallException;
import java.lang.System.Logger.Level;

/**
 * One thread that takes requests from the kernel and answers them, with buffers of its own. It
 * lives as long as the mount.
 */
final class Worker implements Runnable {
  private static final System.Logger LOG = System.getLogger(Worker.class.getName());

  private final Crew crew;
  private final FuseDevice device;
  private final Dispatcher dispatcher;
  private final Inodes inodes;
  private final KernelRequest request = new KernelRequest();
  private final KernelReply reply;

  // guarded by this: the request being answered, 0 for none, and the thread that does
  private long serving;
  private Thread thread = Thread.currentThread();

  Worker(Crew crew, FuseDevice device, Dispatcher dispatcher, Inodes inodes, int mostPayload) {
    this.crew = crew;
    this.device = device;
    this.dispatcher = dispatcher;
    this.inodes = inodes;
    this.reply = new KernelReply(mostPayload);
  }

  @Override
  public void run() {
    synchronized (this) {
      thread = Thread.currentThread();
    }
    try {
      while (receive()) {
        crew.busy();
        serve();
      }
    } finally {
      reply.wipe();
      crew.left(this);
    }
  }

  FuseDevice device() {
    return device;
  }

  /** Waits for a request; false when the connection is over. */
  private boolean receive() {
    crew.idle();
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

  private void serve() {
    if (!request.isComplete()) {
      LOG.log(Level.ERROR, "the kernel sent a request that is not whole; it is left out");
      return;
    }
    if (request.opcode() == Opcode.INTERRUPT) {
      crew.interrupt(request.int64(0));
      return;
    }
    reply.reset();
    begin(request.unique());
    int result;
    try {
      result = dispatcher.answer(request, reply);
    } finally {
      end();
    }
    if (Opcode.isAnswered(request.opcode())) {
      answer(result);
    }
  }

  private void answer(int result) {
    boolean told = false;
    try {
      reply.send(device, request.unique(), result);
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
      reply.send(device, request.unique(), -Errno.EIO);
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

package io.unsealfs.fuzz;

import io.unsealfs.storage.StorageException;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Which call to the storage goes wrong, and how. Counts what is open. */
final class FaultPlan {
  /** How a call goes wrong. */
  enum Fault {
    NONE,
    /** A typed failure, as a back end has it after its retries. */
    STORAGE_EXCEPTION,
    /** A plain failure of the system. */
    IO_EXCEPTION,
    /** A bug of the back end. */
    RUNTIME_EXCEPTION,
    /** The machine gives out. */
    ERROR,
    /** A read gives less than it was asked for; of other calls it is a failure. */
    SHORT_READ,
    /** A read gives other bytes than are stored; of other calls it is a failure. */
    WRONG_BYTES,
    /** A source says that it is a block longer than it is; of other calls it is a failure. */
    LONGER,
    /** A source says that it is a block shorter than it is; of other calls it is a failure. */
    SHORTER
  }

  private final Fault fault;
  private final long at;
  private final AtomicLong calls = new AtomicLong();
  private final AtomicInteger open = new AtomicInteger();

  /**
   * A plan.
   *
   * @param at number of the call that goes wrong, from 0
   */
  FaultPlan(Fault fault, long at) {
    this.fault = fault;
    this.at = at;
  }

  /** Counts a call that has no wrong result, and fails it if it is its turn. */
  void call() throws IOException {
    Fault mine = turn();
    if (mine != Fault.NONE) {
      fail(mine);
    }
  }

  /** Counts a call; what is to become of it. */
  Fault turn() {
    return calls.getAndIncrement() == at ? fault : Fault.NONE;
  }

  void fail(Fault mine) throws IOException {
    switch (mine) {
      case RUNTIME_EXCEPTION -> throw new IllegalStateException("injected");
      case ERROR -> throw new InjectedError();
      case IO_EXCEPTION -> throw new IOException("injected");
      default -> throw new StorageException("injected");
    }
  }

  long calls() {
    return calls.get();
  }

  void opened() {
    open.incrementAndGet();
  }

  void closed() {
    open.decrementAndGet();
  }

  int openSources() {
    return open.get();
  }

  /** An error that is nobody else's. */
  static final class InjectedError extends Error {
    private static final long serialVersionUID = 1L;

    InjectedError() {
      super("injected");
    }
  }
}

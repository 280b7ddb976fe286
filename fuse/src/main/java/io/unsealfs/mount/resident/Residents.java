package io.unsealfs.mount.resident;

import io.unsealfs.os.CgroupMemory;
import io.unsealfs.os.HiddenMemory;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.Source;
import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The resident files of one mount and the budget they share. A file stays after its last user went,
 * until another one needs its memory, memory gets short, or the mount ends; the one used longest
 * ago goes first. Thread-safe; nothing is decrypted, and no listener called, inside the lock.
 */
public final class Residents implements Closeable {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");

  /** What has to stay for everything else: a process that reaches its limit is killed. */
  private static final long RESERVE_BYTES = 128L << 20;

  /** Between two looks at what memory is left. */
  private static final int PIECES_BETWEEN_LOOKS = 32;

  private static final int MOST_DAMAGED = 4096;

  /** Opens the plaintext of a file. */
  @FunctionalInterface
  public interface Opening {
    /** The source to fill from. */
    Source open() throws IOException;
  }

  private final HiddenMemory memory;
  private final long budgetBytes;
  private final @Nullable TouchAhead touched;
  private final LongSupplier left;
  private final Filler filler;
  private final Consumer<ResidentFile> whenDecided;
  private final Consumer<ResidentFile> whenDropped;

  private final AtomicInteger pieces = new AtomicInteger();

  /** Damage is said of each file; what memory has to do with once. */
  private final AtomicBoolean saidGivenUp = new AtomicBoolean();

  private final ResidentFile.Keeper keeper =
      new ResidentFile.Keeper() {
        @Override
        public void filling(ResidentFile file) {
          takeMemory(file);
        }

        @Override
        public void putBack(ResidentFile file) {
          filler.add(file);
        }

        @Override
        public void decided(ResidentFile file) {
          end(file);
        }
      };

  // guarded by this; in order of use
  private final Map<Long, ResidentFile> files = new LinkedHashMap<>(16, 0.75f, true);
  private final DamagedFiles damaged = new DamagedFiles(MOST_DAMAGED);
  private long bytesHeld;

  /** What is not free yet of files that were taken out, and how often somebody is at that. */
  private long bytesGoing;

  private int goings;

  private final Set<ResidentFile> filling = new LinkedHashSet<>();

  /** What is to be filled once all that was taken out is free. */
  private final List<ResidentFile> waiting = new ArrayList<>();

  private long fills;
  private long givenUp;
  private long refused;
  private long evictions;
  private boolean saidNoRoom;
  private boolean saidNoFile;
  private boolean closed;

  /** What nobody used when all were cut off. */
  private final List<ResidentFile> unwiped = new ArrayList<>();

  private boolean wiped;

  /** Held, never together, by whoever ends all this, for those who end it at the same time. */
  private final ReentrantLock cuttingOff = new ReentrantLock();

  private final ReentrantLock wiping = new ReentrantLock();

  /**
   * No file yet.
   *
   * @param memory taken over
   * @param plan the most that all files may take, and what was touched for them
   * @param whenDecided called when a file's filling has ended, one way or the other
   * @param whenDropped called before a file that was resident loses its memory
   */
  public Residents(
      HiddenMemory memory,
      ResidentPlan plan,
      Consumer<ResidentFile> whenDecided,
      Consumer<ResidentFile> whenDropped) {
    this(
        memory,
        plan,
        CgroupMemory::leftBytes,
        Runtime.getRuntime().availableProcessors(),
        whenDecided,
        whenDropped);
  }

  Residents(
      HiddenMemory memory,
      ResidentPlan plan,
      LongSupplier left,
      int threads,
      Consumer<ResidentFile> whenDecided,
      Consumer<ResidentFile> whenDropped) {
    this.memory = memory;
    this.budgetBytes = plan.budgetBytes();
    TouchAhead ahead = plan.touched().orElse(null);
    this.touched = ahead;
    this.left = ahead == null ? left : () -> left.getAsLong() + ahead.heldBytes();
    this.filler = new Filler(threads);
    this.whenDecided = whenDecided;
    this.whenDropped = whenDropped;
  }

  /**
   * The file for one more user, who calls {@link #unpin} when he goes. Begins to fill it if nobody
   * did before.
   *
   * @param fileId stands for this version of the bytes
   * @return null if there is no room, or the file was given up before
   */
  public @Nullable ResidentFile pin(long fileId, long size, Opening opening) throws IOException {
    if (size < ResidentPlan.LEAST_FILE_BYTES || isDamaged(fileId)) {
      return null;
    }
    if (touched != null) {
      touched.opened();
    }
    ResidentFile file = known(fileId);
    if (file == null) {
      // outside of the lock: a slow storage may answer it
      file = begun(fileId, opening.open());
    }
    if (file == null || file.state() == ResidentFile.State.GIVEN_UP) {
      if (file != null) {
        unpin(file);
      }
      return null;
    }
    if (file.isBegun() && file.state() == ResidentFile.State.FILLING) {
      filler.add(file);
    }
    return file;
  }

  /**
   * As {@link #pin}, for one who cannot read from the memory itself: nothing is begun for him.
   *
   * @return null if the file is not there, nor being filled
   */
  public @Nullable ResidentFile pinKnown(long fileId) {
    ResidentFile file = known(fileId);
    if (file != null && file.state() == ResidentFile.State.GIVEN_UP) {
      unpin(file);
      return null;
    }
    return file;
  }

  private synchronized boolean isDamaged(long fileId) {
    return damaged.contains(fileId);
  }

  private synchronized @Nullable ResidentFile known(long fileId) {
    ResidentFile file = closed ? null : files.get(fileId);
    if (file != null) {
      file.pins++;
    }
    return file;
  }

  private @Nullable ResidentFile begun(long fileId, Source source) {
    long size = source.size();
    List<ResidentFile> dropped = new ArrayList<>();
    boolean used = false;
    try {
      synchronized (this) {
        ResidentFile file = known(fileId);
        if (file != null || closed) {
          return file;
        }
        if (!hasRoom(size, dropped)) {
          refuse(size);
          return null;
        }
        file = begin(fileId, source);
        used = file != null;
        return file;
      }
    } finally {
      drop(dropped);
      if (!used) {
        close(source);
      }
    }
  }

  private static void close(Source source) {
    try {
      source.close();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "closing a file: {0}", e.getMessage());
    }
  }

  private boolean hasRoom(long size, List<ResidentFile> dropped) {
    if (size > budgetBytes || HiddenMemory.roundedUp(size) > budgetBytes) {
      return false;
    }
    long needed = HiddenMemory.roundedUp(size);
    long toFill = 0;
    for (ResidentFile file : filling) {
      toFill += Math.max(0, HiddenMemory.roundedUp(file.size()) - file.filledBytes());
    }
    long overBudget = bytesHeld + needed - budgetBytes;
    long overMemory = RESERVE_BYTES + toFill + needed - left.getAsLong() - bytesGoing;
    return evict(Math.max(overBudget, overMemory), true, dropped);
  }

  /** What is begun waits for its memory while that of others is being wiped. */
  private @Nullable ResidentFile begin(long fileId, Source source) {
    try {
      ResidentFile file = new ResidentFile(fileId, memory.file(source.size()), source, keeper);
      file.pins = 1;
      files.put(fileId, file);
      filling.add(file);
      bytesHeld += HiddenMemory.roundedUp(source.size());
      if (goings == 0) {
        file.begin();
      } else {
        waiting.add(file);
      }
      return file;
    } catch (SystemCallException e) {
      LOG.log(
          saidNoFile ? Level.DEBUG : Level.WARNING,
          "resident: no memory for a file: {0}",
          e.getMessage());
      saidNoFile = true;
      return null;
    }
  }

  private void refuse(long size) {
    refused++;
    if (!saidNoRoom) {
      saidNoRoom = true;
      LOG.log(
          Level.INFO,
          "resident: no room for a file of {0} MiB beside {1} MiB (budget {2} MiB, {3} MiB of memory"
              + " left); it is read the ordinary way",
          Long.toString(size >> 20),
          Long.toString(bytesHeld >> 20),
          Long.toString(budgetBytes >> 20),
          Long.toString(left.getAsLong() >> 20));
    }
  }

  /**
   * Takes unused files out, the one used longest ago first, until so many bytes are free.
   *
   * @param allOrNone whether none goes where all of them would not be enough: nobody gains by that
   * @return whether they are enough
   */
  private boolean evict(long bytes, boolean allOrNone, List<ResidentFile> dropped) {
    long freed = 0;
    for (ResidentFile file : files.values()) {
      if (freed >= bytes) {
        break;
      }
      if (file.state() == ResidentFile.State.RESIDENT && isUnused(file)) {
        freed += HiddenMemory.roundedUp(file.size());
        dropped.add(file);
      }
    }
    if (freed < bytes && allOrNone) {
      dropped.clear();
      return false;
    }
    if (!dropped.isEmpty()) {
      dropped.forEach(this::take);
      going(freed);
    }
    return freed >= bytes;
  }

  /** A mapping stays when what was opened for it is closed, and the kernel tells that only here. */
  private static boolean isUnused(ResidentFile file) {
    return file.pins == 0 && !file.memory().isUsedByOthers();
  }

  private void take(ResidentFile file) {
    files.remove(file.fileId());
    bytesHeld -= HiddenMemory.roundedUp(file.size());
    evictions++;
  }

  /** Frees what was taken out. */
  private void drop(List<ResidentFile> dropped) {
    if (dropped.isEmpty()) {
      return;
    }
    try {
      for (ResidentFile file : dropped) {
        whenDropped.accept(file);
        file.free(true);
      }
    } finally {
      gone(dropped.stream().mapToLong(file -> HiddenMemory.roundedUp(file.size())).sum());
    }
  }

  /** Somebody is about to free so much. */
  private void going(long bytes) {
    bytesGoing += bytes;
    goings++;
  }

  /** It is free now. */
  private void gone(long bytes) {
    List<ResidentFile> begun = List.of();
    synchronized (this) {
      bytesGoing -= bytes;
      goings--;
      if (goings == 0) {
        begun = List.copyOf(waiting);
        waiting.clear();
      }
    }
    for (ResidentFile file : begun) {
      file.begin();
      filler.add(file);
    }
  }

  /** Whoever fills a piece, a reader as well, takes of what there is, and looks how much. */
  private void takeMemory(ResidentFile file) {
    if (pieces.incrementAndGet() % PIECES_BETWEEN_LOOKS == 0 && left.getAsLong() < RESERVE_BYTES) {
      file.giveUp("memory is short");
    } else if (touched != null) {
      touched.give(ResidentFile.PIECE_BYTES);
    }
  }

  private void end(ResidentFile file) {
    file.closeSource();
    boolean resident = file.state() == ResidentFile.State.RESIDENT;
    boolean ended;
    long filled = file.filledBytes();
    synchronized (this) {
      ended = closed;
      filling.remove(file);
      if (resident) {
        fills++;
      } else {
        givenUp++;
        if (!ended) {
          bytesHeld -= HiddenMemory.roundedUp(file.size());
          going(filled);
        }
        forgetUnlessUsed(file);
      }
    }
    if (!resident) {
      LOG.log(
          saidGivenUp.compareAndSet(false, !file.isDamaged()) || file.isDamaged()
              ? Level.WARNING
              : Level.DEBUG,
          "resident: a file of {0} MiB is read the ordinary way: {1}",
          Long.toString(file.size() >> 20),
          file.reason());
      if (ended) {
        freeLater(file);
      } else {
        file.free(true);
        gone(filled);
      }
    }
    whenDecided.accept(file);
  }

  /**
   * One user less. A file that was given up goes with its last user, and is tried again when asked
   * for; of a damaged one it is kept in mind that it is.
   */
  public void unpin(ResidentFile file) {
    synchronized (this) {
      file.pins--;
      if (file.state() == ResidentFile.State.GIVEN_UP) {
        forgetUnlessUsed(file);
      }
    }
  }

  private void forgetUnlessUsed(ResidentFile file) {
    if (file.pins == 0 && files.remove(file.fileId(), file) && file.isDamaged()) {
      damaged.add(file.fileId());
    }
  }

  /** Memory is short: what was touched ahead goes, and files that nobody uses. */
  public void shrink() {
    if (touched != null) {
      touched.close();
    }
    List<ResidentFile> dropped = new ArrayList<>();
    synchronized (this) {
      evict(Long.MAX_VALUE, false, dropped);
    }
    drop(dropped);
  }

  /** The figures now. */
  public synchronized ResidentFigures figures() {
    return new ResidentFigures(
        budgetBytes,
        Math.min(budgetBytes, bytesHeld + bytesGoing),
        files.size(),
        fills,
        givenUp,
        refused,
        evictions);
  }

  /**
   * Ends all of it for those who use it: fills are given up, and memory that somebody has open or
   * mapped is freed under him, who gets SIGBUS. What nobody uses is left to {@link #close}: wiping
   * it takes a while. Idempotent; a second caller waits until the first one is done.
   */
  public void cutOff() {
    cuttingOff.lock();
    try {
      List<ResidentFile> all;
      synchronized (this) {
        if (closed) {
          return;
        }
        closed = true;
        all = new ArrayList<>(files.values());
        files.clear();
        bytesHeld = 0;
      }
      all.removeIf(this::isCutOff);
      // what is no longer given up here was completed since
      all.forEach(file -> file.giveUp("the mount ends"));
      all.forEach(this::isCutOff);
      filler.stop();
      if (touched != null) {
        touched.close();
      }
    } finally {
      cuttingOff.unlock();
    }
  }

  /** Takes a resident file from its users, who must not see zeros; false if it is none. */
  private boolean isCutOff(ResidentFile file) {
    if (file.state() != ResidentFile.State.RESIDENT) {
      return false;
    }
    boolean unused;
    synchronized (this) {
      // nobody pins any more
      unused = isUnused(file);
    }
    whenDropped.accept(file);
    if (unused) {
      freeLater(file);
    } else {
      file.free(false);
    }
    return true;
  }

  private void freeLater(ResidentFile file) {
    synchronized (this) {
      if (!wiped) {
        unwiped.add(file);
        return;
      }
    }
    file.free(true);
  }

  /**
   * As {@link #cutOff}; then overwrites and frees the rest, and waits a moment for those who fill.
   * Idempotent; a second caller waits until the first one is done.
   */
  @Override
  public void close() {
    cutOff();
    wiping.lock();
    try {
      List<ResidentFile> rest;
      synchronized (this) {
        wiped = true;
        rest = List.copyOf(unwiped);
        unwiped.clear();
      }
      rest.forEach(file -> file.free(true));
      filler.close();
      memory.close();
    } finally {
      wiping.unlock();
    }
  }
}

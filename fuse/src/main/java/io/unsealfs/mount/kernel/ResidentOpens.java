package io.unsealfs.mount.kernel;

import io.unsealfs.mount.Errno;
import io.unsealfs.mount.NodeAdapter;
import io.unsealfs.mount.resident.ResidentFigures;
import io.unsealfs.mount.resident.ResidentFile;
import io.unsealfs.mount.resident.ResidentPlan;
import io.unsealfs.mount.resident.Residents;
import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.FuseDevice;
import io.unsealfs.os.HiddenMemory;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.FileTree;
import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Answers OPEN of files that are to be resident: the kernel is given the memory to read from
 * (passthrough), and until that is complete the opener waits.
 *
 * <p>The kernel refuses an inode that is open both ways at once. So an inode is read the ordinary
 * way while anybody has it open so, and changes only with nobody there. Who has what open, and who
 * waits, is guarded by this.
 */
final class ResidentOpens implements Closeable {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");

  /** fuse_open_out. */
  static final int OPEN_REPLY_SIZE = 16;

  private static final int PASSTHROUGH = 1 << 7;

  /** What stands for a file that will never be resident. */
  private static final int NONE = 0;

  /** What stands for one that the kernel did not take; tried again at the next open. */
  private static final int REFUSED = -1;

  /** How one handle is open. */
  private record Opened(Inode inode, @Nullable ResidentFile file, boolean resident) {}

  /** Somebody who opens. */
  private record Opener(
      long unique, FuseDevice device, Inode inode, long handle, @Nullable ResidentFile file) {}

  /** How an inode is used the ordinary way. */
  private static final class Uses {
    final Inode inode;
    int ordinary;

    /** Whether the kernel may have pages of it that were read the ordinary way. */
    boolean hasPages;

    Uses(Inode inode) {
      this.inode = inode;
    }

    long fileId() {
      return inode.node().attributes().fileId();
    }
  }

  private final FuseDevice device;
  private final NodeAdapter nodes;
  private final FileTree tree;
  private final ResidentPlan plan;
  private final int ordinaryFlags;
  private final LongPredicate wasInterrupted;
  private final Residents residents;
  private final ConcurrentHashMap<Long, Opened> opened = new ConcurrentHashMap<>();

  // guarded by this
  private final Map<ResidentFile, Integer> backings = new WeakHashMap<>();
  private final Set<Long> residentIds = new HashSet<>();
  private boolean saidRefused;
  private final Map<Long, Uses> uses = new HashMap<>();
  private final Map<Long, Opener> waiting = new HashMap<>();

  /**
   * Nothing open yet.
   *
   * @param device of the mount, to register memory with
   * @param memory taken over
   * @param ordinaryFlags open_flags of a file that is read the ordinary way
   * @param wasInterrupted whether the asker of this request does not want to wait any more
   */
  ResidentOpens(
      FuseDevice device,
      NodeAdapter nodes,
      FileTree tree,
      ResidentPlan plan,
      HiddenMemory memory,
      int ordinaryFlags,
      LongPredicate wasInterrupted) {
    this.device = device;
    this.nodes = nodes;
    this.tree = tree;
    this.plan = plan;
    this.ordinaryFlags = ordinaryFlags;
    this.wasInterrupted = wasInterrupted;
    this.residents = new Residents(memory, plan, this::decided, this::dropped);
  }

  /**
   * Answers OPEN of a file whose handle is made.
   *
   * @return bytes of the reply, or {@link Dispatcher#LATER}
   */
  int open(KernelRequest request, KernelReply reply, Inode inode, long handle) {
    Opener opener = new Opener(request.unique(), request.origin(), inode, handle, pinned(inode));
    synchronized (this) {
      tryAgain(opener.file());
      if (!mustWait(opener)) {
        return fill(reply, handle, admit(opener));
      }
      waiting.put(opener.unique(), opener);
    }
    if (wasInterrupted.test(opener.unique())) {
      interrupt(opener.unique());
    }
    return Dispatcher.LATER;
  }

  private @Nullable ResidentFile pinned(Inode inode) {
    if (!plan.selects().test(inode.text().substring(1))) {
      return null;
    }
    long fileId = inode.node().attributes().fileId();
    if (isOpenOrdinarily(inode)) {
      // he has to as well, and the kernel keeps what he reads: it would be there twice
      return residents.pinKnown(fileId);
    }
    try {
      return residents.pin(fileId, inode.node().attributes().size(), () -> tree.open(inode.node()));
    } catch (IOException e) {
      // what he has open already may well serve him
      LOG.log(Level.DEBUG, "resident: a file cannot be opened to fill it: {0}", e.getMessage());
      return null;
    }
  }

  private synchronized boolean isOpenOrdinarily(Inode inode) {
    Uses use = uses.get(inode.id());
    return use != null && use.ordinary > 0;
  }

  /** Whether the answer has to wait until the file is complete or given up. */
  private boolean mustWait(Opener opener) {
    Uses use = uses.get(opener.inode().id());
    return plan.waits()
        && opener.file() != null
        && !backings.containsKey(opener.file())
        && (use == null || use.ordinary == 0);
  }

  /**
   * Counts an opener.
   *
   * @return the number of the memory he reads from, {@link #NONE} for the ordinary way
   */
  private int admit(Opener opener) {
    Uses use = uses.computeIfAbsent(opener.inode().id(), id -> new Uses(opener.inode()));
    ResidentFile file = opener.file();
    int backing = file == null ? NONE : backings.getOrDefault(file, NONE);
    boolean resident = backing > NONE && use.ordinary == 0;
    if (!resident) {
      use.ordinary++;
      use.hasPages = true;
    }
    opened.put(opener.handle(), new Opened(opener.inode(), file, resident));
    return resident ? backing : NONE;
  }

  private int fill(KernelReply reply, long handle, int backing) {
    reply
        .payload(OPEN_REPLY_SIZE)
        .putLong(handle)
        .putInt(backing == NONE ? ordinaryFlags : PASSTHROUGH)
        .putInt(backing);
    return OPEN_REPLY_SIZE;
  }

  /**
   * Has the kernel drop what it kept of the ordinary way, which would be the same bytes twice. Not
   * while anybody has the inode open so: he would read them again, and the kernel would wait here
   * for a read that is under way, whose answer may need the thread that waits.
   */
  private void dropPages(Uses use) {
    if (!use.hasPages || use.ordinary != 0) {
      return;
    }
    use.hasPages = false;
    try {
      KernelPages.drop(device, use.inode.id());
    } catch (SystemCallException e) {
      LOG.log(Level.DEBUG, "the kernel keeps its pages of a file", e);
    }
  }

  /** A file is complete, or never will be. */
  private void decided(ResidentFile file) {
    synchronized (this) {
      // one that nobody waited for may have been dropped already
      int backing = backings.containsKey(file) ? NONE : register(file);
      registered(file, backing);
      for (Opener opener : List.copyOf(waiting.values())) {
        if (opener.file() == file) {
          waiting.remove(opener.unique());
          answer(opener, admit(opener));
        }
      }
    }
  }

  private void registered(ResidentFile file, int backing) {
    backings.put(file, backing);
    if (backing > NONE) {
      residentIds.add(file.fileId());
      uses.values().stream().filter(use -> use.fileId() == file.fileId()).forEach(this::dropPages);
    }
  }

  private void tryAgain(@Nullable ResidentFile file) {
    if (file != null && backings.getOrDefault(file, NONE) == REFUSED) {
      registered(file, register(file));
    }
  }

  private int register(ResidentFile file) {
    if (file.state() != ResidentFile.State.RESIDENT) {
      return NONE;
    }
    try {
      return device.openBacking(file.memory());
    } catch (SystemCallException e) {
      LOG.log(
          saidRefused ? Level.DEBUG : Level.WARNING,
          "resident: the kernel does not take the memory: {0}",
          e.getMessage());
      saidRefused = true;
      return REFUSED;
    }
  }

  /** A file is about to lose its memory. */
  private synchronized void dropped(ResidentFile file) {
    Integer backing = backings.put(file, NONE);
    if (backing != null && backing > NONE) {
      residentIds.remove(file.fileId());
      try {
        device.closeBacking(backing);
      } catch (SystemCallException e) {
        LOG.log(Level.DEBUG, "taking back memory from the kernel", e);
      }
    }
  }

  private void answer(Opener opener, int backing) {
    KernelReply reply = new KernelReply(OPEN_REPLY_SIZE);
    send(opener, reply, fill(reply, opener.handle(), backing));
  }

  private static void send(Opener opener, KernelReply reply, int result) {
    try {
      reply.send(opener.device(), opener.unique(), result);
    } catch (SystemCallException e) {
      // ENOENT, ENODEV: nobody is there any more; what he had open goes with the connection
      if (e.errno() != ErrorNumber.ENOENT && e.errno() != ErrorNumber.ENODEV) {
        LOG.log(Level.ERROR, "the kernel did not take the reply to an open: {0}", e.getMessage());
      }
    }
  }

  /** An asker does not want to wait any more. */
  void interrupt(long unique) {
    Opener opener;
    synchronized (this) {
      opener = waiting.remove(unique);
    }
    if (opener == null) {
      return;
    }
    send(opener, new KernelReply(OPEN_REPLY_SIZE), -Errno.EINTR);
    unpin(opener.file());
    try {
      nodes.release(opener.handle());
    } catch (IOException e) {
      LOG.log(Level.WARNING, "closing a file: {0}", e.getMessage());
    }
  }

  /**
   * Reads for a handle that is read the ordinary way, from what was decrypted for its file already.
   *
   * @return bytes read; -1 if the file has to be read as any other
   */
  int read(long handle, long offset, ByteBuffer plaintext) throws IOException {
    Opened open = opened.get(handle);
    ResidentFile file = open == null ? null : open.file();
    return file == null || offset < 0 ? -1 : file.read(offset, plaintext);
  }

  /** A handle is closed. */
  void release(long handle) {
    Opened open = opened.remove(handle);
    if (open == null) {
      return;
    }
    synchronized (this) {
      Uses use = uses.get(open.inode().id());
      if (use != null && !open.resident()) {
        use.ordinary--;
        if (residentIds.contains(use.fileId())) {
          dropPages(use);
        }
      }
    }
    unpin(open.file());
  }

  private void unpin(@Nullable ResidentFile file) {
    if (file != null) {
      residents.unpin(file);
    }
  }

  /** The kernel forgot the node. */
  synchronized void forget(long nodeId) {
    uses.remove(nodeId);
  }

  /** Memory is short. */
  void shrink() {
    residents.shrink();
  }

  ResidentFigures figures() {
    return residents.figures();
  }

  /** Takes all memory from those who have it open or mapped. Idempotent. */
  void cutOff() {
    residents.cutOff();
    List<Opener> left;
    synchronized (this) {
      left = new ArrayList<>(waiting.values());
      waiting.clear();
    }
    left.forEach(opener -> send(opener, new KernelReply(OPEN_REPLY_SIZE), -Errno.EIO));
  }

  /** As {@link #cutOff}; then overwrites and frees the rest, which takes a while. Idempotent. */
  @Override
  public void close() {
    cutOff();
    residents.close();
  }
}

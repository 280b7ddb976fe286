package io.unsealfs.mount.jnr;

import io.unsealfs.mount.FuseAdapter;
import io.unsealfs.mount.FuseEvents;
import io.unsealfs.mount.Gate;
import io.unsealfs.mount.Guard;
import io.unsealfs.mount.MountException;
import io.unsealfs.mount.MountOptions;
import io.unsealfs.mount.point.HostRequirements;
import io.unsealfs.mount.point.MountPoint;
import io.unsealfs.mount.point.Roster;
import io.unsealfs.mount.point.ServingLoop;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * libfuse's session: mounted by the constructor, served by threads of our own until somebody
 * unmounts, then torn down by the last of them. Not by libfuse's {@code fuse_loop_mt}, whose
 * threads the JVM does not know: it would take each in and let it go again for every callback,
 * which costs more than a small read.
 */
final class FuseLoop implements ServingLoop {
  private static final System.Logger LOG = System.getLogger(FuseLoop.class.getName());

  private final Runtime runtime;
  private final NativeCalls.Fuse fuse;
  private final FuseAdapter adapter;
  private final NativeCallbacks callbacks;
  private final Pointer mountPoint;
  private final Pointer fileSystem;
  private final Pointer session;

  /** A field, so that the memory outlives the native call. */
  private final List<Pointer> arguments;

  private final CountDownLatch initialised = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Roster roster;
  private final List<Thread> threads = new CopyOnWriteArrayList<>();

  FuseLoop(
      MountPoint point,
      String optionWords,
      FuseAdapter adapter,
      FuseEvents events,
      MountOptions options)
      throws MountException {
    this.roster =
        options.remote()
            ? new Roster(
                options.workersAtMost(),
                options.patience(),
                () -> threads.stream().anyMatch(Roster::waits),
                this::add,
                this::end)
            : new Roster(options.workersAtMost(), options.patience(), this::add, this::end);
    this.fuse = NativeCalls.fuse();
    this.runtime = Runtime.getRuntime(fuse);
    this.adapter = adapter;
    this.callbacks =
        new NativeCallbacks(
            runtime, adapter, new Guard(events), roster, initialised::countDown, () -> {});
    this.arguments =
        List.of(
            text("unsealfs"),
            text(point.bytes().toBytes()),
            text("-f"),
            text("-o"),
            text(optionWords));
    Pointer argv = Memory.allocateDirect(runtime, arguments.size() * runtime.addressSize(), true);
    for (int i = 0; i < arguments.size(); i++) {
      argv.putPointer((long) i * runtime.addressSize(), arguments.get(i));
    }
    Pointer out = Memory.allocateDirect(runtime, 2 * runtime.addressSize(), true);
    Pointer made =
        fuse.fuse_setup(
            arguments.size(),
            argv,
            callbacks.table(),
            callbacks.tableSize(),
            out,
            out.slice(runtime.addressSize()),
            null);
    if (made == null) {
      throw new MountException(
          "cannot mount on "
              + point
              + ": libfuse refused: "
              + HostRequirements.missingPrivilege().orElse("it wrote why to standard error"));
    }
    this.fileSystem = made;
    this.session = fuse.fuse_get_session(made);
    this.mountPoint = out.getPointer(0);
  }

  private Pointer text(String word) {
    return text(word.getBytes(StandardCharsets.UTF_8));
  }

  private Pointer text(byte[] bytes) {
    Pointer text = Memory.allocateDirect(runtime, bytes.length + 1, true);
    text.put(0, bytes, 0, bytes.length);
    return text;
  }

  /** What opens and reads ask first. */
  Gate gate() {
    return adapter.gate();
  }

  /** Files that are open. */
  int openFiles() {
    return adapter.openFiles();
  }

  /** Has {@code threads} of them serve. */
  void start(int threads) {
    roster.start(threads);
  }

  private void add(int number) {
    Thread thread = new Thread(this::run, "unsealfs-fuse-" + number);
    thread.setDaemon(true);
    thread.start();
    threads.add(thread);
  }

  private void run() {
    roster.idle();
    try {
      int code = fuse.fuse_session_loop(session);
      if (code != 0) {
        LOG.log(Level.WARNING, "the FUSE loop ended with code {0}", code);
      }
    } finally {
      roster.left();
    }
  }

  private void end() {
    try {
      // Where the mount is already gone, as usual, this unmounts nothing.
      fuse.fuse_teardown(fileSystem, mountPoint);
      adapter.close();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "closing the files still open: {0}", e.getMessage());
    } finally {
      ended.countDown();
    }
  }

  /** As {@link Roster#isServing}. */
  boolean isServing(Duration timeout) throws InterruptedException {
    return roster.isServing(timeout);
  }

  /** Waits for the handshake between kernel and libfuse. */
  boolean awaitInitialised(Duration timeout) throws InterruptedException {
    return initialised.await(timeout.toNanos(), TimeUnit.NANOSECONDS);
  }

  @Override
  public boolean awaitEnd(Duration timeout) throws InterruptedException {
    return ended.await(timeout.toNanos(), TimeUnit.NANOSECONDS);
  }

  @Override
  public boolean hasEnded() {
    return ended.getCount() == 0;
  }
}

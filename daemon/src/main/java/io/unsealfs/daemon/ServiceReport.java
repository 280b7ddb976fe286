package io.unsealfs.daemon;

import io.unsealfs.daemon.service.HeldProgram;
import io.unsealfs.daemon.service.LongStart;
import io.unsealfs.daemon.service.ServiceManager;
import io.unsealfs.daemon.service.Watchdog;
import org.jspecify.annotations.Nullable;

/** Tells the service manager how a mount goes, from the first evidence to its end. */
final class ServiceReport implements AutoCloseable {
  private final ServiceManager manager;
  // guarded by this
  private @Nullable LongStart start;
  private @Nullable Watchdog watchdog;
  private boolean over;

  ServiceReport(ServiceManager manager) {
    this.manager = manager;
  }

  /** From now on it may take its time: a listing and a key service have limits of their own. */
  synchronized void starting() {
    if (start == null && !over) {
      start = LongStart.begin(manager);
    }
  }

  /** The session went there. */
  synchronized void entered(MountState state) {
    switch (state) {
      case ATTESTING -> manager.status("fetching the key");
      case OPENING -> manager.status("opening the volume");
      case MOUNTING -> manager.status("mounting");
      case STOPPING -> {
        close();
        manager.stopping("unmounting");
      }
      case CLOSED -> manager.status("unmounted");
      case FAILED -> close();
      case NEW, READY -> {}
    }
  }

  /** An attempt failed, and there will be another. */
  void waiting(String what) {
    manager.status("waiting: " + what);
  }

  /** The tree is readable, and whoever stops the service is heard. */
  synchronized void ready(MountSession session) {
    if (over) {
      return;
    }
    if (start != null) {
      start.over();
    }
    manager.ready("mounted");
    watchdog = Watchdog.start(manager, session::isServing);
    if (manager.isPresent()) {
      HeldProgram.openLater();
    }
  }

  /** No more signs of life. Idempotent. */
  @Override
  public synchronized void close() {
    over = true;
    if (start != null) {
      start.over();
    }
    if (watchdog != null) {
      watchdog.close();
    }
  }
}

package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.mount.Mount;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.object.Cancellation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RefreshCareTest {

  /** A place whose first look fails with an error. */
  private static final class Full implements Place {
    private final AtomicInteger looks = new AtomicInteger();
    private final CountDownLatch lookedAgain = new CountDownLatch(1);

    @Override
    public Refreshed refresh(Cancellation cancellation) {
      if (looks.incrementAndGet() == 1) {
        throw new OutOfMemoryError("of a test");
      }
      lookedAgain.countDown();
      return Refreshed.same();
    }

    @Override
    public boolean isFile() {
      return false;
    }

    @Override
    public Source file() throws IOException {
      throw new IOException("a directory");
    }

    @Override
    public FileTree tree() throws IOException {
      throw new IOException("not asked for here");
    }

    @Override
    public void close() {}

    @Override
    public String toString() {
      return "full";
    }
  }

  /** A mount that nothing is asked of but that it can be refreshed. */
  private static final class Shown implements Mount {
    @Override
    public Path mountPoint() {
      return Path.of("/nowhere");
    }

    @Override
    public boolean awaitEnd(Duration timeout) {
      return true;
    }

    @Override
    public void unmount(Duration grace) {}

    @Override
    public boolean unmountUnused() {
      return true;
    }

    @Override
    public int openFiles() {
      return 0;
    }

    @Override
    public void refuseOpens(IOException why) {}

    @Override
    public void admitOpens() {}

    @Override
    public void revoke(IOException why) {}

    @Override
    public Optional<String> notRefreshable() {
      return Optional.empty();
    }
  }

  @Test
  void aListingThatDoesNotFitTheMemoryIsNotTheLastOne() throws Exception {
    Full place = new Full();
    try (RefreshCare _ =
        RefreshCare.begin(Optional.of(place), Optional.of(new Shown()), Duration.ofMillis(1))
            .orElseThrow()) {
      assertTrue(place.lookedAgain.await(60, TimeUnit.SECONDS));
    }
  }
}

package io.unsealfs.daemon;

import io.unsealfs.daemon.status.MountStatus;
import io.unsealfs.storage.object.credentials.CredentialListener;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** Counts how store credentials change and says so, and never what they are. Thread-safe. */
final class CredentialFigures implements CredentialListener {
  private static final System.Logger LOG = System.getLogger(StoreOpening.class.getName());

  private final AtomicLong fetches = new AtomicLong();
  private final AtomicLong failures = new AtomicLong();
  private final AtomicReference<String> said = new AtomicReference<>("");
  private volatile Optional<Instant> ends = Optional.empty();

  @Override
  public void fetched(Optional<Instant> expires) {
    fetches.incrementAndGet();
    ends = expires;
    said.set("");
    LOG.log(
        Level.DEBUG,
        () -> "store credentials fetched" + expires.map(end -> ", they end at " + end).orElse(""));
  }

  @Override
  public void failed(IOException why) {
    failures.incrementAndGet();
    // it is tried again and again: the same failure is told once
    String line = "store credentials were not renewed: " + why.getMessage();
    if (!line.equals(said.getAndSet(line))) {
      LOG.log(Level.WARNING, line);
    }
  }

  /** What was counted so far. */
  MountStatus.Credentials status(Instant now) {
    return new MountStatus.Credentials(
        ends.map(end -> Duration.between(now, end).toSeconds()), fetches.get(), failures.get());
  }
}

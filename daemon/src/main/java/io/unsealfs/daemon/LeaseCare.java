package io.unsealfs.daemon;

import io.unsealfs.daemon.lease.LeaseKeeper;
import io.unsealfs.daemon.lease.LeaseView;
import io.unsealfs.daemon.lease.OnExpiry;
import io.unsealfs.key.KeyFetch;
import io.unsealfs.key.LeaseTerms;
import io.unsealfs.key.Secret;
import io.unsealfs.key.SecretTerms;
import io.unsealfs.mount.Mount;
import io.unsealfs.os.BootClock;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The lease of a mount's key, if the key came with one. */
final class LeaseCare implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");

  private final OnExpiry onExpiry;
  private final KeyFetch fetch;
  private final Renewals renewals;
  // guarded by this
  private @Nullable LeaseKeeper keeper;
  private boolean closed;

  /**
   * Care for a mount.
   *
   * @param fetch asks once and does not wait: when to ask again is decided here
   * @param renewals is told the terms of each new release
   */
  LeaseCare(OnExpiry onExpiry, KeyFetch fetch, Renewals renewals) {
    this.renewals = renewals;
    this.onExpiry = onExpiry;
    this.fetch = fetch;
  }

  /** Hears what came with a key that was released again. */
  @FunctionalInterface
  interface Renewals {
    /** Takes what is of use; a failure counts as a failed renewal. */
    void take(SecretTerms terms) throws IOException;
  }

  /** Whether a mount with this key may have to refuse opens. */
  boolean mayRevoke(Release release) {
    return onExpiry != OnExpiry.KEEP && !release.terms().lease().isNone();
  }

  /**
   * Begins, once the tree is mounted; does nothing for a key without a lease.
   *
   * @param end ends the mount for this reason
   */
  synchronized void begin(Release release, Mount mount, Consumer<IOException> end) {
    LeaseTerms terms = release.terms().lease();
    if (closed || terms.isNone()) {
      return;
    }
    LOG.log(Level.INFO, LeaseKeeper.describe(terms, onExpiry));
    if (onExpiry == OnExpiry.UNMOUNT) {
      mount.notRevocable().ifPresent(what -> LOG.log(Level.WARNING, "lease: {0}", what));
    }
    keeper =
        LeaseKeeper.start(
            terms,
            release.askedNanos(),
            () -> renewed(release),
            new LeaseKeeper.Use() {
              @Override
              public void refuseOpens(IOException why) {
                mount.refuseOpens(why);
              }

              @Override
              public void admitOpens() {
                mount.admitOpens();
              }

              @Override
              public void end(IOException why) {
                end.accept(why);
              }
            },
            onExpiry,
            BootClock::nanos);
  }

  /** How the lease stands; empty where there is none. */
  synchronized Optional<LeaseView> view() {
    return Optional.ofNullable(keeper).map(LeaseKeeper::view);
  }

  /** What to do when it ends. */
  OnExpiry onExpiry() {
    return onExpiry;
  }

  /** Has the key released again, for its terms alone. */
  private LeaseTerms renewed(Release release) throws IOException {
    try (Secret secret = fetch.fetch(release.reference())) {
      release.pin().and(secret.terms()).check(release.volume());
      renewals.take(secret.terms());
      return secret.terms().lease();
    }
  }

  /** Keeps it no longer; waits for nothing. Idempotent. */
  @Override
  public synchronized void close() {
    closed = true;
    if (keeper != null) {
      keeper.close();
    }
  }
}

package io.unsealfs.keyserver;

import java.io.IOException;
import java.util.Arrays;

/**
 * Wraps secrets anew under the key that wraps now, one after the other. Each is replaced whole, and
 * servers know the old key and the new one meanwhile, so it can be broken off anywhere and begun
 * again, while they run.
 */
public final class KekRotation {
  private static final int TRIES = 8;

  /**
   * What was done.
   *
   * @param rewrapped secrets that were under another key before
   * @param untouched secrets that were under the key already
   */
  public record Result(int rewrapped, int untouched) {
    /** This and that. */
    public Result plus(Result other) {
      return new Result(rewrapped + other.rewrapped, untouched + other.untouched);
    }
  }

  private final WrappedSecrets secrets;
  private final KeyEncryptionKeys keys;

  /** A rotation of {@code secrets} to the first of {@code keys}. */
  public KekRotation(WrappedSecrets secrets, KeyEncryptionKeys keys) {
    this.secrets = secrets;
    this.keys = keys;
  }

  /**
   * Does it.
   *
   * @throws KeyServerConfigException if a secret is under an unknown key or was changed; those
   *     before it are done
   */
  public Result run() throws IOException {
    int rewrapped = 0;
    int untouched = 0;
    for (String entry : secrets.entries()) {
      if (rewrap(entry)) {
        rewrapped++;
      } else {
        untouched++;
      }
    }
    secrets.reseal();
    return new Result(rewrapped, untouched);
  }

  private boolean rewrap(String entry) throws IOException {
    KeyEncryptionKey current = keys.current();
    for (int i = 0; i < TRIES; i++) {
      WrappedSecret old = secrets.read(entry);
      if (old.keyId().equals(current.id())) {
        // read it all the same: that it opens is what the operator wants to know
        Arrays.fill(old.unwrap(old.name(), current), (byte) 0);
        return false;
      }
      byte[] plaintext = old.unwrap(old.name(), keys.of(old));
      WrappedSecret fresh;
      try {
        fresh = WrappedSecret.wrap(old.name(), plaintext, current);
      } finally {
        Arrays.fill(plaintext, (byte) 0);
      }
      if (secrets.replace(entry, old, fresh)) {
        return true;
      }
    }
    throw new KeyServerConfigException(
        "secret %s: somebody else keeps changing it; try again".formatted(entry));
  }
}

package io.unsealfs.keyserver;

import io.unsealfs.key.SecretTerms;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A secret of the store with all its versions. Holds no plaintext.
 *
 * @param name what clients ask for
 * @param evidence types of evidence that release it; empty if the policy says what has to be shown
 * @param versions in the order of their numbers, at least one
 */
public record StoredSecret(String name, Set<String> evidence, List<Version> versions) {
  /** How many versions a secret may have. */
  public static final int MAX_VERSIONS = 64;

  /** Copies the collections. */
  public StoredSecret {
    evidence = Set.copyOf(evidence);
    versions = List.copyOf(versions);
  }

  /** What may be done with a version. */
  public enum State {
    /** It may be released. */
    ENABLED,
    /** It may not be released until it is enabled again. */
    DISABLED,
    /** Its bytes are gone for good. */
    DESTROYED;

    /** The word for people and files. */
    public String word() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /**
   * One version.
   *
   * @param number counted from 1, never used again
   * @param notBefore when its releases begin
   * @param notAfter when its releases end
   * @param terms what travels with it
   * @param wrapped {@link WrappedSecret#encode its file}; empty if it is destroyed
   */
  @SuppressWarnings("ArrayRecordComponent") // made for one reader, never compared
  public record Version(
      int number,
      State state,
      Instant createdAt,
      Optional<Instant> notBefore,
      Optional<Instant> notAfter,
      SecretTerms terms,
      byte[] wrapped) {

    /** The same version in another state; a destroyed one loses its bytes. */
    Version in(State other) {
      return new Version(
          number,
          other,
          createdAt,
          notBefore,
          notAfter,
          terms,
          other == State.DESTROYED ? new byte[0] : wrapped);
    }

    /** The same version under another key-encryption key. */
    Version wrappedAs(byte[] other) {
      return new Version(number, state, createdAt, notBefore, notAfter, terms, other);
    }

    /** Why it is not released at {@code now}; empty if it is. */
    public Optional<String> obstacle(Instant now) {
      if (state != State.ENABLED) {
        return Optional.of(state.word());
      }
      if (notBefore.isPresent() && now.isBefore(notBefore.get())) {
        return Optional.of("not before " + notBefore.get());
      }
      if (notAfter.isPresent() && !now.isBefore(notAfter.get())) {
        return Optional.of("not after " + notAfter.get());
      }
      if (terms.expiry().isPresent() && !now.isBefore(terms.expiry().get())) {
        return Optional.of("expired at " + terms.expiry().get());
      }
      return Optional.empty();
    }
  }

  /** The version that is released at {@code now}: the newest one that nothing is in the way of. */
  public Optional<Version> released(Instant now) {
    return versions.reversed().stream()
        .filter(version -> version.obstacle(now).isEmpty())
        .findFirst();
  }

  /** Why no version is released at {@code now}, for the operator. */
  String obstacle(Instant now) {
    Version newest = versions.getLast();
    return "no version may be released; the newest, %d, is %s"
        .formatted(newest.number(), newest.obstacle(now).orElse("free"));
  }
}

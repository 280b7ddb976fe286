package io.unsealfs.key.cdh;

import io.unsealfs.attest.Attester;
import io.unsealfs.key.KeyDeniedException;
import io.unsealfs.key.KeyProbe;
import io.unsealfs.key.KeyProvider;
import io.unsealfs.key.KeyReference;
import io.unsealfs.key.KeyReferenceException;
import io.unsealfs.key.KeyUnavailableException;
import io.unsealfs.key.Secret;
import io.unsealfs.key.SecretMemory;
import io.unsealfs.key.SecretTerms;
import io.unsealfs.key.ServerTrust;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * {@code cdh:///REPOSITORY/TYPE/TAG}: the Confidential Data Hub of this CoCo guest, asked over its
 * local REST interface. The hub attests the guest; nothing is attested here, and who runs in the
 * guest is trusted anyway. A hub that is not there yet, or whose key broker cannot be reached, is
 * asked again until the overall time is up; a refusal ends the fetch at once.
 */
public final class CdhKeyProvider implements KeyProvider {
  private static final System.Logger LOG = System.getLogger(CdhKeyProvider.class.getName());

  private static final Duration PROBE = Duration.ofSeconds(3);
  private static final int MOST_TEXT_CHARS = 200;

  private final SecretMemory memory;
  private final HubAddress hub;
  private final CdhTimeouts timeouts;
  private final Pause pause;

  /** Waits between two tries; injected so that tests do not. */
  @FunctionalInterface
  interface Pause {
    void pause(Duration duration) throws InterruptedException;
  }

  /** A provider whose secrets live in {@code memory}. */
  public CdhKeyProvider(SecretMemory memory, HubAddress hub, CdhTimeouts timeouts) {
    this(memory, hub, timeouts, Thread::sleep);
  }

  CdhKeyProvider(SecretMemory memory, HubAddress hub, CdhTimeouts timeouts, Pause pause) {
    this.memory = memory;
    this.hub = hub;
    this.timeouts = timeouts;
    this.pause = pause;
  }

  @Override
  public Set<String> schemes() {
    return Set.of("cdh");
  }

  @Override
  public Secret fetch(KeyReference reference, Attester attester, ServerTrust trust)
      throws IOException {
    CdhResource resource = CdhResource.parse(reference);
    long deadlineNanos = System.nanoTime() + timeouts.overall().toNanos();
    Duration wait = timeouts.firstPause();
    Optional<KeyUnavailableException> before = Optional.empty();
    for (int tries = 1; ; tries++) {
      Duration left = Duration.ofNanos(Math.max(1, deadlineNanos - System.nanoTime()));
      Duration limit = left.compareTo(timeouts.call()) < 0 ? left : timeouts.call();
      KeyUnavailableException failure;
      try (HubAnswer answer = new HubCall(hub, limit).get(resource.path())) {
        if (answer.status() == 200) {
          return secret(answer, resource);
        }
        failure = failure(answer, resource);
      } catch (KeyUnavailableException e) {
        // of a call that was cut short by the overall time, the one before tells more
        failure = limit.equals(timeouts.call()) ? e : before.orElse(e);
      }
      before = Optional.of(failure);
      if (deadlineNanos - System.nanoTime() <= wait.toNanos()) {
        throw tries == 1
            ? failure
            : new KeyUnavailableException(
                failure.getMessage() + " (asked " + tries + " times)", failure);
      }
      if (tries == 1) {
        LOG.log(
            System.Logger.Level.WARNING,
            "{0}; asking again for up to {1} s",
            failure.getMessage(),
            timeouts.overall().toSeconds());
      }
      sleep(wait, failure);
      wait = wait.multipliedBy(2);
      wait = wait.compareTo(timeouts.longestPause()) < 0 ? wait : timeouts.longestPause();
    }
  }

  private Secret secret(HubAnswer answer, CdhResource resource) throws KeyReferenceException {
    if (answer.size() == 0) {
      throw new KeyReferenceException(
          "data hub " + hub + ": resource " + resource + " is empty: it holds no key");
    }
    byte[] bytes = answer.body();
    try {
      return new Secret(memory.copyOf(bytes), SecretTerms.NONE);
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  /**
   * What may pass by itself.
   *
   * @throws KeyDeniedException for what will not
   */
  private KeyUnavailableException failure(HubAnswer answer, CdhResource resource)
      throws KeyDeniedException {
    int status = answer.status();
    String text = answer.text(MOST_TEXT_CHARS);
    String said =
        "data hub %s: resource %s: status %d%s"
            .formatted(hub, resource, status, text.isEmpty() ? "" : ", \"" + text + "\"");
    if (status == 403) {
      throw new KeyDeniedException(
          said + "; the hub answers only callers that share its network namespace");
    }
    if (status == 404) {
      throw new KeyDeniedException(
          said
              + "; the hub hands out no resources: start api-server-rest with --features resource");
    }
    // A missing resource, a refused policy and a dead key broker are all 500. The broker's refusal
    // shows in the text alone: its client says "unauthorized", newer ones repeat the error's type.
    String lower = text.toLowerCase(Locale.ROOT);
    if (status == 500 && (lower.contains("unauthorized") || lower.contains("policydeny"))) {
      throw new KeyDeniedException(
          said
              + "; the key broker refused: its resource policy, this guest's evidence, or there is no"
              + " such resource; its log says which");
    }
    if (status < 500 && status != 408 && status != 429) {
      throw new KeyDeniedException(said + "; is a data hub's REST interface there?");
    }
    return new KeyUnavailableException(
        said
            + "; there is no such resource, or the hub's key broker cannot be reached; see the logs of"
            + " confidential-data-hub and attestation-agent");
  }

  private void sleep(Duration wait, KeyUnavailableException failure)
      throws KeyUnavailableException {
    try {
      pause.pause(wait);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure;
    }
  }

  /** Only whether somebody listens: any request for the resource would fetch it. */
  @Override
  public KeyProbe probe(KeyReference reference, ServerTrust trust) throws IOException {
    CdhResource resource = CdhResource.parse(reference);
    new HubCall(hub, PROBE).connect();
    return KeyProbe.of("data hub " + hub + " listens; it will be asked for " + resource);
  }
}

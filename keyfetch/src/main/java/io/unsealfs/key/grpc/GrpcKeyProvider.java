package io.unsealfs.key.grpc;

import io.grpc.StatusRuntimeException;
import io.unsealfs.attest.Attester;
import io.unsealfs.key.ClientCredentials;
import io.unsealfs.key.KeyDeniedException;
import io.unsealfs.key.KeyProbe;
import io.unsealfs.key.KeyProvider;
import io.unsealfs.key.KeyReference;
import io.unsealfs.key.KeyUnavailableException;
import io.unsealfs.key.Secret;
import io.unsealfs.key.SecretMemory;
import io.unsealfs.key.ServerTrust;
import io.unsealfs.key.UntrustedServerException;
import io.unsealfs.key.proto.v1.ChallengeRequest;
import io.unsealfs.key.wire.IdentityPublicKey;
import io.unsealfs.key.wire.WireException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;

/**
 * {@code grpc://HOST:PORT[,HOST:PORT…]/NAME}: our attested secret service, over TLS 1.3 and no
 * proxy. Servers are tried in order; those that cannot be reached are asked again, with growing
 * pauses of random length, until the overall time is up. A denial ends the fetch at once: replicas
 * of one service would say the same.
 */
public final class GrpcKeyProvider implements KeyProvider {
  private static final System.Logger LOG = System.getLogger(GrpcKeyProvider.class.getName());

  private static final ProbeTimes PROBE =
      new ProbeTimes(Duration.ofSeconds(3), Duration.ofSeconds(8));

  private final SecretMemory memory;
  private final GrpcTimeouts timeouts;
  private final ProbeTimes probeTimes;
  private final Pause pause;
  private final Credentials credentials;

  /** Waits between two rounds; injected so that tests do not. */
  @FunctionalInterface
  interface Pause {
    void pause(Duration duration) throws InterruptedException;
  }

  /**
   * How long a probe may take; injected so that tests can be patient.
   *
   * @param call one call
   * @param overall all calls
   */
  record ProbeTimes(Duration call, Duration overall) {}

  /** A provider whose secrets live in {@code memory}. */
  public GrpcKeyProvider(SecretMemory memory, GrpcTimeouts timeouts) {
    this(memory, timeouts, ClientCredentials.NONE, List.of());
  }

  /**
   * A provider whose secrets live in {@code memory}.
   *
   * @param shown what servers are shown besides evidence
   * @param local providers of the references in {@code shown}
   */
  public GrpcKeyProvider(
      SecretMemory memory,
      GrpcTimeouts timeouts,
      ClientCredentials shown,
      List<KeyProvider> local) {
    this(memory, timeouts, PROBE, Thread::sleep, new Credentials(shown, local));
  }

  GrpcKeyProvider(SecretMemory memory, GrpcTimeouts timeouts, Pause pause) {
    this(memory, timeouts, PROBE, pause);
  }

  GrpcKeyProvider(SecretMemory memory, GrpcTimeouts timeouts, ProbeTimes probeTimes, Pause pause) {
    this(memory, timeouts, probeTimes, pause, new Credentials(ClientCredentials.NONE, List.of()));
  }

  private GrpcKeyProvider(
      SecretMemory memory,
      GrpcTimeouts timeouts,
      ProbeTimes probeTimes,
      Pause pause,
      Credentials credentials) {
    this.memory = memory;
    this.timeouts = timeouts;
    this.probeTimes = probeTimes;
    this.pause = pause;
    this.credentials = credentials;
  }

  @Override
  public Set<String> schemes() {
    return Set.of("grpc");
  }

  /**
   * Fetches a secret.
   *
   * @throws UntrustedServerException if no server was the trusted one
   */
  @Override
  public Secret fetch(KeyReference reference, Attester attester, ServerTrust trust)
      throws IOException {
    GrpcReference parsed = GrpcReference.parse(reference);
    TrustRules rules = TrustRules.of(trust, credentials);
    if (!rules.authenticated()) {
      LOG.log(
          System.Logger.Level.WARNING,
          "INSECURE: the server of {0} is not authenticated; whoever answers sees the evidence and"
              + " chooses the key. Name its identity key with --server-pin",
          reference.text());
    }
    Countdown countdown = new Countdown(timeouts.overall());
    Map<ServerAddress, IOException> failures = new LinkedHashMap<>();
    List<ServerAddress> candidates = new ArrayList<>(parsed.servers());
    for (int round = 1; ; round++) {
      for (ServerAddress server : List.copyOf(candidates)) {
        try {
          return new Conversation(server, rules, parsed.name(), attester, credentials, memory)
              .hold(timeouts.call(), countdown);
        } catch (UntrustedServerException e) {
          failures.put(server, e);
          candidates.remove(server);
        } catch (StatusRuntimeException e) {
          CallFailure failure = CallFailure.of(server, e);
          if (failure.cause() instanceof KeyDeniedException denied
              && !(denied instanceof UntrustedServerException)) {
            throw denied;
          }
          failures.put(server, failure.cause());
          if (!failure.isTransient()) {
            candidates.remove(server);
          }
        }
      }
      Duration wait = fullJitter(round);
      if (candidates.isEmpty()
          || round >= timeouts.tries()
          || countdown.left().compareTo(wait) <= 0) {
        throw combined(List.copyOf(failures.values()));
      }
      if (round == 1) {
        announceRetries(failures, countdown.left());
      }
      sleep(wait, failures);
    }
  }

  /**
   * Asks each server for a challenge, which shows its TLS certificate and its identity key. No
   * evidence is made, and nothing is asked for by name; a challenge that nobody answers dies within
   * a minute.
   *
   * @throws UntrustedServerException if no server was the trusted one
   */
  @Override
  public KeyProbe probe(KeyReference reference, ServerTrust trust) throws IOException {
    GrpcReference parsed = GrpcReference.parse(reference);
    TrustRules rules = TrustRules.of(trust, credentials);
    Countdown countdown = new Countdown(probeTimes.overall());
    List<String> reached = new ArrayList<>();
    List<IOException> failures = new ArrayList<>();
    for (ServerAddress server : parsed.servers()) {
      try (ServerChannel channel = new ServerChannel(server, rules)) {
        IdentityPublicKey identity =
            IdentityPublicKey.parse(
                channel
                    .stub(countdown.atMost(probeTimes.call()))
                    .getChallenge(ChallengeRequest.getDefaultInstance())
                    .getIdentityKey()
                    .toByteArray());
        rules.require(identity, server);
        reached.add(server + " answers, identity " + identity.pin());
      } catch (WireException e) {
        failures.add(
            new UntrustedServerException("key server " + server + ": " + e.getMessage(), e));
      } catch (UntrustedServerException e) {
        failures.add(e);
      } catch (StatusRuntimeException e) {
        failures.add(CallFailure.of(server, e).cause());
      }
    }
    if (reached.isEmpty()) {
      throw combined(failures);
    }
    List<String> warnings = new ArrayList<>();
    failures.forEach(failure -> warnings.add(failure.getMessage()));
    if (!rules.authenticated()) {
      warnings.add("the server is not authenticated; name its identity key with --server-pin");
    }
    return new KeyProbe(String.join("; ", reached), warnings);
  }

  /** One line, so that nobody takes the wait for a hang. */
  private void announceRetries(Map<ServerAddress, IOException> failures, Duration left) {
    LOG.log(
        System.Logger.Level.WARNING,
        "{0}; asking again until {1}, at most {2} more times",
        failures.values().stream().map(IOException::getMessage).collect(Collectors.joining("; ")),
        Instant.now().plus(left).truncatedTo(ChronoUnit.SECONDS),
        Integer.toString(timeouts.tries() - 1));
  }

  private void sleep(Duration wait, Map<ServerAddress, IOException> failures) throws IOException {
    try {
      pause.pause(wait);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw combined(List.copyOf(failures.values()));
    }
  }

  /** Anything up to the round's bound, so that many clients do not return at the same moment. */
  private Duration fullJitter(int round) {
    long bound = timeouts.firstPause().toNanos() << Math.min(round - 1, 16);
    long capped = Math.min(bound, timeouts.longestPause().toNanos());
    return Duration.ofNanos(ThreadLocalRandom.current().nextLong(capped + 1));
  }

  /** One failure for all servers: unavailable if any was, since asking again may then help. */
  private static IOException combined(List<IOException> failures) {
    if (failures.size() == 1) {
      return failures.getFirst();
    }
    List<String> reasons = new ArrayList<>();
    for (IOException failure : failures) {
      reasons.add(failure.getMessage());
    }
    String message = String.join("; ", reasons);
    IOException combined =
        failures.stream().anyMatch(KeyUnavailableException.class::isInstance)
            ? new KeyUnavailableException(message)
            : new UntrustedServerException(message);
    failures.forEach(combined::addSuppressed);
    return combined;
  }
}

package io.unsealfs.key;

import io.unsealfs.attest.Attester;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** Tries key references in order with the provider of each one's scheme. */
public final class KeyFetch {
  private final Map<String, KeyProvider> providers = new HashMap<>();
  private final SecretMemory memory;
  private final Attester attester;
  private final ServerTrust trust;

  /** Fetches with these providers; two must not serve the same scheme. */
  public KeyFetch(
      List<KeyProvider> providers, SecretMemory memory, Attester attester, ServerTrust trust) {
    for (KeyProvider provider : providers) {
      for (String scheme : provider.schemes()) {
        if (this.providers.put(scheme, provider) != null) {
          throw new IllegalArgumentException("two key providers serve " + scheme + ":");
        }
      }
    }
    this.memory = memory;
    this.attester = attester;
    this.trust = trust;
  }

  /**
   * The secret of one reference, read as the reference says.
   *
   * @throws KeyDeniedException if the service said no
   * @throws KeyUnavailableException if it could not be asked
   * @throws KeyReferenceException if the reference or its bytes are malformed
   * @throws io.unsealfs.attest.AttestationException if no evidence could be made
   */
  public Secret fetch(KeyReference reference) throws IOException {
    try (Secret raw = provider(reference).fetch(reference, attester, trust)) {
      return reference.reading().apply(raw, memory);
    }
  }

  /**
   * Looks at a reference without fetching, see {@link KeyProvider#probe}.
   *
   * @throws IOException what {@link #fetch} would fail with
   */
  public KeyProbe probe(KeyReference reference) throws IOException {
    return provider(reference).probe(reference, trust);
  }

  private KeyProvider provider(KeyReference reference) throws KeyReferenceException {
    KeyProvider provider = providers.get(reference.scheme());
    if (provider == null) {
      throw new KeyReferenceException(
          "nothing here fetches " + reference.scheme() + ": keys; known: " + providers.keySet());
    }
    return provider;
  }

  /**
   * Fetches and uses the references in order until one serves.
   *
   * @param references at least one
   * @param goOn whether a failure of {@code use} is the key's fault, so that the next one is tried;
   *     any other is thrown at once
   * @throws IOException the failure itself where one reference was given
   * @throws KeyChainException where several were given and all failed
   */
  public <T> T withFirst(List<KeyReference> references, KeyUse<T> use, Predicate<IOException> goOn)
      throws IOException {
    return withFirst(references, reference -> {}, use, goOn);
  }

  /**
   * As above.
   *
   * @param before told of each reference before it is fetched
   */
  public <T> T withFirst(
      List<KeyReference> references,
      Consumer<KeyReference> before,
      KeyUse<T> use,
      Predicate<IOException> goOn)
      throws IOException {
    List<KeyChainException.Attempt> attempts = new ArrayList<>();
    for (KeyReference reference : references) {
      Secret secret;
      before.accept(reference);
      try {
        secret = fetch(reference);
      } catch (IOException e) {
        attempts.add(new KeyChainException.Attempt(reference.text(), e));
        continue;
      }
      try (secret) {
        return use.use(reference, secret);
      } catch (IOException e) {
        if (!goOn.test(e)) {
          throw e;
        }
        attempts.add(new KeyChainException.Attempt(reference.text(), e));
      }
    }
    if (attempts.isEmpty()) {
      throw new KeyReferenceException("no key was named; give --key or set UNSEALFS_KEY");
    }
    if (attempts.size() == 1) {
      throw attempts.getFirst().cause();
    }
    throw new KeyChainException(attempts);
  }
}

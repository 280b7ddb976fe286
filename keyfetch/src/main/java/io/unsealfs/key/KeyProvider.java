package io.unsealfs.key;

import io.unsealfs.attest.AttestationException;
import io.unsealfs.attest.Attester;
import java.io.IOException;
import java.util.Set;

/** Turns a key reference into a secret. Stateless; one per kind of service. */
public interface KeyProvider {

  /** The URI schemes it serves. */
  Set<String> schemes();

  /**
   * Fetches the bytes as the service stores them; {@link KeyReference#reading} is applied by the
   * caller.
   *
   * @throws KeyDeniedException if the service said no
   * @throws KeyUnavailableException if it could not be asked; retrying may help
   * @throws AttestationException if no evidence could be made
   */
  Secret fetch(KeyReference reference, Attester attester, ServerTrust trust) throws IOException;

  /**
   * Looks whether {@link #fetch} would find what it needs, within a few seconds: reads no secret,
   * uses none up, asks nobody at a terminal and sends no evidence.
   *
   * @throws IOException what {@link #fetch} would fail with
   */
  default KeyProbe probe(KeyReference reference, ServerTrust trust) throws IOException {
    return KeyProbe.of(reference.scheme() + ": shows only when it is fetched");
  }
}

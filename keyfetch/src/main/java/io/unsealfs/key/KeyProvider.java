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
}

package io.unsealfs.keyserver;

import io.unsealfs.attest.NoneAttester;
import io.unsealfs.key.KeyFetch;
import io.unsealfs.key.Secret;
import io.unsealfs.key.SecretMemory;
import io.unsealfs.key.file.CredentialKeyProvider;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Fetches what a {@link KekSource} refers to, except files, which the key server reads itself. */
@FunctionalInterface
public interface KekFetcher {

  /**
   * The key or the passphrase, read as the reference says.
   *
   * @throws io.unsealfs.key.KeyDeniedException if a service said no
   * @throws io.unsealfs.key.KeyUnavailableException if it could not be asked
   * @throws io.unsealfs.key.KeyReferenceException if there is no such thing
   */
  Secret fetch(KekSource source) throws IOException;

  /** One that knows credentials of the service manager only. */
  static KekFetcher credentials(SecretMemory memory, Optional<Path> directory) {
    return source ->
        new KeyFetch(
                List.of(new CredentialKeyProvider(memory, directory)),
                memory,
                new NoneAttester(),
                source.trust())
            .fetch(source.key());
  }
}

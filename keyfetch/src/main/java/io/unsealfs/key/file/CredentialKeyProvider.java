package io.unsealfs.key.file;

import io.unsealfs.attest.Attester;
import io.unsealfs.key.KeyProbe;
import io.unsealfs.key.KeyProvider;
import io.unsealfs.key.KeyReference;
import io.unsealfs.key.KeyReferenceException;
import io.unsealfs.key.Secret;
import io.unsealfs.key.SecretMemory;
import io.unsealfs.key.ServerTrust;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/** {@code credential:NAME}: a credential the service manager handed over, systemd.exec(5). */
public final class CredentialKeyProvider implements KeyProvider {
  private final SecretMemory memory;
  private final Optional<Path> directory;

  /**
   * A provider whose secrets live in {@code memory}.
   *
   * @param directory {@code $CREDENTIALS_DIRECTORY}, empty where it is not set
   */
  public CredentialKeyProvider(SecretMemory memory, Optional<Path> directory) {
    this.memory = memory;
    this.directory = directory;
  }

  @Override
  public Set<String> schemes() {
    return Set.of("credential");
  }

  @Override
  public Secret fetch(KeyReference reference, Attester attester, ServerTrust trust)
      throws IOException {
    return SecretFile.read(path(reference), "credential " + reference.body(), memory);
  }

  @Override
  public KeyProbe probe(KeyReference reference, ServerTrust trust) throws IOException {
    return SecretFile.probe(path(reference), "credential " + reference.body());
  }

  private Path path(KeyReference reference) throws KeyReferenceException {
    String name = reference.body();
    if (name.equals(".") || name.equals("..") || name.contains("/")) {
      throw new KeyReferenceException("credential name " + name + " is not a plain file name");
    }
    Path folder =
        directory.orElseThrow(() ->
            new KeyReferenceException(
                "credential "
                    + name
                    + " cannot be read: CREDENTIALS_DIRECTORY is not set; name it with"
                    + " LoadCredential= in the unit"));
    return folder.resolve(name);
  }
}

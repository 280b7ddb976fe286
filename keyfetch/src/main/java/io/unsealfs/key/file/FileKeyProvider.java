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
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Set;

/** {@code file:PATH}: a regular file, at most 64 KiB. Warns where everyone may read it. */
public final class FileKeyProvider implements KeyProvider {
  private final SecretMemory memory;

  /** A provider whose secrets live in {@code memory}. */
  public FileKeyProvider(SecretMemory memory) {
    this.memory = memory;
  }

  @Override
  public Set<String> schemes() {
    return Set.of("file");
  }

  @Override
  public Secret fetch(KeyReference reference, Attester attester, ServerTrust trust)
      throws IOException {
    return SecretFile.read(path(reference), "key file " + reference.body(), memory);
  }

  @Override
  public KeyProbe probe(KeyReference reference, ServerTrust trust) throws IOException {
    return SecretFile.probe(path(reference), "key file " + reference.body());
  }

  private static Path path(KeyReference reference) throws KeyReferenceException {
    try {
      return Path.of(reference.body());
    } catch (InvalidPathException e) {
      throw new KeyReferenceException("key file " + reference.body() + " is no valid path", e);
    }
  }
}

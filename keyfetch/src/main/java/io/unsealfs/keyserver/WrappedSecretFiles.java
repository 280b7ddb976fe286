package io.unsealfs.keyserver;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** The wrapped secrets and keys that a configuration names, each in a file of its own. */
public final class WrappedSecretFiles implements WrappedSecrets {
  private final List<String> files;

  /** Those of {@code config}. */
  public WrappedSecretFiles(KeyServerConfig config) {
    this.files =
        Stream.concat(
                config.secrets().stream()
                    .filter(secret -> !secret.insecurePlaintext())
                    .map(KeyServerConfig.SecretEntry::file),
                config.callers().preSharedKeys().stream()
                    .filter(Callers.PreSharedKey::isWrapped)
                    .map(Callers.PreSharedKey::file))
            .map(Path::toString)
            .distinct()
            .toList();
  }

  @Override
  public List<String> entries() {
    return files;
  }

  @Override
  public WrappedSecret read(String entry) throws KeyServerConfigException {
    return WrappedSecret.read(Path.of(entry));
  }

  @Override
  public boolean replace(String entry, WrappedSecret old, WrappedSecret fresh) throws IOException {
    // a window remains between look and move; who writes secrets by hand does it one at a time
    if (!Arrays.equals(read(entry).encode(), old.encode())) {
      return false;
    }
    fresh.writeTo(Path.of(entry));
    return true;
  }
}

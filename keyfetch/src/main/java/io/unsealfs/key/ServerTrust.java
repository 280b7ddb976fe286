package io.unsealfs.key;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How a remote key service is recognised.
 *
 * @param ca PEM file with the certificate authorities to trust for TLS, {@code --server-ca}
 * @param pins {@code sha256:<hex>} of the service's key, {@code --server-pin}; any one suffices
 * @param insecure take any server, {@code --insecure-server}
 */
public record ServerTrust(Optional<Path> ca, List<String> pins, boolean insecure) {
  /** Copies the list. */
  public ServerTrust {
    pins = List.copyOf(pins);
  }

  /** Whether nothing was said about trust. */
  public boolean isUnspecified() {
    return ca.isEmpty() && pins.isEmpty() && !insecure;
  }
}

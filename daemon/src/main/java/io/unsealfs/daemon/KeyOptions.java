package io.unsealfs.daemon;

import io.unsealfs.key.KeyReference;
import io.unsealfs.key.ServerTrust;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the key comes from and whom to trust for it; shared by every command that needs one. */
final class KeyOptions {
  @Option(
      names = "--key",
      paramLabel = "KEY",
      description =
          "Where the key comes from: file:PATH, fd:N, prompt:, credential:NAME,"
              + " grpc://HOST:PORT/NAME; ?as=passphrase|keyfile|hex|base64|masterkey says how its"
              + " bytes are read. Several are tried in order. Default: $UNSEALFS_KEY.")
  List<String> keys = List.of();

  @Option(
      names = "--server-ca",
      paramLabel = "FILE",
      description = "Certificate authorities (PEM) to trust for a remote key service.")
  @Nullable Path serverCa;

  @Option(
      names = "--server-pin",
      paramLabel = "sha256:HEX",
      split = ",",
      description = "Identity key of the key service; any one of several suffices.")
  List<String> serverPins = List.of();

  @Option(
      names = "--insecure-server",
      description = "Take the key from any server that answers (insecure).")
  boolean insecureServer;

  @Option(
      names = "--attester",
      paramLabel = "auto|tdx|none|sample",
      defaultValue = "auto",
      description =
          "Who makes the evidence about this host (default: ${DEFAULT-VALUE}). sample proves"
              + " nothing and has to be named on both sides.")
  String attester = "auto";

  /**
   * The references to try, in order; never empty.
   *
   * @throws UsageException if none was given
   * @throws io.unsealfs.key.KeyReferenceException if one is malformed
   */
  List<KeyReference> references() throws IOException {
    if (keys.isEmpty()) {
      throw new UsageException("no key given: add --key, or set UNSEALFS_KEY");
    }
    List<KeyReference> references = new ArrayList<>();
    for (String text : keys) {
      references.add(KeyReference.parse(text));
    }
    return references;
  }

  ServerTrust trust() {
    return new ServerTrust(Optional.ofNullable(serverCa), serverPins, insecureServer);
  }
}

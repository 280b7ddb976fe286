package io.unsealfs.daemon;

import io.unsealfs.key.ClientCredentials;
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
      paramLabel = "auto|tdx|snp|none|sample",
      defaultValue = "auto",
      description =
          "Who makes the evidence about this host (default: ${DEFAULT-VALUE}). sample proves"
              + " nothing and has to be named on both sides.")
  String attester = "auto";

  @Option(
      names = "--client-cert",
      paramLabel = "FILE",
      description = "Certificate chain (PEM) to show a remote key service that asks for one.")
  @Nullable String clientCertificate;

  @Option(
      names = "--client-key",
      paramLabel = "FILE",
      description = "Its private key: PKCS#8 in PEM, not encrypted.")
  @Nullable String clientKey;

  @Option(
      names = "--psk",
      paramLabel = "ID=KEY",
      description =
          "Prove to a remote key service to hold the pre-shared key ID, which lies in file:PATH"
              + " or credential:NAME. Default: $UNSEALFS_PSK.")
  @Nullable String preSharedKey;

  /**
   * What a remote key service is shown besides evidence.
   *
   * @throws UsageException if one of certificate and key is missing
   * @throws io.unsealfs.key.KeyReferenceException if a reference is malformed
   */
  ClientCredentials credentials() throws IOException {
    String certificate = clientCertificate;
    String key = clientKey;
    if ((certificate == null) != (key == null)) {
      throw new UsageException("--client-cert and --client-key belong together");
    }
    String psk = preSharedKey;
    return new ClientCredentials(
        certificate == null || key == null
            ? Optional.empty()
            : Optional.of(
                new ClientCredentials.Tls(
                    KeyReference.parse("file:" + certificate), KeyReference.parse("file:" + key))),
        psk == null ? Optional.empty() : Optional.of(ClientCredentials.PreSharedKey.parse(psk)));
  }

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

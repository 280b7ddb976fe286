package io.unsealfs.daemon;

import io.unsealfs.key.Secret;
import io.unsealfs.os.ProcessControl;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where the bytes of a secret come from that a command gives to a key server. */
final class NewSecret {
  @Option(names = "--generate", description = "Make a new random passphrase.")
  boolean generate;

  @Mixin KeyOptions keys = new KeyOptions();

  /** Takes the secret's bytes, which are wiped when it returns. */
  interface Taker {
    void take(byte[] plaintext) throws IOException;
  }

  /**
   * Fetches or makes the secret and hands it over.
   *
   * @param command for messages
   */
  void give(Wiring wiring, String command, Taker taker) throws IOException {
    ProcessControl.forbidDumps();
    if (generate != keys.keys.isEmpty()) {
      throw new UsageException(
          command + ": give either --key, where the secret is now, or --generate");
    }
    if (generate) {
      byte[] plaintext = KeyServerDirectory.generate();
      try {
        taker.take(plaintext);
      } finally {
        Arrays.fill(plaintext, (byte) 0);
      }
    } else {
      wiring
          .keyFetch(keys)
          .withFirst(
              keys.references(), (reference, secret) -> take(secret, taker), failure -> false);
    }
  }

  private static int take(Secret secret, Taker taker) throws IOException {
    try {
      return secret.use(plaintext -> {
        try {
          taker.take(plaintext);
          return plaintext.length;
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      });
    } catch (UncheckedIOException e) {
      throw e.getCause() == null ? new IOException(e) : e.getCause();
    }
  }
}

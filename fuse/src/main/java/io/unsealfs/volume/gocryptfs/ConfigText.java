package io.unsealfs.volume.gocryptfs;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;

/**
 * {@code gocryptfs.conf} of a new volume, laid out as the reference writes it: tabs, final newline.
 * Plain text: none of the values can hold a character that JSON would escape.
 */
final class ConfigText {
  static final int KEY_LENGTH = 32;

  private ConfigText() {}

  /**
   * The file's bytes.
   *
   * @param flagOrder the config's flags in the order they are to be listed
   */
  static byte[] of(GocryptfsConfig config, List<FeatureFlag> flagOrder) {
    Base64.Encoder base64 = Base64.getEncoder();
    String flags =
        flagOrder.stream()
            .map(flag -> "\t\t\"" + flag.text + "\"")
            .collect(Collectors.joining(",\n"));
    String text =
        """
        {
        \t"Creator": "%s",
        \t"EncryptedKey": "%s",
        \t"ScryptObject": {
        \t\t"Salt": "%s",
        \t\t"N": %d,
        \t\t"R": %d,
        \t\t"P": %d,
        \t\t"KeyLen": %d
        \t},
        \t"Version": %d,
        \t"FeatureFlags": [
        %s
        \t]
        }
        """
            .formatted(
                config.creator(),
                base64.encodeToString(config.encryptedKey()),
                base64.encodeToString(config.salt()),
                config.scrypt().n(),
                config.scrypt().r(),
                config.scrypt().p(),
                KEY_LENGTH,
                GocryptfsConfig.VERSION,
                flags);
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}

package io.unsealfs.volume.gocryptfs;

import io.unsealfs.volume.VolumeInfo;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/** What {@code info} shows of a config. */
final class ConfigInfo {
  private ConfigInfo() {}

  /**
   * The properties of a config.
   *
   * @param file the bytes it was read from, for the digest
   */
  static VolumeInfo of(GocryptfsConfig config, byte[] file) {
    ScryptCost cost = config.scrypt();
    Map<String, Object> properties = new LinkedHashMap<>();
    properties.put("version", GocryptfsConfig.VERSION);
    properties.put("creator", ConfigParser.shown(config.creator()));
    properties.put("content_cipher", config.contentAlgorithm().text);
    properties.put("names", config.nameMode().text);
    properties.put("block_size", ContentLayout.PLAINTEXT_BLOCK);
    properties.put("long_name_max", config.longNameLimit());
    properties.put("feature_flags", config.flags().stream().map(flag -> flag.text).toList());
    properties.put("key_slots", 1);
    properties.put("kdf", "scrypt");
    properties.put("kdf_n", cost.n());
    properties.put("kdf_r", cost.r());
    properties.put("kdf_p", cost.p());
    properties.put("kdf_memory", cost.memory());
    properties.put("header_digest", "sha256:" + HexFormat.of().formatHex(sha256(file)));
    return new VolumeInfo("gocryptfs", properties);
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }
}

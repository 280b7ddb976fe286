package io.unsealfs.volume.gocryptfs;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.volume.gocryptfs.GocryptfsConfig.NameMode;
import java.io.IOException;

/** Targets of symbolic links (gocryptfs.md section 8). */
final class LinkTargets {
  private static final int MAX_TARGET = 4095;

  private final FileTree ciphertext;
  private final boolean encrypted;
  private final ContentCipher content;
  private final Base64Url base64;

  LinkTargets(FileTree ciphertext, GocryptfsConfig config, VolumeCiphers ciphers) {
    this.ciphertext = ciphertext;
    this.encrypted = config.nameMode() != NameMode.PLAINTEXT;
    this.content = ciphers.content();
    this.base64 = ciphers.names().base64();
  }

  /**
   * The plaintext target of a stored link.
   *
   * @throws IntegrityException if it is not authentic
   */
  Name read(Node storedLink) throws IOException {
    Name stored = ciphertext.readLink(storedLink);
    if (!encrypted) {
      return stored;
    }
    try {
      byte[] target = content.open(base64.decode(stored.toBytes()));
      if (target.length > MAX_TARGET || indexOfNul(target) >= 0) {
        throw new IntegrityException("decrypts to what cannot be a link target");
      }
      return Name.of(target);
    } catch (IntegrityException e) {
      throw new IntegrityException(storedLink.location() + ": link target: " + e.problem(), e);
    }
  }

  private static int indexOfNul(byte[] bytes) {
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == 0) {
        return i;
      }
    }
    return -1;
  }
}

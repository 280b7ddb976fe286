package io.unsealfs.volume.luks;

import io.unsealfs.crypto.AesXts;
import io.unsealfs.volume.VolumeKey;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;

/** A LUKS2 image made in code: cheap to open, with a header of less than 300 KiB. */
final class SmallImage {
  static final byte[] PASSPHRASE = "small".getBytes(StandardCharsets.US_ASCII);
  static final int DATA_OFFSET = 290_816;
  static final int DATA_SIZE = 64 << 10;
  static final int HEADER_SIZE = 16 << 10;

  /** So few iterations that no header can take long; the time is for a machine that is busy. */
  static final LuksOptions CHEAP =
      LuksOptions.defaults().withLimits(5000, 4, Duration.ofMinutes(1));

  private SmallImage() {}

  static byte[] plaintext() {
    byte[] plaintext = new byte[DATA_SIZE];
    for (int i = 0; i < DATA_SIZE; i++) {
      plaintext[i] = (byte) ((i * 31) >> 5);
    }
    return plaintext;
  }

  static byte[] make() throws Exception {
    LuksWriter.Stretching cheap = new LuksWriter.Stretching(false, 4, 32, 1, 1000);
    try (VolumeKey key = LuksVector.passphrase(PASSPHRASE);
        NewHeader header = NewHeader.create(key, cheap, new SecureRandom(), DATA_OFFSET, 1000);
        AesXts.XtsWorker worker = header.dataCipher().borrow()) {
      byte[] image = Arrays.copyOf(header.bytes(), DATA_OFFSET + DATA_SIZE);
      worker.encrypt(0, plaintext(), 0, DATA_SIZE, image, DATA_OFFSET);
      return image;
    }
  }

  /** Makes both checksums hold. */
  static void repair(byte[] image) {
    NewHeader.putChecksum(image, 0);
    NewHeader.putChecksum(image, HEADER_SIZE);
  }

  /** The JSON text of the first copy. */
  static String json(byte[] image) {
    int end = Luks2Copy.BINARY_SIZE;
    while (image[end] != 0) {
      end++;
    }
    return new String(
        image, Luks2Copy.BINARY_SIZE, end - Luks2Copy.BINARY_SIZE, StandardCharsets.UTF_8);
  }

  /** The image with another text in both copies. */
  static byte[] withJson(byte[] image, byte[] json) {
    byte[] changed = image.clone();
    for (int copy = 0; copy < 2; copy++) {
      int at = copy * HEADER_SIZE + Luks2Copy.BINARY_SIZE;
      Arrays.fill(changed, at, (copy + 1) * HEADER_SIZE, (byte) 0);
      int length = Math.min(json.length, HEADER_SIZE - Luks2Copy.BINARY_SIZE);
      System.arraycopy(json, 0, changed, at, length);
    }
    repair(changed);
    return changed;
  }
}

package io.unsealfs.volume.luks;

import io.unsealfs.crypto.AesXts;
import io.unsealfs.crypto.SectorCipher;
import io.unsealfs.crypto.SectorIv;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;

/** A LUKS1 image made in code (luks.md section 1), with the content of {@link SmallImage}. */
final class SmallLuks1 {
  static final int HEADER_SIZE = 592;
  static final int DATA_OFFSET = SmallImage.DATA_OFFSET;

  private static final int MATERIAL_OFFSET = 4096;
  private static final int KEY_SIZE = 64;
  private static final int ITERATIONS = 1000;

  private SmallLuks1() {}

  static byte[] make() {
    SecureRandom random = new SecureRandom();
    byte[] volumeKey = random(random, KEY_SIZE);
    byte[] digestSalt = random(random, 32);
    byte[] slotSalt = random(random, 32);
    byte[] image = new byte[DATA_OFFSET + SmallImage.DATA_SIZE];
    ByteBuffer head = ByteBuffer.wrap(image);
    head.put(0, Luks2Copy.PRIMARY_MAGIC).putShort(6, (short) 1);
    head.put(8, ascii("aes")).put(40, ascii("xts-plain64")).put(72, ascii("sha256"));
    head.putInt(104, DATA_OFFSET / SectorCipher.UNIT).putInt(108, KEY_SIZE);
    head.put(112, HashSpec.SHA256.pbkdf2.derive(volumeKey, digestSalt, ITERATIONS, 20));
    head.put(132, digestSalt).putInt(164, ITERATIONS);
    head.put(168, ascii("0a1b2c3d-0000-4000-8000-000000000001"));
    for (int slot = 0; slot < 8; slot++) {
      int at = 208 + 48 * slot;
      head.putInt(at, slot == 0 ? 0x00AC71F3 : 0x0000DEAD);
      head.putInt(at + 40, MATERIAL_OFFSET / SectorCipher.UNIT).putInt(at + 44, 4000);
    }
    head.putInt(208 + 4, ITERATIONS).put(208 + 8, slotSalt);
    byte[] slotKey =
        HashSpec.SHA256.pbkdf2.derive(SmallImage.PASSPHRASE, slotSalt, ITERATIONS, KEY_SIZE);
    byte[] material = AntiForensic.split(volumeKey, HashSpec.SHA256, random);
    encrypt(slotKey, material, image, MATERIAL_OFFSET);
    encrypt(volumeKey, SmallImage.plaintext(), image, DATA_OFFSET);
    return image;
  }

  private static void encrypt(byte[] key, byte[] plaintext, byte[] image, int at) {
    try (AesXts cipher = new AesXts(key, SectorIv.PLAIN64, SectorCipher.UNIT);
        AesXts.XtsWorker worker = cipher.borrow()) {
      worker.encrypt(0, plaintext, 0, plaintext.length, image, at);
    }
  }

  private static byte[] random(SecureRandom random, int size) {
    byte[] bytes = new byte[size];
    random.nextBytes(bytes);
    return bytes;
  }

  private static byte[] ascii(String text) {
    return Arrays.copyOf(text.getBytes(StandardCharsets.US_ASCII), text.length());
  }
}

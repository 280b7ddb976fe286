package io.unsealfs.volume.gocryptfs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.block.BlockCipher;
import io.unsealfs.block.BlockLayout;
import io.unsealfs.crypto.Eme;
import io.unsealfs.crypto.Hkdf;
import io.unsealfs.storage.Name;
import io.unsealfs.vectors.Json;
import io.unsealfs.vectors.Vectors;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** The numbers of {@code kat.json}, in both directions. */
class KnownAnswerTest {
  private static final Json KAT = Vectors.json("gocryptfs/kat.json");

  @Test
  void sub_keys() throws Exception {
    for (Json kat : KAT.get("hkdf_sha256_no_salt").items()) {
      assertArrayEquals(
          kat.get("okm").hex(),
          Hkdf.SHA256.derive(
              kat.get("ikm").hex(),
              new byte[0],
              kat.get("info").text().getBytes(StandardCharsets.US_ASCII),
              kat.get("length").integer()));
    }
    Json siv = KAT.get("siv_key_without_hkdf");
    assertArrayEquals(
        siv.get("sha512").hex(),
        MessageDigest.getInstance("SHA-512").digest(siv.get("masterkey").hex()));
  }

  @Test
  void names() throws Exception {
    Json names = KAT.get("names");
    for (Json kat : names.get("vectors").items()) {
      boolean raw = kat.has("cipher_base64url_raw");
      Name encoded =
          Name.of(kat.get(raw ? "cipher_base64url_raw" : "cipher_base64url_padded").text());
      Name plain = Name.of(kat.get("plain").text());
      byte[] tweak = kat.get("diriv").hex();
      if (kat.has("cipher_length")) {
        assertEquals(kat.get("cipher_length").integer(), encoded.length());
      }
      Base64Url base64 = new Base64Url(raw);
      try (NameCipher cipher = new NameCipher(new Eme(names.get("eme_key").hex()), base64)) {
        assertEquals(encoded, cipher.encrypt(plain, tweak));
        assertEquals(plain, cipher.decrypt(encoded, tweak));
        if (plain.equals(Name.of("user.foo"))) {
          assertEquals(encoded, cipher.encryptXattrName(plain));
          assertEquals(plain, cipher.decryptXattrName(encoded));
        }
      }
      LongNames longNames = new LongNames(255, base64);
      assertEquals(kat.has("stored_as"), longNames.isLong(encoded));
      if (kat.has("stored_as")) {
        assertEquals(Name.of(kat.get("stored_as").text()), longNames.storedName(encoded));
      }
    }
  }

  @Test
  void blocks_of_every_cipher() throws Exception {
    int full = 0;
    for (Json kat : KAT.get("blocks").items()) {
      ByteBuffer id = ByteBuffer.wrap(kat.get("file_id").hex());
      FileHeader header = new FileHeader(id.getLong(), id.getLong());
      long index = kat.get("block_number").number();
      byte[] nonce = kat.get("nonce").hex();
      byte[] plain =
          kat.has("plain")
              ? kat.get("plain").hex()
              : VectorContent.of(VectorContent.KNOWN_ANSWERS, "full", 4096);
      try (ContentCipher cipher =
          new ContentCipher(algorithm(kat.get("algorithm").text()), kat.get("key").hex())) {
        byte[] stored = new byte[plain.length + cipher.layout().overhead()];
        try (ContentCipher.Encryptor encryptor = cipher.encryptor(header)) {
          encryptor.encrypt(index, nonce, plain, 0, plain.length, stored, 0);
        }
        if (kat.has("stored_block")) {
          assertArrayEquals(kat.get("stored_block").hex(), stored, kat::toString);
        } else {
          full++;
          assertEquals(kat.get("plain_sha256").text(), sha256(plain));
          assertEquals(kat.get("stored_length").integer(), stored.length);
          assertEquals(kat.get("stored_sha256").text(), sha256(stored), kat::toString);
        }
        byte[] decrypted = new byte[plain.length];
        try (BlockCipher.Decryptor decryptor = cipher.forFile(header).borrow()) {
          decryptor.decrypt(index, stored, 0, stored.length, decrypted, 0);
        }
        assertArrayEquals(plain, decrypted);
      }
    }
    assertEquals(5, full);
  }

  @Test
  void link_targets() throws Exception {
    // their key is the one of the blocks with the same algorithm
    for (Json kat : KAT.get("symlink").items()) {
      String algorithm = kat.get("algorithm").text();
      byte[] key =
          KAT.get("blocks").items().stream()
              .filter(block -> block.get("algorithm").text().equals(algorithm))
              .findFirst()
              .orElseThrow()
              .get("key")
              .hex();
      try (ContentCipher cipher = new ContentCipher(algorithm(algorithm), key)) {
        byte[] target = kat.get("target").text().getBytes(StandardCharsets.UTF_8);
        Base64Url base64 = new Base64Url(true);
        Name stored = Name.of(kat.get("stored").text());
        assertEquals(stored, base64.encode(cipher.seal(kat.get("nonce").hex(), target)));
        assertArrayEquals(target, cipher.open(base64.decode(stored.toBytes())));
      }
    }
  }

  @Test
  void wrapped_master_keys() throws Exception {
    Json kat = KAT.get("key_wrap");
    byte[] kek = kat.get("kek").hex();
    byte[] masterKey = kat.get("masterkey").hex();
    for (boolean hkdf : new boolean[] {true, false}) {
      Json form = kat.get(hkdf ? "hkdf" : "legacy");
      byte[] wrapped = form.get("encrypted_key").hex();
      assertArrayEquals(wrapped, KeyWrap.wrap(kek, masterKey, form.get("nonce").hex(), hkdf));
      assertArrayEquals(masterKey, KeyWrap.unwrap(kek, wrapped, hkdf));
    }
  }

  @Test
  void sizes() {
    for (Json kat : KAT.get("sizes").items()) {
      BlockLayout layout = ContentLayout.of(kat.get("iv_length").integer());
      long plain = kat.get("plain").number();
      long cipher = kat.get("cipher").number();
      assertEquals(cipher, ContentLayout.ciphertextSize(layout, plain));
      assertEquals(plain, ContentLayout.plaintextSize(layout, cipher));
    }
    for (Json kat : KAT.get("irregular_cipher_sizes").items()) {
      BlockLayout layout = ContentLayout.of(kat.get("iv_length").integer());
      assertEquals(
          kat.get("reported_plain_size").number(),
          ContentLayout.plaintextSize(layout, kat.get("cipher").number()),
          kat::toString);
    }
  }

  @Test
  void sizes_go_both_ways_around_every_block_boundary() {
    for (int nonceSize : new int[] {16, 24}) {
      BlockLayout layout = ContentLayout.of(nonceSize);
      for (long blocks : new long[] {0, 1, 2, 1000, 1L << 40}) {
        for (long delta = -2; delta <= 2; delta++) {
          long plain = blocks * 4096 + delta;
          if (plain >= 0) {
            long cipher = ContentLayout.ciphertextSize(layout, plain);
            assertEquals(plain, ContentLayout.plaintextSize(layout, cipher));
          }
        }
      }
    }
  }

  @Test
  void the_header_is_written_as_it_is_read() throws Exception {
    byte[] bytes = HexFormat.of().parseHex("0002000102030405060708090a0b0c0d0e0f");
    FileHeader header = FileHeader.parse(bytes);
    assertArrayEquals(bytes, header.toBytes());
    assertTrue(Arrays.equals(header.toBytes(), FileHeader.parse(header.toBytes()).toBytes()));
  }

  private static ContentAlgorithm algorithm(String text) {
    for (ContentAlgorithm algorithm : ContentAlgorithm.values()) {
      if (text.startsWith(algorithm.text)) {
        return algorithm;
      }
    }
    throw new AssertionError("unknown algorithm " + text);
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }
}

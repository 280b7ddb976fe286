package io.unsealfs.key.wire;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.key.SecretTerms;
import io.unsealfs.key.proto.v1.Denial;
import io.unsealfs.key.proto.v1.Terms;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The known answers were computed with hashlib and openssl from the description alone. */
class WireCoreTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final byte[] PEM =
      """
      -----BEGIN PRIVATE KEY-----
      MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
      -----END PRIVATE KEY-----
      """
          .getBytes(US_ASCII);
  private static final String SPKI =
      "302a300506032b657003210003a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8";
  private static final String PIN =
      "sha256:a050837d85070582ccf7394b0988847cc312cb88259b894899f6f239cf1791a5";

  private static byte[] range(int from, int count) {
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = (byte) (from + i);
    }
    return bytes;
  }

  private static byte[] filled(int count, int value) {
    byte[] bytes = new byte[count];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static Transcript known() throws WireException {
    return Transcript.of(
        range(0x40, 32),
        range(0x80, 32),
        SecretName.parse("models/größe"),
        IdentityKey.fromPem(PEM).publicKey());
  }

  @Nested
  class OfTheTranscript {
    @Test
    void theEncodingIsTheKnownAnswer() throws Exception {
      assertEquals(
          "00000012756e7365616c66732d7365637265742d7631"
              + "00000020404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
              + "00000006002000010002"
              + "00000020808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
              + "0000000e6d6f64656c732f6772c3b6c39f65"
              + "00000020a050837d85070582ccf7394b0988847cc312cb88259b894899f6f239cf1791a5",
          HEX.formatHex(known().toBytes()));
    }

    @Test
    void reportDataIsItsSha512() throws Exception {
      assertEquals(
          "ba2ea1828632f7f411bf4f91465a7be961236b388609d166530b8bc844575325"
              + "97380af7ca1298de62e07063f4be332e1442e502ae60fded3ff4aeb4eff29699",
          HEX.formatHex(known().reportData().toBytes()));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 31, 33, 64})
    void nonceAndKeyHaveOneLength(int length) throws Exception {
      SecretName name = SecretName.parse("a");
      IdentityPublicKey identity = IdentityKey.fromPem(PEM).publicKey();
      assertThrows(
          WireException.class, () -> Transcript.of(new byte[length], range(0, 32), name, identity));
      assertThrows(
          WireException.class, () -> Transcript.of(range(0, 32), new byte[length], name, identity));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a\nb", "a\u0000", "a\ud800", "\udc00", "a\u202eb", "a\u2028b"})
    void namesThatAreAmbiguousOrBreakLinesAreRefused(String name) {
      assertThrows(WireException.class, () -> SecretName.parse(name));
    }

    @Test
    void namesAreBoundedInBytesAndNotInCharacters() throws Exception {
      assertEquals(255, SecretName.parse("a".repeat(255)).encode().length);
      assertThrows(WireException.class, () -> SecretName.parse("a".repeat(256)));
      assertThrows(WireException.class, () -> SecretName.parse("ö".repeat(128)));
    }
  }

  @Nested
  class OfTheIdentityKey {
    @Test
    void publicKeyAndPinAreTheKnownAnswer() throws Exception {
      IdentityPublicKey key = IdentityKey.fromPem(PEM).publicKey();
      assertEquals(SPKI, HEX.formatHex(key.spki()));
      assertEquals(PIN, key.pin().toString());
    }

    @Test
    void theSignatureIsTheKnownAnswer() throws Exception {
      byte[] signature =
          IdentityKey.fromPem(PEM)
              .sign(known(), new SealedSecret(HEX.parseHex("1801"), filled(32, 7), filled(20, 9)));
      assertEquals(
          "90672786e0c70a9a60c7457322743806d2a76e4def9ae19afab9ddae71b226c6"
              + "845e5e58b7ee7a08f01b549e42972aa19a3431837def3891e4258d48e094f907",
          HEX.formatHex(signature));
    }

    @Test
    void anyChangeOfAnyPartBreaksTheSignature() throws Exception {
      IdentityKey key = IdentityKey.fromPem(PEM);
      byte[] terms = HEX.parseHex("1801");
      byte[] enc = filled(32, 7);
      byte[] ciphertext = filled(20, 9);
      byte[] signature = key.sign(known(), new SealedSecret(terms, enc, ciphertext));
      key.publicKey().verify(known(), new SealedSecret(terms, enc, ciphertext), signature);
      for (byte[] part : new byte[][] {terms, enc, ciphertext, signature}) {
        part[part.length - 1] ^= 1;
        assertThrows(
            WireException.class,
            () ->
                key.publicKey()
                    .verify(known(), new SealedSecret(terms, enc, ciphertext), signature));
        part[part.length - 1] ^= 1;
      }
      assertThrows(
          WireException.class,
          () ->
              key.publicKey()
                  .verify(known(), new SealedSecret(terms, enc, ciphertext), new byte[0]));
      Transcript other =
          Transcript.of(
              range(0x41, 32), range(0x80, 32), SecretName.parse("models/größe"), key.publicKey());
      assertThrows(
          WireException.class,
          () -> key.publicKey().verify(other, new SealedSecret(terms, enc, ciphertext), signature));
    }

    @Test
    void generatedKeysAreReadBackAndDiffer() throws Exception {
      IdentityKey one = IdentityKey.fromPem(IdentityKey.generatePem());
      IdentityKey two = IdentityKey.fromPem(IdentityKey.generatePem());
      assertNotEquals(one.publicKey().pin().toString(), two.publicKey().pin().toString());
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "",
          "-----BEGIN PRIVATE KEY-----",
          "-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n",
          "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgM=\n-----END PRIVATE KEY-----\n",
          "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR"
              + "4f\n-----END PRIVATE KEY-----\n"
        })
    void whatIsNoEd25519KeyIsRefused(String pem) {
      assertThrows(WireException.class, () -> IdentityKey.fromPem(pem.getBytes(US_ASCII)));
    }

    @Test
    void pinsAreParsedStrictly() throws Exception {
      IdentityPublicKey key = IdentityPublicKey.parse(HEX.parseHex(SPKI));
      assertTrue(IdentityPin.parse(PIN).matches(key));
      assertTrue(
          IdentityPin.parse("sha256:" + PIN.substring(7).toUpperCase(Locale.ROOT)).matches(key));
      assertFalse(IdentityPin.parse(PIN.substring(0, 70) + "6").matches(key));
      for (String bad :
          new String[] {
            PIN.substring(7),
            PIN + "0",
            PIN.substring(0, 70),
            "sha512:" + PIN.substring(7),
            " " + PIN
          }) {
        assertThrows(WireException.class, () -> IdentityPin.parse(bad), bad);
      }
    }

    @Test
    void publicKeysOfOtherKindsAreRefused() {
      byte[] spki = HEX.parseHex(SPKI);
      assertThrows(WireException.class, () -> IdentityPublicKey.parse(Arrays.copyOf(spki, 43)));
      assertThrows(WireException.class, () -> IdentityPublicKey.parse(Arrays.copyOf(spki, 45)));
      spki[8] = 0x6e;
      assertThrows(WireException.class, () -> IdentityPublicKey.parse(spki));
      assertThrows(WireException.class, () -> IdentityPublicKey.parse(new byte[0]));
    }
  }

  @Nested
  class OfTheSeal {
    private static final byte[] SECRET = "correct horse".getBytes(UTF_8);

    private Transcript with(HpkeKeyPair keys, String name) throws WireException {
      return Transcript.of(
          range(0, 32),
          keys.publicKey(),
          SecretName.parse(name),
          IdentityKey.fromPem(PEM).publicKey());
    }

    @Test
    void whatIsSealedOpens() throws Exception {
      try (HpkeKeyPair keys = HpkeKeyPair.generate()) {
        Transcript transcript = with(keys, "a");
        SealedSecret sealed = SealedSecret.seal(transcript, range(0, 9), SECRET);
        assertArrayEquals(SECRET, keys.open(transcript, sealed));
      }
    }

    @Test
    void changedTermsTranscriptOrBytesDoNotOpen() throws Exception {
      try (HpkeKeyPair keys = HpkeKeyPair.generate()) {
        Transcript transcript = with(keys, "a");
        SealedSecret sealed = SealedSecret.seal(transcript, range(0, 9), SECRET);
        assertThrows(WireException.class, () -> keys.open(with(keys, "b"), sealed));
        for (byte[] part : new byte[][] {sealed.terms(), sealed.enc(), sealed.ciphertext()}) {
          part[0] ^= 1;
          assertThrows(WireException.class, () -> keys.open(transcript, sealed));
          part[0] ^= 1;
        }
        assertArrayEquals(SECRET, keys.open(transcript, sealed));
      }
    }

    @Test
    void aLowOrderKeyIsRefusedOnBothSides() throws Exception {
      IdentityPublicKey identity = IdentityKey.fromPem(PEM).publicKey();
      Transcript low = Transcript.of(range(0, 32), new byte[32], SecretName.parse("a"), identity);
      assertThrows(WireException.class, () -> SealedSecret.seal(low, new byte[0], SECRET));
      try (HpkeKeyPair keys = HpkeKeyPair.generate()) {
        SealedSecret sealed = SealedSecret.of(new byte[0], new byte[32], new byte[40]);
        assertThrows(WireException.class, () -> keys.open(with(keys, "a"), sealed));
      }
    }

    @Test
    void partsOutOfBoundsAreRefused() {
      byte[] enc = new byte[32];
      assertThrows(WireException.class, () -> SealedSecret.of(new byte[4097], enc, new byte[40]));
      assertThrows(
          WireException.class, () -> SealedSecret.of(new byte[0], new byte[31], new byte[40]));
      assertThrows(WireException.class, () -> SealedSecret.of(new byte[0], enc, new byte[16]));
      assertThrows(
          WireException.class, () -> SealedSecret.of(new byte[0], enc, new byte[65536 + 17]));
    }

    @Test
    void aClosedKeyPairOpensNothing() throws Exception {
      HpkeKeyPair keys = HpkeKeyPair.generate();
      Transcript transcript = with(keys, "a");
      SealedSecret sealed = SealedSecret.seal(transcript, new byte[0], SECRET);
      keys.close();
      assertThrows(IllegalStateException.class, () -> keys.open(transcript, sealed));
    }
  }

  @Nested
  class OfTermsAndDenials {
    @Test
    void termsAreReadBack() throws Exception {
      SecretTerms terms =
          new SecretTerms(
              Optional.of("sha256:00ff"),
              Optional.of("sha256:1234"),
              Optional.of(Instant.ofEpochSecond(1_800_000_000)),
              true);
      assertEquals(terms, TermsCodec.decode(TermsCodec.encode(terms), true));
      assertEquals(SecretTerms.NONE, TermsCodec.decode(new byte[0], false));
    }

    @Test
    void malformedTermsAreRefused() {
      byte[] negative = Terms.newBuilder().setExpiresAt(-1).build().toByteArray();
      byte[] never = Terms.newBuilder().setExpiresAt(Long.MAX_VALUE).build().toByteArray();
      byte[] text = Terms.newBuilder().setVolumeDigest("a\nb").build().toByteArray();
      for (byte[] bad :
          new byte[][] {negative, never, text, {(byte) 0xff}, new byte[4097], {0x0a, 0x7f}}) {
        assertThrows(WireException.class, () -> TermsCodec.decode(bad, true));
      }
    }

    @ParameterizedTest
    @EnumSource(DenialReason.class)
    void everyReasonIsReadBack(DenialReason reason) {
      assertEquals(reason, DenialReason.decode(reason.encode()));
    }

    @Test
    void everyReasonOfTheProtocolHasAName() {
      for (Denial.Reason wire : Denial.Reason.values()) {
        if (wire != Denial.Reason.UNRECOGNIZED) {
          assertEquals(
              wire.name(),
              DenialReason.decode(Denial.newBuilder().setReason(wire).build().toByteArray())
                  .name());
        }
      }
    }

    @Test
    void strangeTrailersAreNoReason() {
      assertEquals(DenialReason.UNSPECIFIED, DenialReason.decode(new byte[] {8, 99}));
      assertEquals(DenialReason.UNSPECIFIED, DenialReason.decode(new byte[] {(byte) 0xff}));
      assertEquals(DenialReason.UNSPECIFIED, DenialReason.decode(new byte[1000]));
    }
  }
}

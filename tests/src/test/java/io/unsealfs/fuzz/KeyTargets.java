package io.unsealfs.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import com.google.protobuf.ByteString;
import io.unsealfs.attest.ReportData;
import io.unsealfs.attest.sample.SampleEvidence;
import io.unsealfs.attest.tdx.TdxQuote;
import io.unsealfs.key.KeyReading;
import io.unsealfs.key.KeyReference;
import io.unsealfs.key.KeyReferenceException;
import io.unsealfs.key.LeaseTerms;
import io.unsealfs.key.Secret;
import io.unsealfs.key.SecretTerms;
import io.unsealfs.key.proto.v1.Evidence;
import io.unsealfs.key.proto.v1.SecretReply;
import io.unsealfs.key.proto.v1.SecretRequest;
import io.unsealfs.key.wire.DenialReason;
import io.unsealfs.key.wire.HpkeKeyPair;
import io.unsealfs.key.wire.IdentityKey;
import io.unsealfs.key.wire.IdentityPin;
import io.unsealfs.key.wire.IdentityPublicKey;
import io.unsealfs.key.wire.SealedSecret;
import io.unsealfs.key.wire.SecretName;
import io.unsealfs.key.wire.TermsCodec;
import io.unsealfs.key.wire.Transcript;
import io.unsealfs.keyserver.KeyEncryptionKey;
import io.unsealfs.keyserver.KeyServerConfig;
import io.unsealfs.keyserver.PassphraseKdf;
import io.unsealfs.keyserver.WrappedSecret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Parsers of the side that gets and releases keys. */
final class KeyTargets {
  private static final byte[] SECRET = "a secret of the fuzz run".getBytes(UTF_8);
  private static final Pattern ADDRESS = Pattern.compile("(?:listen|health)(.*)");
  private static final Pattern NUMERIC =
      Pattern.compile(": \"(?:127\\.0\\.0\\.1|\\[::1]):[0-9]*\"?");
  private static final SecretTerms TERMS =
      new SecretTerms(
          Optional.of("sha256:" + "0a".repeat(32)),
          Optional.of("sha256:" + "0b".repeat(32)),
          Optional.of(Instant.ofEpochSecond(1_900_000_000)),
          new LeaseTerms(Optional.of(Duration.ofHours(1)), Optional.of(Duration.ofMinutes(5))),
          true);

  private KeyTargets() {}

  private static List<byte[]> texts(String... texts) {
    return Stream.of(texts).map(text -> text.getBytes(UTF_8)).toList();
  }

  static FuzzTarget keyReference() {
    return new ParserTarget(
        "key-reference",
        texts(
            "file:/etc/keys/volume?as=hex",
            "fd:3",
            "prompt:",
            "credential:volume?as=masterkey",
            "grpc://[::1]:8443,kbs.example:443/model/one?as=passphrase"),
        texts("?as=", "?as=base64", ":", "//", "%00", "\u202e", "\ud83d\ude00", ",", "["),
        input -> {
          String text = new String(input, UTF_8);
          KeyReference reference = KeyReference.parse(text);
          if (!reference.text().equals(text) || !text.contains(reference.body())) {
            throw new AssertionError("the reference is not what was given");
          }
        });
  }

  static FuzzTarget keyReading() {
    return new ParserTarget(
        "key-reading",
        texts(
            "correct horse\n",
            "0f".repeat(32),
            "6677eb8d-021b24d4-50247868-e2050d19-bc1d2d6c-8336dd18-54d0c94f-390aa401\n",
            "Fkgv3zBdWglziCaRXnGphtbkTs8jP/kUv6EUPUHFiN8=\n"),
        texts("-", "=", "\n", "\r\n", "0x", " "),
        input -> {
          IOException refusal = null;
          for (KeyReading reading : KeyReading.values()) {
            try (Secret raw = new Secret(new HeapRegion(input), SecretTerms.NONE);
                Secret read = reading.apply(raw, HeapRegion::new)) {
              if (read.size() < 1 || read.size() > input.length) {
                throw new AssertionError(reading + " makes " + read.size() + " bytes");
              }
            } catch (KeyReferenceException e) {
              refusal = e;
            }
          }
          if (refusal != null) {
            throw refusal;
          }
        });
  }

  static FuzzTarget keyServerConfig() throws IOException {
    Path file = Files.createTempFile("unsealfs-fuzz-", ".yaml");
    file.toFile().deleteOnExit();
    return new ParserTarget(
        "keyserver-config",
        texts(
            """
            listen: "127.0.0.1:8443"
            tls:
              self_signed: true
            identity_key: identity.pem
            kek_file: kek
            allow_sample: true
            secrets:
              - name: model
                file: model.wrapped
                evidence: [sample]
                volume_digest: "sha256:%s"
                expires_at: "2030-01-01T00:00:00Z"
                lease: {expires_after: 1h, renew_every: 5m}
            """
                .formatted("0a".repeat(32)),
            """
            listen: "[::1]:0"
            health: "127.0.0.1:0"
            nonce_lifetime_seconds: 60
            shutdown_grace_seconds: 5
            audit_log: audit
            tls:
              certificate_chain: chain.pem
              key: key.pem
            identity_key: identity.pem
            secrets:
              - {name: a, insecure_plaintext_file: a, evidence: [sample]}
            """,
            """
            listen: "[::1]:0"
            tls: {self_signed: true}
            identity_key: identity.pem
            kek_file: kek
            store:
              etcd:
                endpoints: ["https://127.0.0.1:2379"]
                ca: ca.pem
                certificate: certificate.pem
                key: key.pem
                user: keyserver
                password_file: password
                prefix: a/
                timeout_seconds: 3
            """),
        texts(
            "&a ",
            "*a",
            "a: &a [x,x]\nb: &b [*a,*a]\n",
            "<<: ",
            "!!java.lang.Runtime ",
            "{{{{{{{{{{",
            "[[[[[[[[[[[[[[[[",
            "\n---\n",
            "? ",
            "|\n",
            "\t",
            "99999999999",
            "\u0000",
            "'"),
        input -> {
          if (namesAHost(input)) {
            return;
          }
          Files.write(file, input);
          KeyServerConfig config = KeyServerConfig.read(file);
          config.warnings();
        });
  }

  /** Whether reading it would ask a name server: not the parser's doing, and not for a test. */
  private static boolean namesAHost(byte[] input) {
    Matcher address = ADDRESS.matcher(new String(input, ISO_8859_1));
    while (address.find()) {
      if (!NUMERIC.matcher(address.group(1)).matches()) {
        return true;
      }
    }
    return false;
  }

  static FuzzTarget wrappedSecret() throws IOException {
    KeyEncryptionKey key = KeyEncryptionKey.of(new byte[KeyEncryptionKey.SIZE], HeapRegion::new);
    List<byte[]> corpus =
        List.of(
            WrappedSecret.wrap("model", SECRET, key).encode(),
            WrappedSecret.wrap("m\u00f6del \"two\"", SECRET, key).encode());
    return new ParserTarget(
        "wrapped-secret",
        corpus,
        texts("\"version\":\"1\",", "\"name\":", "\\u0000", "{", "null", "==", " "),
        input -> {
          WrappedSecret wrapped = WrappedSecret.parse(input, "fuzz");
          assertArrayEquals(SECRET, wrapped.unwrap(wrapped.name(), key), "another secret");
        });
  }

  static FuzzTarget passphraseKdf() throws IOException {
    byte[] good;
    try (Secret passphrase = new Secret(new HeapRegion(SECRET), SecretTerms.NONE)) {
      good = PassphraseKdf.create(passphrase, HeapRegion::new).encode();
    }
    return new ParserTarget(
        "passphrase-kdf",
        List.of(good),
        texts(
            "\"memory_kib\":\"262144\"",
            "\"passes\":\"16\"",
            "\"lanes\":",
            "argon2d",
            "{",
            "==",
            " "),
        input ->
            assertArrayEquals(
                input, PassphraseKdf.parse(input, "fuzz").encode(), "a second spelling"));
  }

  static FuzzTarget terms() {
    return new ParserTarget(
        "wire-terms",
        List.of(TermsCodec.encode(TERMS), TermsCodec.encode(SecretTerms.NONE), new byte[] {8, 1}),
        texts("sha256:", "\u0000"),
        input -> {
          SecretTerms terms = TermsCodec.decode(input, true);
          SecretTerms again = TermsCodec.decode(TermsCodec.encode(terms), true);
          if (!terms.equals(again)) {
            throw new AssertionError("terms change when they are written again");
          }
        });
  }

  /** A whole answer, its key pair and its transcript fixed: only the written one opens. */
  static FuzzTarget reply() throws IOException {
    byte[] pem = IdentityKey.generatePem();
    IdentityKey identity = IdentityKey.fromPem(pem);
    HpkeKeyPair keys = HpkeKeyPair.generate();
    Transcript transcript =
        Transcript.of(
            new byte[32], keys.publicKey(), SecretName.parse("model"), identity.publicKey());
    SealedSecret sealed = SealedSecret.seal(transcript, TermsCodec.encode(TERMS), SECRET);
    SecretReply reply =
        SecretReply.newBuilder()
            .setTerms(ByteString.copyFrom(sealed.terms()))
            .setHpkeEnc(ByteString.copyFrom(sealed.enc()))
            .setCiphertext(ByteString.copyFrom(sealed.ciphertext()))
            .setSignature(ByteString.copyFrom(identity.sign(transcript, sealed)))
            .build();
    return new ParserTarget(
        "wire-reply",
        List.of(reply.toByteArray()),
        List.of(new byte[32], new byte[] {0x0a, 0x7f}, new byte[] {0x12, (byte) 0xff, 1}),
        input -> {
          SecretReply parsed = SecretReply.parseFrom(input);
          SealedSecret answer =
              SealedSecret.of(
                  parsed.getTerms().toByteArray(),
                  parsed.getHpkeEnc().toByteArray(),
                  parsed.getCiphertext().toByteArray());
          // an attacker who could sign would still need the HPKE layer, so both are tried alone
          IOException refused = null;
          try {
            assertArrayEquals(SECRET, keys.open(transcript, answer), "another secret");
          } catch (IOException e) {
            refused = e;
          }
          identity.publicKey().verify(transcript, answer, parsed.getSignature().toByteArray());
          if (refused != null) {
            throw new AssertionError("signed, but it does not open", refused);
          }
        });
  }

  static FuzzTarget request() {
    SecretRequest request =
        SecretRequest.newBuilder()
            .setNonce(ByteString.copyFrom(new byte[32]))
            .setSecretName("model")
            .setHpkePublicKey(ByteString.copyFrom(new byte[32]))
            .setEvidence(
                Evidence.newBuilder()
                    .setType("sample")
                    .setQuote(
                        ByteString.copyFrom(SampleEvidence.document(ReportData.of(new byte[64])))))
            .build();
    return new ParserTarget(
        "wire-request",
        List.of(request.toByteArray()),
        texts("\u202e", "\ud83d\ude00", "\n"),
        input -> {
          SecretRequest parsed = SecretRequest.parseFrom(input);
          SecretName name = SecretName.parse(parsed.getSecretName());
          if (name.text().chars().anyMatch(Character::isISOControl)) {
            throw new AssertionError("a name that breaks a log line");
          }
          SampleEvidence.parse(parsed.getEvidence().getQuote().toByteArray());
        });
  }

  static FuzzTarget identity() throws IOException {
    byte[] pem = IdentityKey.generatePem();
    IdentityKey key = IdentityKey.fromPem(pem);
    return new ParserTarget(
        "wire-identity",
        List.of(
            pem,
            key.publicKey().spki(),
            key.publicKey().pin().toString().getBytes(UTF_8),
            new byte[] {2}),
        texts("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "sha256:", "\n", "=="),
        input -> {
          DenialReason.decode(input);
          List<IOException> refusals = new ArrayList<>();
          attempt(refusals, () -> IdentityKey.fromPem(input).publicKey());
          attempt(
              refusals,
              () -> assertArrayEquals(input, IdentityPublicKey.parse(input).spki(), "spki"));
          attempt(refusals, () -> IdentityPin.parse(new String(input, ISO_8859_1)));
          // no input is good for all of them
          if (refusals.size() == 3) {
            throw refusals.getFirst();
          }
        });
  }

  private interface Attempt {
    void run() throws IOException;
  }

  private static void attempt(List<IOException> refusals, Attempt attempt) {
    try {
      attempt.run();
    } catch (IOException e) {
      refusals.add(e);
    }
  }

  static FuzzTarget sampleEvidence() {
    byte[] document = SampleEvidence.document(ReportData.of(new byte[] {1, 2, 3}));
    return new ParserTarget(
        "sample-evidence",
        List.of(document),
        texts("report_data ", "\n", "A"),
        input -> {
          ReportData covered =
              SampleEvidence.parse(input).orElseThrow(() -> new IOException("not a document"));
          assertArrayEquals(input, SampleEvidence.document(covered), "two spellings of one");
        });
  }

  static FuzzTarget tdxQuote() throws IOException {
    List<byte[]> corpus = new ArrayList<>();
    for (String name :
        List.of("gotdx-cos113-quote.dat", "qvl-quote-v4.dat", "trustee-quote-v5.dat")) {
      corpus.add(Files.readAllBytes(CipherVolume.vectors().resolveSibling("tdx").resolve(name)));
    }
    return new ParserTarget(
        "tdx-quote",
        corpus,
        List.of(new byte[] {5, 0}, new byte[] {4, 0}, new byte[] {(byte) 0x81, 0, 0, 0}),
        input -> {
          TdxQuote quote = TdxQuote.parse(input);
          byte[] kept = quote.toBytes();
          if (kept.length > input.length
              || quote.reportData().length != ReportData.SIZE
              || !Arrays.equals(kept, 0, kept.length, input, 0, kept.length)) {
            throw new AssertionError("the quote is not the head of what came");
          }
          quote.isDebug();
        });
  }
}

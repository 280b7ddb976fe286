package io.unsealfs.key.grpc;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import io.unsealfs.attest.AttestationException;
import io.unsealfs.attest.Attester;
import io.unsealfs.attest.Evidence;
import io.unsealfs.key.Secret;
import io.unsealfs.key.SecretMemory;
import io.unsealfs.key.SecretTerms;
import io.unsealfs.key.UntrustedServerException;
import io.unsealfs.key.proto.v1.Challenge;
import io.unsealfs.key.proto.v1.ChallengeRequest;
import io.unsealfs.key.proto.v1.SecretReply;
import io.unsealfs.key.proto.v1.SecretRequest;
import io.unsealfs.key.wire.HpkeKeyPair;
import io.unsealfs.key.wire.IdentityPublicKey;
import io.unsealfs.key.wire.SealedSecret;
import io.unsealfs.key.wire.SecretName;
import io.unsealfs.key.wire.TermsCodec;
import io.unsealfs.key.wire.Transcript;
import io.unsealfs.key.wire.WireException;
import io.unsealfs.key.wire.WireLimits;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;

/**
 * One try with one server: challenge, evidence, sealed secret. Key pair and nonce are of this try
 * alone, so no quote ever serves a second nonce.
 */
final class Conversation {
  private final ServerAddress server;
  private final TrustRules rules;
  private final SecretName name;
  private final Attester attester;
  private final Credentials credentials;
  private final SecretMemory memory;

  Conversation(
      ServerAddress server,
      TrustRules rules,
      SecretName name,
      Attester attester,
      Credentials credentials,
      SecretMemory memory) {
    this.server = server;
    this.rules = rules;
    this.name = name;
    this.attester = attester;
    this.credentials = credentials;
    this.memory = memory;
  }

  /**
   * Holds the conversation.
   *
   * @param call longest time of one call
   * @throws UntrustedServerException if the server or its answer is not authentic
   * @throws StatusRuntimeException if a call failed
   */
  Secret hold(Duration call, Countdown countdown) throws IOException {
    try (ServerChannel channel = new ServerChannel(server, rules);
        HpkeKeyPair keys = HpkeKeyPair.generate()) {
      Challenge challenge =
          channel.stub(countdown.atMost(call)).getChallenge(ChallengeRequest.getDefaultInstance());
      // before any evidence is made: an interceptor learns nothing about this host
      IdentityPublicKey identity =
          IdentityPublicKey.parse(challenge.getIdentityKey().toByteArray());
      rules.require(identity, server);
      byte[] nonce = challenge.getNonce().toByteArray();
      Transcript transcript = Transcript.of(nonce, keys.publicKey(), name, identity);
      Evidence evidence = attester.collect(transcript.reportData());
      SecretRequest.Builder request = request(nonce, keys, evidence);
      credentials.prove(transcript).ifPresent(request::setPskProof);
      SecretReply reply = channel.stub(countdown.atMost(call)).getSecret(request.build());
      return open(reply, transcript, identity, keys);
    } catch (WireException e) {
      throw new UntrustedServerException("key server " + server + ": " + e.getMessage(), e);
    }
  }

  private SecretRequest.Builder request(byte[] nonce, HpkeKeyPair keys, Evidence evidence)
      throws AttestationException {
    if (evidence.quote().length > WireLimits.MAX_QUOTE_BYTES
        || evidence.eventLog().length > WireLimits.MAX_EVENT_LOG_BYTES) {
      throw new AttestationException(
          "the %s evidence of this host is larger than the secret service takes"
              .formatted(evidence.type()));
    }
    return SecretRequest.newBuilder()
        .setNonce(ByteString.copyFrom(nonce))
        .setSecretName(name.text())
        .setHpkePublicKey(ByteString.copyFrom(keys.publicKey()))
        .setEvidence(
            io.unsealfs.key.proto.v1.Evidence.newBuilder()
                .setType(evidence.type())
                .setQuote(ByteString.copyFrom(evidence.quote()))
                .setEventLog(ByteString.copyFrom(evidence.eventLog())));
  }

  private Secret open(
      SecretReply reply, Transcript transcript, IdentityPublicKey identity, HpkeKeyPair keys)
      throws WireException {
    SealedSecret sealed =
        SealedSecret.of(
            reply.getTerms().toByteArray(),
            reply.getHpkeEnc().toByteArray(),
            reply.getCiphertext().toByteArray());
    // who sealed comes before what is inside: HPKE in base mode does not say
    identity.verify(transcript, sealed, reply.getSignature().toByteArray());
    SecretTerms terms = TermsCodec.decode(sealed.terms(), rules.authenticated());
    byte[] plaintext = keys.open(transcript, sealed);
    try {
      return new Secret(memory.copyOf(plaintext), terms);
    } finally {
      Arrays.fill(plaintext, (byte) 0);
    }
  }
}

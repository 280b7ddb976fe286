package io.unsealfs.key.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.unsealfs.key.LeaseTerms;
import io.unsealfs.key.SecretTerms;
import io.unsealfs.key.StoreGrant;
import io.unsealfs.key.proto.v1.Terms;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;

/** {@link SecretTerms} to and from the bytes that are sealed and signed with a secret. */
public final class TermsCodec {
  private static final Pattern DIGEST = Pattern.compile("[a-z0-9-]{1,32}:[0-9a-zA-Z+/=_-]{1,256}");

  private TermsCodec() {}

  /** The bytes of {@code terms}; whether they are authenticated is not part of them. */
  public static byte[] encode(SecretTerms terms) {
    Terms.Builder message = Terms.newBuilder();
    terms.volumeDigest().ifPresent(message::setVolumeDigest);
    terms.headerDigest().ifPresent(message::setHeaderDigest);
    terms.expiry().ifPresent(expiry -> message.setExpiresAt(expiry.getEpochSecond()));
    terms
        .lease()
        .expiresAfter()
        .ifPresent(after -> message.setExpiresAfterS(Math.toIntExact(after.toSeconds())));
    terms
        .lease()
        .renewEvery()
        .ifPresent(every -> message.setRenewEveryS(Math.toIntExact(every.toSeconds())));
    terms
        .storeCredentials()
        .ifPresent(grant -> message.setStoreCredentials(ByteString.copyFrom(grant.content())));
    return message.build().toByteArray();
  }

  /**
   * Reads terms.
   *
   * @param authenticated whether the server that signed them was authenticated
   * @throws WireException if they are malformed
   */
  public static SecretTerms decode(byte[] bytes, boolean authenticated) throws WireException {
    if (bytes.length > WireLimits.MAX_TERMS_BYTES) {
      throw new WireException("terms are longer than " + WireLimits.MAX_TERMS_BYTES + " bytes");
    }
    try {
      Terms message = Terms.parseFrom(bytes);
      return new SecretTerms(
          digest(message.getVolumeDigest()),
          digest(message.getHeaderDigest()),
          expiry(message.getExpiresAt()),
          new LeaseTerms(
              message.hasExpiresAfterS()
                  ? Optional.of(duration(message.getExpiresAfterS()))
                  : Optional.empty(),
              message.getRenewEveryS() == 0
                  ? Optional.empty()
                  : Optional.of(duration(message.getRenewEveryS()))),
          grant(message.getStoreCredentials()),
          authenticated);
    } catch (InvalidProtocolBufferException e) {
      throw new WireException("terms of the secret are malformed", e);
    }
  }

  private static Optional<StoreGrant> grant(ByteString bytes) throws WireException {
    if (bytes.isEmpty()) {
      return Optional.empty();
    }
    if (bytes.size() > StoreGrant.BYTES_MAX) {
      throw new WireException("terms of the secret hold store credentials that are too long");
    }
    return Optional.of(new StoreGrant(bytes.toByteArray()));
  }

  private static Optional<String> digest(String text) throws WireException {
    if (text.isEmpty()) {
      return Optional.empty();
    }
    if (!DIGEST.matcher(text).matches()) {
      throw new WireException("terms of the secret hold something that is no digest");
    }
    return Optional.of(text);
  }

  /** A 32-bit number without sign; longer than is understood is refused, not shortened. */
  private static Duration duration(int seconds) throws WireException {
    Duration duration = Duration.ofSeconds(Integer.toUnsignedLong(seconds));
    if (duration.compareTo(LeaseTerms.LONGEST) > 0) {
      throw new WireException("terms of the secret hold an impossible lease");
    }
    return duration;
  }

  private static Optional<Instant> expiry(long seconds) throws WireException {
    if (seconds == 0) {
      return Optional.empty();
    }
    if (seconds < 0 || seconds > Instant.MAX.getEpochSecond()) {
      throw new WireException("terms of the secret hold an impossible expiry");
    }
    return Optional.of(Instant.ofEpochSecond(seconds));
  }
}

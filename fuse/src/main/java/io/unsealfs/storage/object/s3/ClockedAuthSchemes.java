package io.unsealfs.storage.object.s3;

import java.time.Clock;
import java.util.List;
import software.amazon.awssdk.http.auth.spi.scheme.AuthSchemeOption;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;
import software.amazon.awssdk.services.s3.auth.scheme.S3AuthSchemeParams;
import software.amazon.awssdk.services.s3.auth.scheme.S3AuthSchemeProvider;

/** The SDK's own signatures, with our clock in them. */
final class ClockedAuthSchemes implements S3AuthSchemeProvider {
  private final S3AuthSchemeProvider schemes = S3AuthSchemeProvider.defaultProvider();
  private final Clock clock;

  ClockedAuthSchemes(Clock clock) {
    this.clock = clock;
  }

  @Override
  public List<AuthSchemeOption> resolveAuthScheme(S3AuthSchemeParams params) {
    return schemes.resolveAuthScheme(params).stream()
        .map(
            option -> option.toBuilder().putSignerProperty(HttpSigner.SIGNING_CLOCK, clock).build())
        .toList();
  }
}

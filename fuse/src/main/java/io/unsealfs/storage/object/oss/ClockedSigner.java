package io.unsealfs.storage.object.oss;

import com.aliyun.sdk.service.oss2.signer.Signer;
import com.aliyun.sdk.service.oss2.signer.SigningContext;
import java.time.Clock;

/** The SDK's own signatures, with our clock in them. */
final class ClockedSigner implements Signer {
  private final Signer signer;
  private final Clock clock;

  ClockedSigner(Signer signer, Clock clock) {
    this.signer = signer;
    this.clock = clock;
  }

  @Override
  public void sign(SigningContext context) {
    context.setSignTime(clock.instant());
    signer.sign(context);
  }
}

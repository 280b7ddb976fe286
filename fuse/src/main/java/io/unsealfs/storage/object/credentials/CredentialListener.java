package io.unsealfs.storage.object.credentials;

import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/** Hears of every fetch of credentials, for logs and metrics; never of the credentials. */
public interface CredentialListener {

  /** New ones are there. */
  void fetched(Optional<Instant> expires);

  /** There are no new ones; the old ones, if any, are still in use. */
  void failed(IOException why);

  /** One that does nothing. */
  static CredentialListener none() {
    return new CredentialListener() {
      @Override
      public void fetched(Optional<Instant> expires) {}

      @Override
      public void failed(IOException why) {}
    };
  }
}

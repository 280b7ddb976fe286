package io.unsealfs.storage.object.credentials;

import io.unsealfs.storage.object.StoreDeniedException;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Credentials that the program is handed: those that the secret service sends along with the key.
 * Whoever gets newer ones {@link #give}s them; they are in use from the next look on.
 */
public final class GivenCredentials implements CredentialFetcher {
  private volatile @Nullable StoreCredentials given;
  private final AtomicBoolean news = new AtomicBoolean();

  /** Takes the place of those given before. */
  public void give(StoreCredentials credentials) {
    given = credentials;
    news.set(true);
  }

  @Override
  public StoreCredentials fetch() throws IOException {
    news.set(false);
    return Optional.ofNullable(given)
        .orElseThrow(() ->
            new StoreDeniedException("the secret service sent no store credentials with the key"));
  }

  @Override
  public boolean changed() {
    return news.get();
  }
}

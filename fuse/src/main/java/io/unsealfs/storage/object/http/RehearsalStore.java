package io.unsealfs.storage.object.http;

import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.Fetched;
import io.unsealfs.storage.object.ListDepth;
import io.unsealfs.storage.object.ObjectNotFoundException;
import io.unsealfs.storage.object.ObjectPage;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.RangeSink;
import io.unsealfs.storage.object.StoreCalls;
import io.unsealfs.storage.object.StoreClock;
import io.unsealfs.storage.object.StoreLocation;
import io.unsealfs.storage.object.credentials.CredentialCache;
import io.unsealfs.storage.object.credentials.CredentialListener;
import io.unsealfs.storage.object.credentials.StoreCredentials;
import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * A store of one object that nobody is behind: reads go the whole way that those of a real one go,
 * but for signing and the network, and bring whatever is in the memory that they were given. Run
 * before the first real read, that way is compiled by then.
 */
public final class RehearsalStore implements ObjectStore {
  private static final StoreLocation NOWHERE =
      new StoreLocation("none", "http://rehearsal.invalid", "rehearsal");
  private static final String ETAG = "rehearsal";
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int CONNECTIONS = 64;

  private final ObjectVersion object;
  private final CredentialCache credentials;
  private final HttpTransport transport;
  private final RangedGets gets;

  /** A store of an object of {@code size} bytes. */
  public RehearsalStore(long size) {
    object = new ObjectVersion("object", size, Optional.of(ETAG), 0, false);
    transport =
        new HttpTransport(
            new HttpLimits(CONNECTIONS, PATIENCE, PATIENCE, PATIENCE),
            host -> new RehearsedConnection(host, size, ETAG));
    Clock clock = Clock.systemUTC();
    credentials =
        new CredentialCache(StoreCredentials::anonymous, clock, CredentialListener.none());
    URI uri = URI.create(NOWHERE.endpoint() + "/" + object.key());
    gets =
        new RangedGets(
            transport,
            credentials,
            new StoreCalls(NOWHERE, credentials, new StoreClock(clock)),
            (key, signedWith) -> new SignedRequest(uri, Map.of(), clock.instant()),
            clock);
  }

  /** What there is to read. */
  public ObjectVersion object() {
    return object;
  }

  @Override
  public StoreLocation location() {
    return NOWHERE;
  }

  @Override
  public Fetched get(
      ObjectVersion version, long offset, long length, RangeSink sink, Cancellation cancellation)
      throws IOException {
    return gets.get(version, offset, length, sink, cancellation);
  }

  @Override
  public ObjectPage list(
      String prefix, ListDepth depth, Optional<String> continuation, Cancellation cancellation)
      throws IOException {
    throw new ObjectNotFoundException("nothing is listed of what was invented");
  }

  @Override
  public ObjectVersion head(String key, Cancellation cancellation) throws IOException {
    throw new ObjectNotFoundException("nothing is asked of what was invented");
  }

  @Override
  public void close() {
    transport.close();
    credentials.close();
  }
}

package io.unsealfs.daemon;

import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.storage.object.StoreSettings;
import io.unsealfs.storage.object.credentials.CredentialCache;
import io.unsealfs.storage.object.credentials.CredentialFetcher;
import io.unsealfs.storage.object.credentials.CredentialListener;
import io.unsealfs.storage.object.credentials.CredentialSources;
import io.unsealfs.storage.object.credentials.GivenCredentials;
import io.unsealfs.storage.object.oss.OssStore;
import io.unsealfs.storage.object.s3.S3Store;
import io.unsealfs.storage.object.s3.WebIdentity;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;

/**
 * From the words for a bucket to its store: settings, credentials, and the SDK that speaks to it.
 */
final class StoreOpening {
  private static final System.Logger LOG = System.getLogger(StoreOpening.class.getName());

  private final Map<String, String> environment;
  private final GivenCredentials given;
  private final RegionFinding regions;

  /**
   * @param environment of the process
   * @param given store credentials that came with the key, if any did
   */
  StoreOpening(Map<String, String> environment, GivenCredentials given) {
    this.environment = Map.copyOf(environment);
    this.given = given;
    this.regions = RegionFinding.ofThisMachine(this.environment);
  }

  /**
   * What is set for a bucket.
   *
   * @param options settings from elsewhere; what the source itself says goes before them
   * @throws UsageException if a setting is wrong
   */
  static StoreSettings settings(ObjectUri uri, Map<String, String> options) throws UsageException {
    Map<String, String> named = new HashMap<>();
    options.forEach((name, value) -> named.put(name.replace('_', '-'), value));
    named.putAll(uri.settings());
    try {
      return StoreSettings.parse(named);
    } catch (IllegalArgumentException e) {
      throw new UsageException(uri + ": " + e.getMessage());
    }
  }

  /**
   * The store of a bucket; it is asked nothing yet, but the machine may be asked for its region.
   *
   * @param listener hears when credentials change
   * @throws UsageException if it cannot be spoken to like that
   * @throws IOException if the machine could not be asked what it has to tell
   */
  ObjectStore open(ObjectUri uri, StoreSettings settings, CredentialListener listener)
      throws IOException {
    settings
        .endpoint()
        .filter(endpoint -> "http".equals(endpoint.getScheme()))
        .ifPresent(endpoint ->
            LOG.log(
                Level.INFO,
                "{0} is read without TLS from {1}: others see what is read and when",
                uri,
                endpoint));
    try {
      return uri.scheme().equals("oss")
          ? openOss(uri, settings, listener)
          : openS3(uri, settings, listener);
    } catch (IllegalArgumentException e) {
      throw new UsageException(uri + ": " + e.getMessage());
    }
  }

  private ObjectStore openOss(ObjectUri uri, StoreSettings said, CredentialListener listener)
      throws IOException {
    StoreSettings settings = regions.oss(uri, said);
    CredentialFetcher fetcher = sources(settings).oss(settings.credentials());
    return OssStore.open(uri, settings, new CredentialCache(fetcher, Clock.systemUTC(), listener));
  }

  private ObjectStore openS3(ObjectUri uri, StoreSettings said, CredentialListener listener)
      throws IOException {
    CredentialSources sources = sources(said);
    CredentialFetcher fetcher = sources.s3(said.credentials());
    CredentialCache credentials = new CredentialCache(fetcher, Clock.systemUTC(), listener);
    boolean opened = false;
    try {
      StoreSettings settings =
          regions.s3(uri, said, sources.asksEc2(said.credentials()) ? credentials : null);
      ObjectStore store = S3Store.open(uri, settings, credentials);
      opened = true;
      return store;
    } finally {
      if (!opened) {
        credentials.close();
      }
    }
  }

  private CredentialSources sources(StoreSettings settings) {
    return new CredentialSources(
        environment, settings.region(), given, () -> new WebIdentity(environment, settings));
  }
}

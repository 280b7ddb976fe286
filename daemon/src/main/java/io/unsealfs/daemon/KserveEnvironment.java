package io.unsealfs.daemon;

import io.unsealfs.key.KeyReference;
import io.unsealfs.key.KeyReferenceException;
import java.util.Map;
import java.util.Optional;

/**
 * The names with which KServe tells a storage container that a model is encrypted: the key is a
 * resource of the key broker, and the data hub of the pod fetches it.
 */
final class KserveEnvironment {
  private static final String ENABLED = "CONFIDENTIAL_ENABLED";
  private static final String RESOURCE = "CONFIDENTIAL_RESOURCE_ID";
  private static final String BROKER_SCHEME = "kbs:///";

  private KserveEnvironment() {}

  /**
   * The key that {@code environment} names; empty where it says nothing of an encrypted model.
   *
   * @throws UsageException if it says that the model is encrypted, and names no resource
   * @throws KeyReferenceException if the resource's name is malformed
   */
  static Optional<KeyReference> key(Map<String, String> environment)
      throws UsageException, KeyReferenceException {
    if (!environment.getOrDefault(ENABLED, "").strip().equalsIgnoreCase("true")) {
      return Optional.empty();
    }
    String resource = environment.getOrDefault(RESOURCE, "").strip();
    if (!resource.startsWith(BROKER_SCHEME)) {
      throw new UsageException(
          ENABLED + "=true: " + RESOURCE + " has to name the key as kbs:///REPOSITORY/TYPE/TAG");
    }
    return Optional.of(KeyReference.parse("cdh:///" + resource.substring(BROKER_SCHEME.length())));
  }
}

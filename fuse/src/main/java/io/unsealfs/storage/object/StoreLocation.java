package io.unsealfs.storage.object;

/**
 * Which bucket of which endpoint; for messages and as part of a cache key.
 *
 * @param scheme {@code s3} or {@code oss}
 * @param endpoint scheme, host and port, without user, path and query
 * @param bucket bucket name
 */
public record StoreLocation(String scheme, String endpoint, String bucket) {

  /** {@code s3://bucket at https://…}, for people. */
  @Override
  public String toString() {
    return scheme + "://" + bucket + " at " + endpoint;
  }
}

package io.unsealfs.storage.local;

/**
 * How a tree is copied.
 *
 * @param parallelism threads that copy content
 * @param continueAfterDamage whether damaged objects are left out and reported, or end the copy
 * @param keepOwners whether numeric owners are set; needs root
 * @param keepSetIdBits whether set-user-id and set-group-id bits of files survive; without an owner
 *     that survives too they never do
 */
record CopyOptions(
    int parallelism, boolean continueAfterDamage, boolean keepOwners, boolean keepSetIdBits) {
  private static final int MAX_PARALLELISM = 256;

  CopyOptions {
    if (parallelism < 1 || parallelism > MAX_PARALLELISM) {
      throw new IllegalArgumentException("parallelism is 1 to " + MAX_PARALLELISM);
    }
  }
}

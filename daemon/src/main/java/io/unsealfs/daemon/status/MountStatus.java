package io.unsealfs.daemon.status;

import java.util.List;
import java.util.Optional;

/**
 * What a mount says of itself at one moment: the JSON of {@code /status} and of {@code unsealfs
 * status --json} has the same names in lower case with underscores. No secrets, no key names;
 * plaintext file names only with {@code log_names}.
 *
 * @param version of the program
 * @param pid of the daemon
 * @param mountPoint where
 * @param source what is mounted, as it was named
 * @param state of the mount in lower case, such as {@code ready}
 * @param since when that state began, RFC 3339
 * @param started when the daemon began, RFC 3339
 * @param uptimeMillis milliseconds since then, by a clock that nobody sets
 * @param format of the volume; empty until it is open
 * @param transport what the kernel and the daemon agreed on; empty until it is mounted
 * @param key that opened it
 * @param cache of decrypted blocks
 * @param work what was read of stored blocks and decrypted
 * @param readAhead what was decrypted ahead of readers
 * @param preload files brought in the background; empty where none was asked for
 * @param resident files in memory that the kernel reads by itself
 * @param requests of the kernel
 * @param errors met so far
 * @param store the object store behind it; empty for a local source
 * @param idleUnmountSeconds without use until it unmounts itself; empty for never
 */
public record MountStatus(
    String version,
    long pid,
    String mountPoint,
    String source,
    String state,
    String since,
    String started,
    long uptimeMillis,
    Optional<String> format,
    Optional<String> transport,
    Key key,
    Cache cache,
    Work work,
    ReadAhead readAhead,
    Optional<Preload> preload,
    Resident resident,
    Requests requests,
    Errors errors,
    Optional<Store> store,
    Optional<Long> idleUnmountSeconds) {

  /**
   * The key.
   *
   * @param provider scheme of its reference; empty while none was released
   * @param lease {@code none}, {@code held}, {@code denied} or {@code expired}
   * @param expiresInSeconds until the lease ends; empty where it has no end
   * @param renewals times it was renewed
   * @param failedRenewals times it could not be
   * @param lastFailure why, the last time; empty after a renewal
   * @param onExpiry the word of {@code on_expiry}
   */
  public record Key(
      Optional<String> provider,
      String lease,
      Optional<Long> expiresInSeconds,
      long renewals,
      long failedRenewals,
      Optional<String> lastFailure,
      String onExpiry) {}

  /**
   * The cache of decrypted blocks.
   *
   * @param capacityBytes that it may hold now
   * @param heldBytes that it holds
   * @param hits extents found in it
   * @param misses extents loaded
   * @param joins readers that waited for a load under way
   * @param evictions extents dropped for want of room
   * @param copiedBytes handed out from it
   * @param bypassedBytes decrypted straight into a reader's buffer
   */
  public record Cache(
      long capacityBytes,
      long heldBytes,
      long hits,
      long misses,
      long joins,
      long evictions,
      long copiedBytes,
      long bypassedBytes) {}

  /**
   * What was read of stored blocks and decrypted, for the cache and past it.
   *
   * @param runs of blocks decrypted in one go
   * @param decryptNanos that took
   * @param reads of stored blocks that succeeded
   * @param readBytes of ciphertext they brought
   * @param readNanos they took
   * @param failedReads that failed
   * @param failedReadNanos those took
   * @param healed blocks that were authentic only when they were read past all copies
   */
  public record Work(
      long runs,
      long decryptNanos,
      long reads,
      long readBytes,
      long readNanos,
      long failedReads,
      long failedReadNanos,
      long healed) {}

  /**
   * Decryption ahead of readers.
   *
   * @param windowBytes how far at most; 0 for not at all
   * @param used extents that a reader then asked for
   * @param wasted extents dropped unread
   */
  public record ReadAhead(long windowBytes, long used, long wasted) {}

  /**
   * The preload.
   *
   * @param state {@code running} or how it ended, in lower case
   * @param files brought as a whole
   * @param failedFiles that could not be read
   * @param bytes brought
   */
  public record Preload(String state, long files, long failedFiles, long bytes) {}

  /**
   * Resident mode.
   *
   * @param on whether it is on
   * @param reason why, or why not
   * @param budgetBytes the most it may take
   * @param heldBytes that it takes
   * @param files that are there or being filled
   * @param fills files that became resident
   * @param givenUp fills that were not finished
   * @param refused openers for whom there was no room
   * @param evictions files dropped to make room
   */
  public record Resident(
      boolean on,
      String reason,
      long budgetBytes,
      long heldBytes,
      long files,
      long fills,
      long givenUp,
      long refused,
      long evictions) {}

  /**
   * The kernel's requests.
   *
   * @param total answered
   * @param reads of them READ
   * @param readBytes that those brought
   * @param refused that asked for what is not there or not possible
   * @param failed because of data, storage or key
   * @param openFiles open now; where the kernel does not tell about opens, kept open for it
   */
  public record Requests(
      long total, long reads, long readBytes, long refused, long failed, long openFiles) {}

  /**
   * Errors.
   *
   * @param failed requests that failed because of the data behind them
   * @param damagedReads of them for damage
   * @param damagedObjects files, directories and the like found damaged, each once
   * @param unexpected faults of our own
   * @param byFile the last files that had any
   */
  public record Errors(
      long failed,
      long damagedReads,
      long damagedObjects,
      long unexpected,
      List<FileErrors> byFile) {
    /** Copies the list. */
    public Errors {
      byFile = List.copyOf(byFile);
    }
  }

  /**
   * Errors of one file.
   *
   * @param file ciphertext path, or with {@code log_names} the plaintext path too
   * @param what kind of error, the last one
   * @param operation that met it last
   * @param count of failed requests
   * @param last when, RFC 3339
   */
  public record FileErrors(String file, String what, String operation, long count, String last) {}

  /**
   * The object store; counts unless another unit is named.
   *
   * @param provider {@code s3} or {@code oss}
   * @param requests ranged reads sent
   * @param failedRequests of them without all their bytes
   * @param demandBytes fetched because somebody waited
   * @param prefetchBytes fetched ahead
   * @param warmBytes fetched to fill the disk cache
   * @param indexBytes fetched of the small objects that the format needs first
   * @param throttled times the store asked for less
   * @param inFlight requests under way now
   * @param prefetchUsedBytes fetched ahead and read
   * @param prefetchWastedBytes fetched ahead and dropped unread
   * @param memoryHits chunks found in memory
   * @param memoryMisses chunks fetched for a reader
   * @param diskHits segments found in the disk cache
   * @param diskMisses segments not found there
   * @param diskBytes in the disk cache
   * @param faults what went wrong
   * @param pace how fast it is
   * @param ahead what is fetched ahead
   * @param chunks what is kept of it
   * @param listing behind a tree; empty for an image
   * @param heads lookups of single objects; empty from a daemon that does not count them
   * @param credentials that requests are signed with
   */
  public record Store(
      String provider,
      long requests,
      long failedRequests,
      long demandBytes,
      long prefetchBytes,
      long warmBytes,
      long indexBytes,
      long throttled,
      long inFlight,
      long prefetchUsedBytes,
      long prefetchWastedBytes,
      long memoryHits,
      long memoryMisses,
      long diskHits,
      long diskMisses,
      long diskBytes,
      Faults faults,
      Pace pace,
      Ahead ahead,
      Chunks chunks,
      Optional<Listing> listing,
      Optional<Heads> heads,
      Credentials credentials) {
    long fetchedBytes() {
      return demandBytes + prefetchBytes + warmBytes + indexBytes;
    }
  }

  /**
   * What went wrong with an object store.
   *
   * @param hedges requests doubled since they were slow
   * @param hedgesWon doubles that were first
   * @param stale objects found replaced or removed
   * @param retries requests repeated, by cause
   * @param protocol answers that broke the protocol, by kind
   * @param distrusted chunks fetched again since they were not authentic
   */
  public record Faults(
      long hedges,
      long hedgesWon,
      long stale,
      List<Counted> retries,
      List<Counted> protocol,
      long distrusted) {
    /** Copies the lists. */
    public Faults {
      retries = List.copyOf(retries);
      protocol = List.copyOf(protocol);
    }

    long retried() {
      return retries.stream().mapToLong(Counted::count).sum();
    }
  }

  /**
   * How often something happened.
   *
   * @param what in lower case
   * @param count how often
   */
  public record Counted(String what, long count) {}

  /**
   * How fast an object store is.
   *
   * @param firstByteNanos until answers began, in all
   * @param requestNanos that reads which succeeded took in all
   * @param failedRequestNanos that the others took
   * @param concurrencyLimit most requests at a time, now
   */
  public record Pace(
      long firstByteNanos, long requestNanos, long failedRequestNanos, long concurrencyLimit) {}

  /**
   * Sequences of reads that are fetched ahead.
   *
   * @param streams now
   * @param windowBytes that they may be ahead in all
   * @param resets that ended since their reader went elsewhere
   */
  public record Ahead(long streams, long windowBytes, long resets) {}

  /**
   * Chunks of ciphertext.
   *
   * @param joins readers that waited for a request of another
   * @param evictions dropped from memory
   * @param heldBytes in memory
   * @param budgetBytes there may be in memory
   * @param diskEvictions segments deleted for room
   * @param diskEvictionsForSpace of them, those for the free space of the disk
   * @param diskCorrupt segments deleted since they were not what they should be
   */
  public record Chunks(
      long joins,
      long evictions,
      long heldBytes,
      long budgetBytes,
      long diskEvictions,
      long diskEvictionsForSpace,
      long diskCorrupt) {}

  /**
   * The listing behind a tree of objects.
   *
   * @param objects files
   * @param millis that the one which is shown took
   * @param skipped keys that can be no files
   * @param pages requests that listed
   * @param failedPages of them, those that failed
   * @param pageNanos that those which succeeded took in all
   * @param failedPageNanos that the others took
   * @param refreshes times it was listed again
   * @param failedRefreshes times it could not be
   */
  public record Listing(
      long objects,
      long millis,
      List<Skipped> skipped,
      long pages,
      long failedPages,
      long pageNanos,
      long failedPageNanos,
      long refreshes,
      long failedRefreshes) {}

  /**
   * Lookups of single objects.
   *
   * @param requests all of them
   * @param failed of them, those that failed; that there is no such object is an answer
   * @param nanos that those which were answered took in all
   * @param failedNanos that the others took
   */
  public record Heads(long requests, long failed, long nanos, long failedNanos) {}

  /**
   * Keys left out.
   *
   * @param cause in lower case
   * @param keys how many
   */
  public record Skipped(String cause, long keys) {}

  /**
   * Store credentials.
   *
   * @param expiresInSeconds until they end; empty where they do not
   * @param fetches times they were fetched
   * @param failedFetches times they could not be
   */
  public record Credentials(Optional<Long> expiresInSeconds, long fetches, long failedFetches) {}
}

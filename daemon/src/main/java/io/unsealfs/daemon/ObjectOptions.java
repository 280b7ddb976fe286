package io.unsealfs.daemon;

import io.unsealfs.storage.chunk.ChunkSettings;
import io.unsealfs.storage.chunk.DiskLimits;
import io.unsealfs.storage.object.StoreSettings;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a bucket is read, where SOURCE is one; of no effect elsewhere. */
final class ObjectOptions {
  private static final Pattern PERCENT = Pattern.compile("([0-9]{1,2})%?");
  private static final int MOST_STREAMS = 64;

  @Option(
      names = "--endpoint",
      paramLabel = "URL",
      description =
          "Bucket: https://HOST[:PORT] or http://… of the store (default: the provider's).")
  @Nullable String endpoint;

  @Option(
      names = "--region",
      paramLabel = "NAME",
      description = "Bucket: signing region (default: from endpoint, environment or machine).")
  @Nullable String region;

  @Option(
      names = "--path-style",
      description =
          "Bucket: its name stands in the path, as most servers that are not AWS want it.")
  boolean pathStyle;

  @Option(
      names = "--signature",
      paramLabel = "v4|v1",
      description = "Bucket: how requests to OSS are signed (default: v4).")
  @Nullable String signature;

  @Option(
      names = "--credentials",
      paramLabel = "KIND",
      description =
          "Bucket: auto, anonymous, static (sent with the key), env, file:PATH, ram-role[:NAME],"
              + " oidc or imds (default: auto).")
  @Nullable String credentials;

  @Option(
      names = "--max-connections",
      paramLabel = "N",
      description = "Bucket: most requests at a time (default: 64).")
  @Nullable String maxConnections;

  @Option(
      names = "--request-timeout",
      paramLabel = "TIME",
      description = "Bucket: until an answer begins (default: 10s).")
  @Nullable String requestTimeout;

  @Option(
      names = "--connect-timeout",
      paramLabel = "TIME",
      description = "Bucket: for a connection (default: 3s).")
  @Nullable String connectTimeout;

  @Option(
      names = "--stall-timeout",
      paramLabel = "TIME",
      description = "Bucket: how long an answer may bring less than 1 KiB/s (default: 10s).")
  @Nullable String stallTimeout;

  @Option(
      names = "--op-deadline",
      paramLabel = "TIME",
      description = "Bucket: after which a read stops to repeat requests (default: 60s).")
  @Nullable String operationDeadline;

  @Option(
      names = "--min-fetch",
      paramLabel = "SIZE",
      description = "Bucket: fetched for a read that continues nothing (default: 1M).")
  ByteSize minFetch = new ByteSize(1 << 20);

  @Option(
      names = "--prefetch-window-max",
      paramLabel = "SIZE",
      description = "Bucket: how far to fetch ahead of a sequential reader (default: 128M).")
  ByteSize prefetchWindowMax = new ByteSize(128 << 20);

  @Option(
      names = "--prefetch-part",
      paramLabel = "SIZE",
      description = "Bucket: most bytes of one request (default: 8M).")
  ByteSize prefetchPart = new ByteSize(8 << 20);

  @Option(
      names = "--prefetch-streams-per-file",
      paramLabel = "N",
      description =
          "Bucket: most requests ahead of each reader of a file (default: "
              + ChunkSettings.DEFAULT_STREAMS_PER_FILE
              + ").")
  int prefetchStreamsPerFile = ChunkSettings.DEFAULT_STREAMS_PER_FILE;

  @Option(
      names = "--chunk-cache-dir",
      paramLabel = "DIR",
      description = "Bucket: keep ciphertext in this directory, also for later mounts.")
  @Nullable Path chunkCacheDir;

  @Option(
      names = "--chunk-cache-size",
      paramLabel = "SIZE",
      description = "Most bytes of that directory (default: 10G).")
  ByteSize chunkCacheSize = new ByteSize(DiskLimits.DEFAULT.bytesMost());

  @Option(
      names = "--chunk-cache-min-free",
      paramLabel = "PERCENT",
      description = "Share of its file system that stays free (default: 5%%).")
  String chunkCacheMinFree = "5%";

  @Option(
      names = "--manifest",
      paramLabel = "FILE",
      description =
          "Bucket: sealed manifest of the volume (a file, or an object as s3://… or oss://…), which"
              + " replaces the listing and has every byte checked; unsealfs manifest makes it.")
  @Nullable String manifest;

  @Option(
      names = "--manifest-digest",
      paramLabel = "sha256:HEX",
      description = "Refuse the manifest unless it has this digest.")
  @Nullable String manifestDigest;

  /** What is said of the store itself, by the names of its settings. */
  Map<String, String> storeSettings() {
    Map<String, String> settings = new HashMap<>();
    put(settings, "endpoint", endpoint);
    put(settings, "region", region);
    put(settings, "path-style", pathStyle ? "true" : null);
    put(settings, "signature", signature);
    put(settings, "credentials", credentials);
    put(settings, "max-connections", maxConnections);
    put(settings, "request-timeout", requestTimeout);
    put(settings, "connect-timeout", connectTimeout);
    put(settings, "stall-timeout", stallTimeout);
    put(settings, "op-deadline", operationDeadline);
    return settings;
  }

  private static void put(Map<String, String> settings, String name, @Nullable String value) {
    if (value != null) {
      settings.put(name, value);
    }
  }

  /**
   * How its objects are fetched.
   *
   * @param prefetch most memory for what is fetched, 0 to fetch nothing ahead; null for the default
   */
  ChunkSettings chunks(StoreSettings store, CacheSize memory, @Nullable ByteSize prefetch)
      throws UsageException {
    ChunkSettings usual = ChunkSettings.defaults(memory.memoryBytes(), memory.heapBytes());
    long budget = usual.budgetBytes();
    if (prefetch != null && prefetch.bytes() > 0) {
      budget = prefetch.bytes();
      if (budget > memory.mostBytes()) {
        throw new UsageException(
            "--prefetch "
                + prefetch
                + ": the Java heap has room for "
                + (memory.mostBytes() >> 20)
                + " MiB of what is fetched");
      }
    }
    boolean ahead = prefetch == null || prefetch.bytes() > 0;
    if (prefetchStreamsPerFile < 1 || prefetchStreamsPerFile > MOST_STREAMS) {
      throw new UsageException(
          "--prefetch-streams-per-file " + prefetchStreamsPerFile + ": from 1 to " + MOST_STREAMS);
    }
    try {
      return new ChunkSettings(
          budget,
          store.maxConnections(),
          Math.toIntExact(minFetch.bytes()),
          Math.toIntExact(prefetchPart.bytes()),
          ahead ? prefetchWindowMax.bytes() : 0,
          prefetchStreamsPerFile,
          usual.retries().within(store.operationDeadline()),
          usual.hedgeAfter());
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new UsageException("how the bucket is to be fetched: " + e.getMessage());
    }
  }

  /** The directory for ciphertext, if there is to be one. */
  Optional<Path> chunkCache() {
    return Optional.ofNullable(chunkCacheDir);
  }

  /** How much it may hold. */
  DiskLimits diskLimits() throws UsageException {
    Matcher percent = PERCENT.matcher(chunkCacheMinFree);
    if (!percent.matches()) {
      throw new UsageException(
          "--chunk-cache-min-free " + chunkCacheMinFree + ": a share of the disk such as 5%");
    }
    if (chunkCacheSize.bytes() == 0) {
      throw new UsageException("--chunk-cache-size 0: leave --chunk-cache-dir out instead");
    }
    return new DiskLimits(chunkCacheSize.bytes(), Integer.parseInt(percent.group(1)) / 100.0);
  }
}

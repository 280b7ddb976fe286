package io.unsealfs.daemon;

import picocli.CommandLine.Command;

/** {@code unsealfs cache}: the parent of {@link CachePurgeCommand}. */
@Command(
    name = "cache",
    description = "Works with the ciphertext that mounts of buckets keep on disk.",
    synopsisSubcommandLabel = "COMMAND")
final class CacheCommand {}

package io.unsealfs.storage.local;

/**
 * What a copy of a tree did.
 *
 * @param files regular files copied
 * @param links further names of files copied already
 * @param directories directories made, the root included
 * @param others symbolic links and FIFOs
 * @param plaintextBytes bytes of content
 * @param failures damaged objects left out
 * @param notices calls of {@link CopyListener#noticed}
 */
public record CopySummary(
    long files,
    long links,
    long directories,
    long others,
    long plaintextBytes,
    long failures,
    long notices) {}

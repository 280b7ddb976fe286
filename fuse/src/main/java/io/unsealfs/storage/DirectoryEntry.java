package io.unsealfs.storage;

/**
 * One entry of a directory listing.
 *
 * @param name the entry's name, never {@code .} or {@code ..}
 * @param kind what it is
 * @param fileId as in {@link Attributes#fileId()}
 */
public record DirectoryEntry(Name name, NodeKind kind, long fileId) {}

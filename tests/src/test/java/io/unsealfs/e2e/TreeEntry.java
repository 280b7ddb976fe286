package io.unsealfs.e2e;

import io.unsealfs.storage.Name;
import io.unsealfs.storage.NodeKind;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * What a program can see of one object of a tree. Fields that say nothing about an object's kind
 * are 0 or null, so that equal objects are equal records.
 *
 * @param modifiedSeconds null for the root, whose time nobody promises
 * @param size of a file or link
 * @param sha256 of a file's content, hexadecimal; null also for very large files
 * @param linkCount of a file
 * @param hardLinkOf first path of the same file in byte order, null for that path itself
 * @param target of a link
 * @param xattrs {@code user.*} attributes: name to value in Base64
 */
record TreeEntry(
    NodeKind kind,
    int mode,
    int uid,
    int gid,
    @Nullable Long modifiedSeconds,
    long size,
    @Nullable String sha256,
    int linkCount,
    @Nullable Name hardLinkOf,
    @Nullable Name target,
    SortedMap<Name, String> xattrs) {}

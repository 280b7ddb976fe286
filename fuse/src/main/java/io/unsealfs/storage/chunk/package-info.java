/**
 * Between a source of ranged reads and the formats: objects of a store as {@link
 * io.unsealfs.storage.Source}s, through chunks of ciphertext in memory and on disk.
 *
 * <p>A chunk is fetched once however many readers ask for it, stays what it was when its object is
 * replaced, and comes from one version of the object only. Nothing here knows a key, but for the
 * one that authenticates cached segments of formats that do not authenticate themselves.
 */
@NullMarked
package io.unsealfs.storage.chunk;

import org.jspecify.annotations.NullMarked;

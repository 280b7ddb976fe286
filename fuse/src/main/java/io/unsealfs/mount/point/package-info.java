/**
 * The place where a tree is mounted, whatever transport serves it: finding it, clearing it, tuning
 * it, and taking the mount away again.
 */
@NullMarked
package io.unsealfs.mount.point;

import org.jspecify.annotations.NullMarked;

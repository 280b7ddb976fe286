/**
 * What is inside a plaintext device: partition tables, and what file system it holds. Knows how to
 * name file systems, not how to read them.
 */
@NullMarked
package io.unsealfs.volume.image;

import org.jspecify.annotations.NullMarked;

/**
 * Objects below a prefix as a {@link io.unsealfs.storage.FileTree}: one listing at the start, and
 * no request after it but for bytes.
 */
@NullMarked
package io.unsealfs.storage.bucket;

import org.jspecify.annotations.NullMarked;

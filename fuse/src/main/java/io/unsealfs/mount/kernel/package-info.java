/** FUSE's kernel protocol spoken over {@code /dev/fuse}, without libfuse. */
@NullMarked
package io.unsealfs.mount.kernel;

import org.jspecify.annotations.NullMarked;

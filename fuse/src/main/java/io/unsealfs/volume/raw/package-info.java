/** A plaintext device shown as it is, whatever is on it. */
@NullMarked
package io.unsealfs.volume.raw;

import org.jspecify.annotations.NullMarked;

/** Access to the shared test vectors. */
@NullMarked
package io.unsealfs.vectors;

import org.jspecify.annotations.NullMarked;

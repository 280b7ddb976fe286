/** Mounts under load that are interrupted, killed and mounted again, for as long as one likes. */
@NullMarked
package io.unsealfs.soak;

import org.jspecify.annotations.NullMarked;

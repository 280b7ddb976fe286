/** Keeps the lease of a mount's key: asks again in time, and acts when the answer is no. */
@NullMarked
package io.unsealfs.daemon.lease;

import org.jspecify.annotations.NullMarked;

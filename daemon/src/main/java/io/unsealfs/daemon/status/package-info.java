/** What a running mount says of itself: figures, state, errors, and the ways to ask for them. */
@NullMarked
package io.unsealfs.daemon.status;

import org.jspecify.annotations.NullMarked;

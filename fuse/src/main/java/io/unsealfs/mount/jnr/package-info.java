@NullMarked
package io.unsealfs.mount.jnr;

import org.jspecify.annotations.NullMarked;

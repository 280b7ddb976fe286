/** Tests of the daemon that need to see every module. */
@NullMarked
package io.unsealfs.daemon;

import org.jspecify.annotations.NullMarked;

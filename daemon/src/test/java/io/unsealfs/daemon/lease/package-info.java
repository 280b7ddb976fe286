@NullMarked
package io.unsealfs.daemon.lease;

import org.jspecify.annotations.NullMarked;

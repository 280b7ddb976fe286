@NullMarked
package io.unsealfs.mount.kernel;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.unsealfs.mount.point;

import org.jspecify.annotations.NullMarked;

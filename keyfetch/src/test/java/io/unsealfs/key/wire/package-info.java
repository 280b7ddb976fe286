@NullMarked
package io.unsealfs.key.wire;

import org.jspecify.annotations.NullMarked;

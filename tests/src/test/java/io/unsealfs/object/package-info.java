@NullMarked
package io.unsealfs.object;

import org.jspecify.annotations.NullMarked;

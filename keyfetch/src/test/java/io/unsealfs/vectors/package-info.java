@NullMarked
package io.unsealfs.vectors;

import org.jspecify.annotations.NullMarked;

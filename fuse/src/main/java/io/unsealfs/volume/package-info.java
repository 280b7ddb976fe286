@NullMarked
package io.unsealfs.volume;

import org.jspecify.annotations.NullMarked;

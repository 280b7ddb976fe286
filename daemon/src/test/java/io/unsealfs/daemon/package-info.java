@NullMarked
package io.unsealfs.daemon;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.unsealfs.key;

import org.jspecify.annotations.NullMarked;

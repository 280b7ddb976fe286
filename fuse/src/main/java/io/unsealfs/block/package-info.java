@NullMarked
package io.unsealfs.block;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.unsealfs;

import org.jspecify.annotations.NullMarked;

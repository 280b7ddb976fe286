@NullMarked
package io.unsealfs.mount;

import org.jspecify.annotations.NullMarked;

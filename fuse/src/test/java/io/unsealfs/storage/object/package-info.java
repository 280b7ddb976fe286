@NullMarked
package io.unsealfs.storage.object;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.unsealfs.storage.object.oss;

import org.jspecify.annotations.NullMarked;

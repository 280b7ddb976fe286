@NullMarked
package io.unsealfs.storage.local;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.unsealfs.storage;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.unsealfs.key.file;

import org.jspecify.annotations.NullMarked;

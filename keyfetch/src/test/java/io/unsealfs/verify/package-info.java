@NullMarked
package io.unsealfs.verify;

import org.jspecify.annotations.NullMarked;

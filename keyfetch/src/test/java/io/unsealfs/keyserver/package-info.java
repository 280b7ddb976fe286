@NullMarked
package io.unsealfs.keyserver;

import org.jspecify.annotations.NullMarked;

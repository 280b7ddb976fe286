@NullMarked
package io.unsealfs.keyserver.store;

import org.jspecify.annotations.NullMarked;

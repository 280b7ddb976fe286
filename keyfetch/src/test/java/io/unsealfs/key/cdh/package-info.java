@NullMarked
package io.unsealfs.key.cdh;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.unsealfs.os;

import org.jspecify.annotations.NullMarked;

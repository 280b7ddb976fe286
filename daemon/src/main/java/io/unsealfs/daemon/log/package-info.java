@NullMarked
package io.unsealfs.daemon.log;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.unsealfs.volume.gocryptfs;

import org.jspecify.annotations.NullMarked;

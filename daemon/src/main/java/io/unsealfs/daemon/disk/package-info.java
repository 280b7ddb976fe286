/** Building the plaintext image of a file system, in memory only. */
@NullMarked
package io.unsealfs.daemon.disk;

import org.jspecify.annotations.NullMarked;

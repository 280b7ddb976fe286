/** What {@code unsealfs bench} measures: the ciphers of this host, and reading from a volume. */
@NullMarked
package io.unsealfs.daemon.bench;

import org.jspecify.annotations.NullMarked;

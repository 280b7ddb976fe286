/** What is left of keys in a process that mounted a volume. */
@NullMarked
package io.unsealfs.memory;

import org.jspecify.annotations.NullMarked;

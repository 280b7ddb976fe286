/** Writes manual pages and completions from the option model, for packages. */
@NullMarked
package io.unsealfs.daemon.manual;

import org.jspecify.annotations.NullMarked;

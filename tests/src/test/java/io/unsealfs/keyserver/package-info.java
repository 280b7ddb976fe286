/** Key servers under load; in the package of what they measure, for its parts. */
@NullMarked
package io.unsealfs.keyserver;

import org.jspecify.annotations.NullMarked;

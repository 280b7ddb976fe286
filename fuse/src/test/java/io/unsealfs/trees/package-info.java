/** Real trees for tests, and what there is to see of them, both by the system's own tools. */
@NullMarked
package io.unsealfs.trees;

import org.jspecify.annotations.NullMarked;

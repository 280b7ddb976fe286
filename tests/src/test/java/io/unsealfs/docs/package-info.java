/** What the documentation tells people to type is typed, or at least parsed. */
@NullMarked
package io.unsealfs.docs;

import org.jspecify.annotations.NullMarked;

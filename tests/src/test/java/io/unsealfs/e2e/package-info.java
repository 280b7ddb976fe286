/** What needs a real mount, real peers or the whole program; see tests/README.md. */
@NullMarked
package io.unsealfs.e2e;

import org.jspecify.annotations.NullMarked;

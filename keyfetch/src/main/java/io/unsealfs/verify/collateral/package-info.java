/**
 * Where collateral comes from: files, a caching service, Intel's own service. The verifier itself
 * touches none of them.
 */
@NullMarked
package io.unsealfs.verify.collateral;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.unsealfs.verify.collateral;

import org.jspecify.annotations.NullMarked;

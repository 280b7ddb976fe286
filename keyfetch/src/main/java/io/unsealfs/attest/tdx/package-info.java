@NullMarked
package io.unsealfs.attest.tdx;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.unsealfs.attest.snp;

import org.jspecify.annotations.NullMarked;

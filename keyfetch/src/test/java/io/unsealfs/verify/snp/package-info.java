@NullMarked
package io.unsealfs.verify.snp;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.unsealfs.verify.dcap;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.unsealfs.verify.policy;

import org.jspecify.annotations.NullMarked;

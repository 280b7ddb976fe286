@NullMarked
package io.unsealfs.storage.object.s3;

import org.jspecify.annotations.NullMarked;

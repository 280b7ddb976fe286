/** Alibaba Cloud OSS, through its SDK, which no other package sees. */
@NullMarked
package io.unsealfs.storage.object.oss;

import org.jspecify.annotations.NullMarked;

/** S3 and what speaks like it, through the AWS SDK, which no other package sees. */
@NullMarked
package io.unsealfs.storage.object.s3;

import org.jspecify.annotations.NullMarked;

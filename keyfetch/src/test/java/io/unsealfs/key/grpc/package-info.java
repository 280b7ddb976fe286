@NullMarked
package io.unsealfs.key.grpc;

import org.jspecify.annotations.NullMarked;

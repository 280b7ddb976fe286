/** Where key servers keep what must outlive them: small values under keys, in files or in etcd. */
@NullMarked
package io.unsealfs.keyserver.store;

import org.jspecify.annotations.NullMarked;

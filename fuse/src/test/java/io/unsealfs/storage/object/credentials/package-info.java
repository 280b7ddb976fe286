@NullMarked
package io.unsealfs.storage.object.credentials;

import org.jspecify.annotations.NullMarked;

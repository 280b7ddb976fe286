@NullMarked
package io.unsealfs.storage.manifest;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.unsealfs.storage.object.http;

import org.jspecify.annotations.NullMarked;

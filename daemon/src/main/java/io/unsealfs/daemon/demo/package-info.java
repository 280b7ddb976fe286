@NullMarked
package io.unsealfs.daemon.demo;

import org.jspecify.annotations.NullMarked;

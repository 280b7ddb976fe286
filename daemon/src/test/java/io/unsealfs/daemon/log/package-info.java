@org.jspecify.annotations.NullMarked
package io.unsealfs.daemon.log;

/** Tests of what a service manager is told. */
@NullMarked
package io.unsealfs.daemon.service;

import org.jspecify.annotations.NullMarked;

/** What a service manager is told, after the protocol of sd_notify(3). */
@NullMarked
package io.unsealfs.daemon.service;

import org.jspecify.annotations.NullMarked;

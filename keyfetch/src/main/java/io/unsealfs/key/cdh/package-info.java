/**
 * Keys from the Confidential Data Hub of a CoCo guest: a service on the loopback address that
 * attests for the whole guest and hands out resources of its key broker.
 */
@NullMarked
package io.unsealfs.key.cdh;

import org.jspecify.annotations.NullMarked;

/**
 * What has to be shown for a secret: rules over verified claims, event logs, time and requester.
 * Pure functions of their input.
 */
@NullMarked
package io.unsealfs.verify.policy;

import org.jspecify.annotations.NullMarked;

/** The images and what is said of them to runc and Kubernetes. */
@NullMarked
package io.unsealfs.container;

import org.jspecify.annotations.NullMarked;

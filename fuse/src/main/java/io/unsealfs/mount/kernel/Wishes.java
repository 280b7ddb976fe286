package io.unsealfs.mount.kernel;

/**
 * What this mount would like to agree on with the kernel.
 *
 * @param unseenOpens whether files may be read without the kernel telling that they were opened
 * @param passthrough whether the kernel is to read some files from memory without asking
 * @param acl whether the kernel is to ask for access control lists
 */
record Wishes(boolean unseenOpens, boolean passthrough, boolean acl) {}

package io.unsealfs.mount.kernel;

/**
 * What this mount would like to agree on with the kernel.
 *
 * @param unseenOpens whether files may be read without the kernel telling that they were opened
 * @param passthrough whether the kernel is to read some files from memory without asking
 * @param acl whether the kernel is to ask for access control lists
 * @param fullListings whether the kernel is to fetch the attributes with every listing, and not
 *     only where it guesses that somebody will want them
 */
record Wishes(boolean unseenOpens, boolean passthrough, boolean acl, boolean fullListings) {}

package io.unsealfs.daemon;

/** Marks commands that log what they do; the others log only warnings. */
interface Chatty {}

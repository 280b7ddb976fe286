package io.unsealfs.daemon;

import picocli.CommandLine.Command;

/** {@code unsealfs policy}: the parent of its two commands. */
@Command(
    name = "policy",
    description = "Writes and explains what has to be shown for a secret.",
    synopsisSubcommandLabel = "COMMAND")
final class PolicyCommand {}

package io.unsealfs.daemon;

import picocli.CommandLine.Command;

/** {@code unsealfs collateral}: the parent of its two commands. */
@Command(
    name = "collateral",
    description = "Gets and checks what quotes are judged by.",
    synopsisSubcommandLabel = "COMMAND")
final class CollateralCommand {}

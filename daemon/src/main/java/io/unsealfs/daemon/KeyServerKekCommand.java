package io.unsealfs.daemon;

import picocli.CommandLine.Command;

/** {@code unsealfs keyserver kek}: the parent of the commands for key-encryption keys. */
@Command(
    name = "kek",
    description = "Works with the key-encryption keys of a key server.",
    synopsisSubcommandLabel = "COMMAND")
final class KeyServerKekCommand {}

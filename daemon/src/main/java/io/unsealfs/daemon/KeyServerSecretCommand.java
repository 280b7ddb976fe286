package io.unsealfs.daemon;

import picocli.CommandLine.Command;

/** {@code unsealfs keyserver secret}: the parent of what works with secrets. */
@Command(
    name = "secret",
    description = "Works with the secrets of a key server.",
    synopsisSubcommandLabel = "COMMAND")
final class KeyServerSecretCommand {}

package io.unsealfs.daemon;

import picocli.CommandLine.Command;

/** {@code unsealfs key}: the parent of {@link KeyFetchCommand}. */
@Command(name = "key", description = "Works with keys.", synopsisSubcommandLabel = "COMMAND")
final class KeyCommand {}

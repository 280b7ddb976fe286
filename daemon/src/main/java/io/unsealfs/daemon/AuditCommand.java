package io.unsealfs.daemon;

import picocli.CommandLine.Command;

/** {@code unsealfs audit}: the parent of {@link AuditVerifyCommand}. */
@Command(
    name = "audit",
    description = "Works with the audit log of a key server.",
    synopsisSubcommandLabel = "COMMAND")
final class AuditCommand {}

package io.unsealfs.daemon;

import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unsealfs ls}. */
@Command(name = "ls", description = "Lists a directory or file of a volume, without mounting it.")
final class LsCommand implements Callable<Integer> {
  private final Wiring wiring;

  @Mixin GivenSource source = new GivenSource();

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "PATH",
      description = "Path inside the volume.")
  String path = "";

  @Mixin KeyOptions keys = new KeyOptions();

  @Option(names = "-l", description = "Show mode, owner, size and time.")
  boolean details;

  LsCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException {
    PrintStream out = System.out;
    try (OpenedVolume opened = OpenedVolume.open(wiring, source, keys)) {
      FileTree tree = opened.volume().tree();
      Node node = TreePath.resolve(tree, path);
      if (node.kind() != NodeKind.DIRECTORY) {
        show(out, tree, node, path);
        return ExitCode.DONE.status();
      }
      List<DirectoryEntry> entries = new ArrayList<>(tree.list(node));
      entries.sort(Comparator.comparing(DirectoryEntry::name));
      for (DirectoryEntry entry : entries) {
        if (details) {
          show(out, tree, tree.lookup(node, entry.name()), entry.name().toString());
        } else {
          out.println(entry.name());
        }
      }
    }
    return ExitCode.DONE.status();
  }

  private void show(PrintStream out, FileTree tree, Node node, String name) throws IOException {
    if (!details) {
      out.println(name);
      return;
    }
    var attributes = node.attributes();
    Instant modified = Instant.ofEpochSecond(attributes.modifiedSeconds());
    String target = "";
    if (node.kind() == NodeKind.SYMLINK) {
      target = " -> " + tree.readLink(node);
    }
    out.printf(
        "%c%03o %5d %5d %12d %s %s%s%n",
        letter(node.kind()),
        attributes.mode() & 0777,
        attributes.uid(),
        attributes.gid(),
        attributes.size(),
        modified,
        name,
        target);
  }

  private static char letter(NodeKind kind) {
    return switch (kind) {
      case FILE -> '-';
      case DIRECTORY -> 'd';
      case SYMLINK -> 'l';
      case FIFO -> 'p';
      case SOCKET -> 's';
      case CHARACTER_DEVICE -> 'c';
      case BLOCK_DEVICE -> 'b';
    };
  }
}

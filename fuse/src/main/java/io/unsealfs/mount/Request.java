package io.unsealfs.mount;

import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import org.jspecify.annotations.Nullable;

/**
 * One request of the kernel while it is being answered: collects what it is about, so that a
 * failure can be reported with its place. Used by one thread.
 */
public final class Request {
  private final Operation operation;
  private @Nullable PathText path;
  private @Nullable Node node;

  Request(Operation operation) {
    this.operation = operation;
  }

  /** Tells what path was asked for, before it is known whether there is such a node. */
  public void path(PathText asked) {
    this.path = asked;
  }

  /** Tells which node the request is about. */
  public void about(Node found, PathText itsPath) {
    this.node = found;
    this.path = itsPath;
  }

  Operation operation() {
    return operation;
  }

  @Nullable NodeKind kind() {
    return node == null ? null : node.kind();
  }

  /** Ciphertext path, empty while the node is not resolved. */
  String location() {
    return node == null ? "" : node.location();
  }

  /** Plaintext path as text for people. */
  String plaintextPath() {
    return path == null ? "" : path.text();
  }
}

package io.unsealfs.mount.kernel;

import io.unsealfs.mount.Errno;
import io.unsealfs.mount.Guard;
import io.unsealfs.mount.Operation;
import io.unsealfs.mount.Request;
import java.io.IOException;

/** From a request's opcode to what answers it. The only place that knows them all. */
final class Dispatcher {
  /** The answer is sent by somebody else, later. */
  static final int LATER = Integer.MIN_VALUE;

  private final Guard guard;
  private final NodeRequests nodes;
  private final FileRequests files;
  private final DirectoryRequests directories;

  Dispatcher(Guard guard, NodeRequests nodes, FileRequests files, DirectoryRequests directories) {
    this.guard = guard;
    this.nodes = nodes;
    this.files = files;
    this.directories = directories;
  }

  /**
   * Answers one request; never throws.
   *
   * @return bytes of payload in {@code reply}, a negative errno, or {@link #LATER}; meaningless
   *     where {@link Opcode#isAnswered} says no
   */
  int answer(KernelRequest request, KernelReply reply) {
    int opcode = request.opcode();
    if (Opcode.changes(opcode)) {
      return -Errno.EROFS;
    }
    return guard.answer(operation(opcode), about -> answer(opcode, about, request, reply));
  }

  private int answer(int opcode, Request about, KernelRequest request, KernelReply reply)
      throws IOException {
    return switch (opcode) {
      case Opcode.READ -> files.read(about, request, reply);
      case Opcode.LOOKUP -> nodes.lookup(about, request, reply);
      case Opcode.GETATTR -> nodes.getattr(request, reply);
      case Opcode.OPEN -> files.open(about, request, reply);
      case Opcode.RELEASE -> files.release(about, request);
      case Opcode.READLINK -> nodes.readlink(about, request, reply);
      case Opcode.OPENDIR -> directories.opendir(about, request, reply);
      case Opcode.READDIR -> directories.readdir(about, request, reply, false);
      case Opcode.READDIRPLUS -> directories.readdir(about, request, reply, true);
      case Opcode.RELEASEDIR -> directories.releasedir(request);
      case Opcode.GETXATTR -> nodes.getxattr(about, request, reply);
      case Opcode.LISTXATTR -> nodes.listxattr(about, request, reply);
      case Opcode.STATFS -> nodes.statfs(reply);
      case Opcode.FORGET -> {
        nodes.forget(request);
        yield 0;
      }
      case Opcode.BATCH_FORGET -> {
        nodes.forgetMany(request);
        yield 0;
      }
      case Opcode.DESTROY -> 0;
      // The kernel then does what it can without us (flush, fsync, lseek, access), once and for
      // all.
      default -> -Errno.ENOSYS;
    };
  }

  private static Operation operation(int opcode) {
    return switch (opcode) {
      case Opcode.READ -> Operation.READ;
      case Opcode.LOOKUP -> Operation.LOOKUP;
      case Opcode.GETATTR -> Operation.GETATTR;
      case Opcode.OPEN -> Operation.OPEN;
      case Opcode.RELEASE -> Operation.RELEASE;
      case Opcode.READLINK -> Operation.READLINK;
      case Opcode.OPENDIR -> Operation.OPENDIR;
      case Opcode.READDIR, Opcode.READDIRPLUS -> Operation.READDIR;
      case Opcode.RELEASEDIR -> Operation.RELEASEDIR;
      case Opcode.GETXATTR -> Operation.GETXATTR;
      case Opcode.LISTXATTR -> Operation.LISTXATTR;
      case Opcode.STATFS -> Operation.STATFS;
      case Opcode.FORGET, Opcode.BATCH_FORGET -> Operation.FORGET;
      case Opcode.DESTROY -> Operation.DESTROY;
      default -> Operation.OTHER;
    };
  }
}

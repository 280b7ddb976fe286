package io.unsealfs.mount.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Makes requests as the kernel would. */
final class Requests {
  private Requests() {}

  static byte[] request(int opcode, long node, Consumer<ByteBuffer> arguments) {
    ByteBuffer bytes = ByteBuffer.allocate(8192).order(ByteOrder.nativeOrder());
    bytes.putInt(0).putInt(opcode).putLong(77).putLong(node);
    bytes.putInt(1000).putInt(1000).putInt(4711).putInt(0);
    arguments.accept(bytes);
    byte[] whole = new byte[bytes.position()];
    bytes.putInt(0, whole.length).flip().get(whole);
    return whole;
  }

  static byte[] named(int opcode, long node, String name) {
    return request(
        opcode,
        node,
        arguments -> arguments.put(name.getBytes(StandardCharsets.UTF_8)).put((byte) 0));
  }

  static byte[] read(int opcode, long node, long handle, long offset, int size) {
    return request(
        opcode,
        node,
        arguments ->
            arguments.putLong(handle).putLong(offset).putInt(size).putInt(0).putLong(0).putLong(0));
  }

  static byte[] open(int opcode, long node, int flags) {
    return request(opcode, node, arguments -> arguments.putInt(flags).putInt(0));
  }

  static byte[] init(int major, int minor, int flags, int moreFlags) {
    return request(
        Opcode.INIT,
        0,
        arguments -> {
          arguments.putInt(major).putInt(minor).putInt(131_072).putInt(flags).putInt(moreFlags);
          for (int i = 0; i < 11; i++) {
            arguments.putInt(0);
          }
        });
  }
}

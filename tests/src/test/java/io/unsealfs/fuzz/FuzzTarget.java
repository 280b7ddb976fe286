package io.unsealfs.fuzz;

import java.io.IOException;
import java.util.List;

/**
 * One parser under fuzz. An {@link IOException} is a typed refusal and welcome; any other throwable
 * is a finding, and so is a result that {@link #feed} finds wrong.
 */
interface FuzzTarget extends AutoCloseable {

  /** The word for the command line. */
  String name();

  /** Valid inputs to start from. */
  List<byte[]> corpus();

  /** Pieces that mean something to the parser. */
  default List<byte[]> words() {
    return List.of();
  }

  /** Bytes one input may allocate. */
  default long allocationLimit() {
    return 8 << 20;
  }

  /** Parses, and checks what comes out. */
  void feed(byte[] input) throws IOException;

  @Override
  default void close() throws IOException {}
}

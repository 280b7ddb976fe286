package io.unsealfs.fuzz;

import java.io.IOException;
import java.util.List;

/**
 * A parser that needs nothing around it.
 *
 * @param parser parses, and throws an {@link AssertionError} if what comes out is wrong
 */
record ParserTarget(String name, List<byte[]> corpus, List<byte[]> words, Parser parser)
    implements FuzzTarget {

  /** Takes one input. */
  interface Parser {
    void parse(byte[] input) throws IOException;
  }

  @Override
  public void feed(byte[] input) throws IOException {
    parser.parse(input);
  }
}

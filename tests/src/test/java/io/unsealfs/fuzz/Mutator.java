package io.unsealfs.fuzz;

import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/** Turns valid inputs into nearly valid ones. All its choices come from the random generator. */
final class Mutator {
  private static final int MAX_EDITS = 6;
  private static final int[] EDGES = {0, 1, -1, 0x7f, 0x80, 0xff, 16, 32, 255, 256};

  private final RandomGenerator random;
  private final List<byte[]> corpus;
  private final List<byte[]> words;

  /**
   * A mutator.
   *
   * @param corpus valid inputs; also what is spliced in
   * @param words pieces that mean something to the parser
   */
  Mutator(RandomGenerator random, List<byte[]> corpus, List<byte[]> words) {
    this.random = random;
    this.corpus = corpus;
    this.words = words;
  }

  /** One of the corpus, changed in one to a few places. */
  byte[] next() {
    byte[] input = pick(corpus);
    int edits = 1 + random.nextInt(MAX_EDITS);
    for (int i = 0; i < edits; i++) {
      input = edit(input);
    }
    return input;
  }

  private byte[] edit(byte[] in) {
    return switch (random.nextInt(10)) {
      case 0, 1 -> flipBit(in);
      case 2 -> setByte(in);
      case 3 -> Arrays.copyOf(in, position(in));
      case 4 -> splice(in, Arrays.copyOfRange(in, position(in), in.length));
      case 5 -> splice(in, pick(corpus));
      case 6 -> remove(in);
      case 7 -> words.isEmpty() ? setByte(in) : insert(in, pick(words));
      case 8 -> setInteger(in);
      default -> fill(in);
    };
  }

  private byte[] pick(List<byte[]> list) {
    return list.get(random.nextInt(list.size()));
  }

  private int position(byte[] in) {
    return random.nextInt(in.length + 1);
  }

  private byte[] flipBit(byte[] in) {
    byte[] out = in.clone();
    if (out.length > 0) {
      out[random.nextInt(out.length)] ^= (byte) (1 << random.nextInt(8));
    }
    return out;
  }

  private byte[] setByte(byte[] in) {
    byte[] out = in.clone();
    if (out.length > 0) {
      out[random.nextInt(out.length)] = (byte) random.nextInt(256);
    }
    return out;
  }

  /** What may be a length field gets a value at an edge, 2, 4 or 8 bytes wide. */
  private byte[] setInteger(byte[] in) {
    byte[] out = in.clone();
    int width = 1 << (1 + random.nextInt(3));
    if (out.length < width) {
      return setByte(in);
    }
    int at = random.nextInt(out.length - width + 1);
    long value = EDGES[random.nextInt(EDGES.length)];
    boolean bigEndian = random.nextBoolean();
    for (int i = 0; i < width; i++) {
      int shift = 8 * (bigEndian ? width - 1 - i : i);
      out[at + i] = (byte) (value >> shift);
    }
    return out;
  }

  private byte[] fill(byte[] in) {
    byte[] out = in.clone();
    int from = position(in);
    int to = Math.min(in.length, from + (1 << random.nextInt(13)));
    Arrays.fill(out, from, to, (byte) (random.nextBoolean() ? 0 : random.nextInt(256)));
    return out;
  }

  private byte[] remove(byte[] in) {
    int from = position(in);
    int to = Math.min(in.length, from + 1 + random.nextInt(32));
    return splice(Arrays.copyOf(in, from), Arrays.copyOfRange(in, to, in.length), from);
  }

  private byte[] insert(byte[] in, byte[] word) {
    int at = position(in);
    byte[] head = splice(Arrays.copyOf(in, at), word, at);
    return splice(head, Arrays.copyOfRange(in, at, in.length), head.length);
  }

  /** The head of one and the tail of another. */
  private byte[] splice(byte[] head, byte[] tail) {
    int from = position(tail);
    return splice(head, Arrays.copyOfRange(tail, from, tail.length), position(head));
  }

  private static byte[] splice(byte[] head, byte[] tail, int headLength) {
    byte[] out = Arrays.copyOf(head, headLength + tail.length);
    System.arraycopy(tail, 0, out, headLength, tail.length);
    return out;
  }
}

package io.unsealfs.storage.manifest;

import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.StorageException;
import io.unsealfs.storage.chunk.ContentPin;
import io.unsealfs.storage.object.KeyRules;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/**
 * Reads ciphertext and writes down what it is. Objects are told as a bucket would hold them: files
 * below a directory by their paths, an empty directory by a marker; links and other things have no
 * place there. Used by one thread; files are read by several.
 */
public final class ManifestMaker implements Closeable {
  /** Chunks that one thread reads at a time: a segment's. */
  private static final int PIECE_CHUNKS = 32;

  /** Files that are read at a time. */
  private static final int FILES_OPEN = 32;

  private static final long NANOS_PER_MILLI = 1_000_000;

  private final LongConsumer progress;
  private final ExecutorService threads;
  private final List<Made> made = new ArrayList<>();
  private final Deque<Reading> reading = new ArrayDeque<>();
  private long bytes;
  private long digestBytes;
  private long leftOut;

  /** An object of the manifest to be; its digests are there once it was read. */
  private static final class Made {
    final byte[] name;
    final long size;
    final long modifiedMillis;
    final byte[] digests;

    Made(String name, long size, long modifiedMillis, int digestsSize) {
      this.name = name.getBytes(StandardCharsets.UTF_8);
      this.size = size;
      this.modifiedMillis = modifiedMillis;
      this.digests = new byte[digestsSize];
    }
  }

  /** A file that is being read. */
  private record Reading(Source source, List<Future<?>> pieces) {}

  /**
   * Nothing so far.
   *
   * @param progress told of bytes that were read, by several threads
   */
  public ManifestMaker(LongConsumer progress) {
    this.progress = progress;
    this.threads =
        Executors.newFixedThreadPool(
            Runtime.getRuntime().availableProcessors(),
            Thread.ofPlatform().daemon().name("unsealfs-manifest-", 0).factory());
  }

  /** Adds all files of a tree. */
  public void add(FileTree tree) throws IOException {
    add(tree, tree.root(), "");
    awaitAllBut(0);
  }

  private void add(FileTree tree, Node directory, String path) throws IOException {
    List<DirectoryEntry> entries = tree.list(directory);
    if (entries.isEmpty() && !path.isEmpty()) {
      add(path, 0, directory.attributes().modifiedNanos());
    }
    for (DirectoryEntry entry : entries) {
      String name = new String(entry.name().toBytes(), StandardCharsets.UTF_8);
      String child = path + name;
      Node node = tree.lookup(directory, entry.name());
      boolean directoryToo = node.kind() == NodeKind.DIRECTORY;
      if ((node.kind() != NodeKind.FILE && !directoryToo)
          || !Name.of(name).equals(entry.name())
          || KeyRules.judge("", child).isPresent()) {
        leftOut++;
      } else if (directoryToo) {
        add(tree, node, child + "/");
      } else {
        Source source = tree.open(node);
        read(source, add(child, source.size(), node.attributes().modifiedNanos()));
      }
    }
  }

  /** Adds an image, which is closed. */
  public void add(Source image) throws IOException {
    read(image, add("", image.size(), 0));
    awaitAllBut(0);
  }

  private Made add(String name, long size, long modifiedNanos) throws IOException {
    long digestsSize = ManifestEntry.chunks(size) * Digests.SIZE;
    digestBytes += digestsSize;
    if (made.size() == Manifest.OBJECTS_MOST || digestBytes > Manifest.BYTES_MOST) {
      throw new ManifestException(
          "more than a manifest can hold: "
              + Manifest.OBJECTS_MOST
              + " objects, "
              + Manifest.BYTES_MOST
              + " bytes; choose a smaller source");
    }
    Made object =
        new Made(name, size, Math.floorDiv(modifiedNanos, NANOS_PER_MILLI), (int) digestsSize);
    made.add(object);
    bytes += size;
    return object;
  }

  /** Begins to read a file, and closes those that were read before. */
  private void read(Source source, Made object) throws IOException {
    List<Future<?>> pieces = new ArrayList<>();
    reading.add(new Reading(source, pieces));
    long chunks = ManifestEntry.chunks(object.size);
    for (long first = 0; first < chunks; first += PIECE_CHUNKS) {
      long from = first;
      long to = Math.min(chunks, first + PIECE_CHUNKS);
      pieces.add(
          threads.submit(() -> {
            digest(source, object, from, to);
            return null;
          }));
    }
    awaitAllBut(FILES_OPEN);
  }

  private void digest(Source source, Made object, long from, long to) throws IOException {
    MessageDigest digest = Digests.sha256();
    ByteBuffer chunk = ByteBuffer.allocate(ContentPin.CHUNK_BYTES);
    for (long index = from; index < to; index++) {
      long start = index * ContentPin.CHUNK_BYTES;
      int length = (int) Math.min(ContentPin.CHUNK_BYTES, object.size - start);
      if (source.read(start, chunk.clear().limit(length)) != length) {
        throw new StorageException(source + ": ended while it was read; try again");
      }
      digest.update(chunk.flip());
      byte[] result = digest.digest();
      System.arraycopy(result, 0, object.digests, (int) index * Digests.SIZE, Digests.SIZE);
      progress.accept(length);
    }
  }

  private void awaitAllBut(int files) throws IOException {
    while (reading.size() > files) {
      Reading oldest = reading.remove();
      try (Source _ = oldest.source()) {
        for (Future<?> piece : oldest.pieces()) {
          await(piece);
        }
      }
    }
  }

  private static void await(Future<?> piece) throws IOException {
    try {
      Object _ = piece.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while the source was read");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IllegalStateException("reading the source", e.getCause());
    }
  }

  /** Objects so far. */
  public int objects() {
    return made.size();
  }

  /** Bytes of all of them. */
  public long bytes() {
    return bytes;
  }

  /** Links, devices, and names that can be no keys. */
  public long leftOut() {
    return leftOut;
  }

  /**
   * The manifest of what was added.
   *
   * @param createdSeconds when, in seconds since 1970
   * @throws ManifestException if there is nothing, or more than fits
   */
  public byte[] finish(long createdSeconds, ManifestKey key) throws ManifestException {
    if (made.isEmpty()) {
      throw new ManifestException("there is nothing to make a manifest of");
    }
    made.sort((a, b) -> Arrays.compareUnsigned(a.name, b.name));
    long size = (long) Manifest.HEADER_SIZE + ManifestKey.SEAL_SIZE;
    for (Made object : made) {
      size += (long) Manifest.ENTRY_SIZE + object.name.length + object.digests.length;
    }
    if (size > Manifest.BYTES_MOST) {
      throw new ManifestException("the manifest would have " + size + " bytes, which is too much");
    }
    ByteBuffer out = ByteBuffer.allocate((int) size);
    out.put(Manifest.MAGIC).putLong(createdSeconds);
    out.putInt(ContentPin.CHUNK_BYTES).putInt(made.size());
    for (Made object : made) {
      out.putShort((short) object.name.length).put(object.name);
      out.putLong(object.size).putLong(object.modifiedMillis).put(object.digests);
    }
    return out.put(key.seal(out.array(), out.position())).array();
  }

  /** Ends what is still read. */
  @Override
  public void close() throws IOException {
    threads.shutdownNow();
    try {
      boolean _ = threads.awaitTermination(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    for (Reading left : reading) {
      left.source().close();
    }
    reading.clear();
  }
}

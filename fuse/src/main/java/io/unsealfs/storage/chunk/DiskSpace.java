package io.unsealfs.storage.chunk;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.Pattern;

/**
 * Room for segments: what there is, and which go when there is too much. The directory itself is
 * the index, since other processes write to it too; it is walked once in the background and again
 * whenever something has to go, or much may have been written. Only those who write wait for a
 * walk; readers never come here.
 */
final class DiskSpace implements Closeable {
  /** Begins the name of a file that is being written. */
  static final String STAGED_PREFIX = ".new-";

  private static final Pattern OBJECT_DIRECTORY =
      Pattern.compile("[0-9a-f]{" + SegmentId.DIRECTORY_DIGITS + "}");
  private static final Pattern SEGMENT_FILE = Pattern.compile("[0-9a-f]{8}");

  /** Nobody takes that long to write a segment: whoever began it was killed. */
  private static final Duration ABANDONED = Duration.ofHours(1);

  /** What other processes wrote is counted again after so large a share of the limit of our own. */
  private static final int RECOUNT_SHARE = 20;

  /** And after that time, at the next write; a count may take no more than so much of it. */
  private static final long RECOUNT_NANOS = TimeUnit.MINUTES.toNanos(1);

  private static final int COUNT_SHARE = 50;

  /** Eviction goes on down to this share, so that it does not come back with the next segment. */
  private static final double LOW_SHARE = 0.9;

  private final Path directory;
  private final DiskLimits limits;
  private final AtomicLong bytes = new AtomicLong();
  private final LongAdder evictions = new LongAdder();
  private final LongAdder evictionsForSpace = new LongAdder();
  private long writtenBytes; // since the last count; guarded by this, like the next three
  private long countedNanos;
  private long countTookNanos;
  private boolean counted;
  private volatile boolean closed;

  DiskSpace(Path directory, DiskLimits limits) {
    this.directory = directory;
    this.limits = limits;
  }

  /** Counts what is there, and clears away what killed processes left. */
  void countInBackground() {
    Thread.ofPlatform()
        .daemon()
        .name("unsealfs-cache-count")
        .start(() -> {
          try {
            List<Segment> _ = count();
          } catch (IOException e) {
            // the next write meets the same, and says so
            return;
          }
        });
  }

  private synchronized List<Segment> count() throws IOException {
    long began = System.nanoTime();
    List<Segment> segments = walk();
    bytes.set(segments.stream().mapToLong(Segment::size).sum());
    writtenBytes = 0;
    countedNanos = System.nanoTime();
    countTookNanos = countedNanos - began;
    counted = true;
    return segments;
  }

  /** Others write here too, and each sees to the limit alone. */
  private boolean isOutdated() {
    long since = System.nanoTime() - countedNanos;
    return !counted
        || writtenBytes >= limits.bytesMost() / RECOUNT_SHARE
        || since >= Math.max(RECOUNT_NANOS, COUNT_SHARE * countTookNanos);
  }

  /** Gives a file that was written its name; it counts from then on. */
  synchronized void publish(Path staged, Path file, long size) throws IOException {
    Files.move(staged, file, StandardCopyOption.ATOMIC_MOVE);
    bytes.addAndGet(size);
    writtenBytes += size;
  }

  long bytes() {
    return Math.max(0, bytes.get());
  }

  long evictions() {
    return evictions.sum();
  }

  /** Of them, those for the free space of the disk. */
  long evictionsForSpace() {
    return evictionsForSpace.sum();
  }

  /** A file of so many bytes was deleted. */
  void deleted(long size) {
    bytes.addAndGet(-size);
  }

  /** Sees to it that {@code count} bytes fit within the limits; false if they cannot. */
  synchronized boolean makeRoom(long count) throws IOException {
    if (count > limits.bytesMost()) {
      return false;
    }
    if (isOutdated()) {
      List<Segment> _ = count();
    }
    if (bytes() + count > limits.bytesMost()) {
      evict((long) (limits.bytesMost() * LOW_SHARE) - count, 0);
    }
    long lacking = lackingFree(count);
    if (lacking > 0) {
      evict(Long.MAX_VALUE, lacking);
      return lackingFree(count) <= 0;
    }
    return true;
  }

  private long lackingFree(long count) throws IOException {
    FileStore store = Files.getFileStore(directory);
    long floor = (long) (store.getTotalSpace() * limits.freeShareLeast());
    return floor + count - store.getUsableSpace();
  }

  /** Deletes the longest unused until at most {@code most} bytes are left and enough are gone. */
  private void evict(long most, long leastGone) throws IOException {
    List<Segment> segments = new ArrayList<>(count());
    segments.sort(Comparator.comparing(Segment::used));
    long left = segments.stream().mapToLong(Segment::size).sum();
    long gone = 0;
    for (Segment segment : segments) {
      if (left <= most && gone >= leastGone) {
        break;
      }
      if (Files.deleteIfExists(segment.file())) {
        evictions.increment();
        if (leastGone > 0) {
          evictionsForSpace.increment();
        }
      }
      left -= segment.size();
      gone += segment.size();
    }
    bytes.set(left);
  }

  private record Segment(Path file, long size, FileTime used) {}

  private List<Segment> walk() throws IOException {
    List<Segment> segments = new ArrayList<>();
    try (DirectoryStream<Path> objects = Files.newDirectoryStream(directory)) {
      for (Path object : objects) {
        if (closed) {
          break;
        }
        if (OBJECT_DIRECTORY.matcher(name(object)).matches()
            && Files.isDirectory(object, LinkOption.NOFOLLOW_LINKS)) {
          walk(object, segments);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return segments;
  }

  private void walk(Path object, List<Segment> segments) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(object)) {
      for (Path file : files) {
        BasicFileAttributes attributes;
        try {
          attributes =
              Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
          continue;
        }
        if (SEGMENT_FILE.matcher(name(file)).matches() && attributes.isRegularFile()) {
          segments.add(new Segment(file, attributes.size(), attributes.lastModifiedTime()));
        } else if (name(file).startsWith(STAGED_PREFIX)
            && attributes.lastModifiedTime().toInstant().plus(ABANDONED).isBefore(Instant.now())) {
          boolean _ = Files.deleteIfExists(file);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    } catch (NoSuchFileException e) {
      // an object's directory that another process purged
      return;
    }
  }

  private static String name(Path path) {
    Path name = path.getFileName();
    return name == null ? "" : name.toString();
  }

  /** Deletes everything of a cache and nothing else; returns the bytes. */
  static long purge(Path directory) throws IOException {
    long gone = 0;
    try (DirectoryStream<Path> objects = Files.newDirectoryStream(directory)) {
      for (Path object : objects) {
        if (OBJECT_DIRECTORY.matcher(name(object)).matches()
            && Files.isDirectory(object, LinkOption.NOFOLLOW_LINKS)) {
          gone += purgeObject(object);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return gone;
  }

  private static long purgeObject(Path object) throws IOException {
    long gone = 0;
    boolean foreign = false;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(object)) {
      for (Path file : files) {
        boolean ours =
            SEGMENT_FILE.matcher(name(file)).matches() || name(file).startsWith(STAGED_PREFIX);
        if (ours && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
          long size = Files.size(file);
          gone += Files.deleteIfExists(file) ? size : 0;
        } else {
          foreign = true;
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    if (!foreign) {
      try {
        boolean _ = Files.deleteIfExists(object);
      } catch (java.nio.file.DirectoryNotEmptyException e) {
        // a running mount wrote to it meanwhile
        return gone;
      }
    }
    return gone;
  }

  /** Ends a count that goes on. */
  @Override
  public void close() {
    closed = true;
  }
}

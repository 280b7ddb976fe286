package io.unsealfs.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * One figure that was promised, with what came of it.
 *
 * @param title what it is
 * @param measured empty if this run did not measure it
 * @param must the floor
 * @param aim what is wished for
 * @param unit behind the numbers
 * @param moreIsBetter whether larger is better
 */
record Reach(
    String title,
    OptionalDouble measured,
    double must,
    double aim,
    String unit,
    boolean moreIsBetter) {

  private static final String TIMES = "×";

  /** All of them; ours is the transport that a mount takes by itself. */
  static List<Reach> rows(Results results, String ours) {
    List<Reach> all = new ArrayList<>(ordinary(results, ours));
    all.addAll(resident(results, ours));
    return all;
  }

  private static List<Reach> resident(Results results, String ours) {
    String resident = Subject.RESIDENT;
    String peer = Subject.GOCRYPTFS;
    return List.of(
        atLeast(
            "resident: cold sequential read against gocryptfs",
            2.8,
            3.5,
            results.ratio(Figure.SEQUENTIAL_READ, resident, peer)),
        atLeast(
            "resident: cold mmap touch against gocryptfs",
            3,
            4.5,
            results.ratio(Figure.MAPPED_TOUCH, resident, peer)),
        atLeast(
            "resident: four loaders at once against our ordinary path",
            3,
            4,
            results.ratio(Figure.LOADERS, resident, ours)),
        atLeast(
            "resident: safetensors in file order against gocryptfs",
            2.5,
            4,
            results.ratio(Figure.TENSORS_ORDERED, resident, peer)),
        atLeast(
            "resident: safetensors in random order against gocryptfs",
            2.5,
            4,
            results.ratio(Figure.TENSORS_SHUFFLED, resident, peer)),
        new Reach(
            "resident: CPU of reader and daemon against our ordinary path",
            results.ratio(Figure.TOTAL_CPU, resident, ours),
            0.7,
            0.55,
            TIMES,
            false),
        atLeast(
            "resident: random 4 KiB, 4 jobs, against gocryptfs",
            5,
            10,
            results.ratio(Figure.RANDOM_4K_4, resident, peer)),
        atLeast(
            "resident: share of ext4's cold read rate",
            0.6,
            0.9,
            results.ratio(Figure.SEQUENTIAL_READ, resident, Subject.EXT4)));
  }

  private static List<Reach> ordinary(Results results, String ours) {
    String peer = Subject.GOCRYPTFS;
    return List.of(
        atLeast(
            "sequential read against gocryptfs as shipped",
            1.5,
            2,
            results.ratio(Figure.SEQUENTIAL_READ, ours, peer)),
        atLeast(
            "the same with gocryptfs given our read-ahead setting",
            1.1,
            1.3,
            results.ratio(Figure.SEQUENTIAL_READ, ours, Subject.GOCRYPTFS_READ_AHEAD)),
        atLeast(
            "mmap touch against gocryptfs as shipped",
            1.5,
            1.8,
            results.ratio(Figure.MAPPED_TOUCH, ours, peer)),
        atLeast(
            "first 128 MiB after mount against gocryptfs",
            0.8,
            1.1,
            results.ratio(Figure.FIRST_128, ours, peer)),
        atLeast("random 4 KiB, 1 job", 1.0, 1.2, results.ratio(Figure.RANDOM_4K_1, ours, peer)),
        atLeast("random 4 KiB, 4 jobs", 1.6, 2, results.ratio(Figure.RANDOM_4K_4, ours, peer)),
        atLeast(
            "share of the C null file system's rate, decrypting",
            0.5,
            0.65,
            results.ratio(Figure.SEQUENTIAL_READ, ours, Subject.NULL_READ_AHEAD)),
        new Reach(
            "daemon CPU per GiB against gocryptfs",
            results.ratio(Figure.SEQUENTIAL_CPU, ours, peer),
            0.7,
            0.5,
            TIMES,
            false),
        atLeast("1000 files of 4 KiB", 1.0, 1.5, results.ratio(Figure.SMALL_FILES, ours, peer)),
        atLeast("readdir of 10,000", 1.0, 1.5, results.ratio(Figure.LIST, ours, peer)),
        atLeast("stat storm", 1.0, 1.5, results.ratio(Figure.STAT, ours, peer)),
        new Reach(
            "exec to mounted, local key, HKDF volume with scrypt N 1024",
            scaled(results.median(Figure.MOUNT_READABLE, ours), 1e-3),
            0.8,
            0.35,
            "s",
            false),
        new Reach(
            "RSS after reading 8 GiB above the configured cache",
            results.median(Figure.RSS_ABOVE_CACHE, ours),
            200,
            120,
            "MiB",
            false),
        atLeast(
            "jnr-fuse transport, sequential, warm",
            1.0,
            1.2,
            results.ratio(Figure.SEQUENTIAL_READ, Subject.JNR, peer)));
  }

  private static Reach atLeast(String title, double must, double aim, OptionalDouble measured) {
    return new Reach(title, measured, must, aim, TIMES, true);
  }

  private static OptionalDouble scaled(OptionalDouble value, double factor) {
    return value.isPresent() ? OptionalDouble.of(value.getAsDouble() * factor) : value;
  }

  /** One word or two on how it went. */
  String verdict() {
    if (measured.isEmpty()) {
      return "not measured";
    }
    return reaches(aim) ? "aim reached" : reaches(must) ? "must reached" : "MISSED";
  }

  private boolean reaches(double bound) {
    return moreIsBetter ? measured.orElseThrow() >= bound : measured.orElseThrow() <= bound;
  }

  /** A number of this row with its unit. */
  String number(double value) {
    String digits = unit.equals("MiB") ? "%.0f %s" : "%.2f %s";
    return String.format(Locale.ROOT, digits, value, unit);
  }
}

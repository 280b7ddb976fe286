package io.unsealfs.volume.luks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.unsealfs.block.BlockCache;
import io.unsealfs.block.ReadPolicy;
import io.unsealfs.storage.Source;
import io.unsealfs.volume.PinMismatchException;
import io.unsealfs.volume.SealedImage;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeFormatException;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.VolumeLimits;
import io.unsealfs.volume.WrongKeyException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever a header says, it opens, or is refused by name, at once and at little cost. */
class HostileHeaderTest {
  private static final int MUTATIONS = 10_000;

  /** Processor time of one opening: a busy machine does not change it. */
  private static final Duration MOST_WORK = Duration.ofSeconds(2);

  /** For what waits without working, on a machine that is busy with other things. */
  private static final Duration HANG = Duration.ofSeconds(60);

  /** An image of 350 KiB is read twice at most, and its JSON makes objects. */
  private static final long ALLOCATION_LIMIT = 16L << 20;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final VolumeLimits LITTLE_MEMORY = new VolumeLimits(1 << 20, 1 << 20);

  private final byte[] good = SmallImage.make();

  HostileHeaderTest() throws Exception {}

  /** Opens it and reads the first kilobyte. */
  private static byte[] open(byte[] image, byte[] passphrase, LuksOptions options)
      throws IOException {
    try (VolumeKey key = LuksVector.passphrase(passphrase);
        BlockCache cache = new BlockCache(1 << 20, 128 << 10, ReadPolicy.PLAIN);
        SealedImage sealed =
            new LuksFormat(options).read(new ArraySource(image), Optional.empty());
        Source plaintext =
            sealed.unlock(key, new VolumeContext(cache, LITTLE_MEMORY, warning -> {}))) {
      byte[] begin = new byte[(int) Math.min(1024, plaintext.size())];
      assertEquals(begin.length, plaintext.read(0, ByteBuffer.wrap(begin)));
      return begin;
    }
  }

  private static byte[] open(byte[] image) throws IOException {
    return open(image, SmallImage.PASSPHRASE, SmallImage.CHEAP);
  }

  private byte[] with(String from, String to) {
    String json = SmallImage.json(good);
    assertTrue(json.contains(from), from);
    return SmallImage.withJson(good, json.replace(from, to).getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void the_good_one_opens() throws Exception {
    assertArrayEquals(Arrays.copyOf(SmallImage.plaintext(), 1024), open(good));
    assertThrows(WrongKeyException.class, () -> open(good, new byte[] {1}, SmallImage.CHEAP));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"stripes\":4000 | \"stripes\":3999 | stripes",
        "\"stripes\":4000 | \"stripes\":4000.0 | fraction",
        "\"stripes\":4000 | \"stripes\":4e3 | fraction",
        "\"iterations\":1000 | \"iterations\":999 | iterations",
        "\"iterations\":1000 | \"iterations\":5001 | limit",
        "\"iterations\":1000 | \"iterations\":4294967295 | iterations",
        "\"iterations\":1000 | \"iterations\":-1000 | iterations",
        "\"iterations\":1000 | \"iterations\":\"1000\" | integer",
        "\"key_size\":64 | \"key_size\":63 | 63",
        "\"key_size\":64 | \"key_size\":2147483647 | key_size",
        "\"offset\":\"32768\" | \"offset\":\"0\" | key-slot area",
        "\"offset\":\"32768\" | \"offset\":\"18446744073709551615\" | out of range",
        "\"offset\":\"32768\" | \"offset\":\"9223372036854775807\" | key-slot area",
        "\"offset\":\"32768\" | \"offset\":\"-1\" | decimal",
        "\"offset\":\"32768\" | \"offset\":32768 | string",
        "\"size\":\"258048\" | \"size\":\"9223372036854775807\" | key-slot area",
        "\"size\":\"258048\" | \"size\":\"4096\" | key-slot area",
        "\"offset\":\"290816\" | \"offset\":\"0\" | --header",
        "\"offset\":\"290816\" | \"offset\":\"32768\" | inside the key slots",
        "\"offset\":\"290816\" | \"offset\":\"290817\" | sector",
        "\"offset\":\"290816\" | \"offset\":\"9223372036854771712\" | cut off",
        "\"size\":\"dynamic\" | \"size\":\"0\" | sectors",
        "\"size\":\"dynamic\" | \"size\":\"1000\" | sectors",
        "\"size\":\"dynamic\" | \"size\":\"1048576\" | bytes",
        "\"sector_size\":4096 | \"sector_size\":256 | sector_size",
        "\"sector_size\":4096 | \"sector_size\":8192 | sector_size",
        "\"sector_size\":4096 | \"sector_size\":3072 | 3072",
        "\"iv_tweak\":\"0\" | \"iv_tweak\":\"8\" | count of sectors",
        "\"type\":\"crypt\" | \"type\":\"linear\" | linear",
        "\"type\":\"crypt\" | \"type\":\"hw-opal-crypt\" | hw-opal-crypt",
        "\"type\":\"crypt\" | \"type\":\"crypt\",\"flags\":[\"in-reencryption\"] | flags",
        "\"type\":\"crypt\" | \"type\":\"crypt\",\"integrity\":{\"type\":\"hmac(sha256)\"}"
            + "| dm-integrity",
        "\"type\":\"luks2\" | \"type\":\"reencrypt\" | re-encryption",
        "\"type\":\"raw\" | \"type\":\"journal\" | journal",
        "\"type\":\"luks1\" | \"type\":\"luks9\" | luks9",
        "\"hash\":\"sha256\" | \"hash\":\"crc32\" | crc32",
        "\"digests\":{ | \"digests\":{},\"x\":{ | 0 digests",
        "\"keyslots\":[\"0\"] | \"keyslots\":[] | no digest",
        "\"keyslots\":[\"0\"] | \"keyslots\":[\"0\",\"0\"] | twice",
        "\"keyslots\":[\"0\"] | \"keyslots\":[\"0\",\"31\"] | not there",
        "\"segments\":[\"0\"] | \"segments\":[] | 0 digests",
        "\"segments\":[\"0\"] | \"segments\":[\"1\"] | not there",
        "\"tokens\":{} | \"tokens\":{\"0\":{\"type\":\"x\",\"keyslots\":[\"7\"]}} | not there",
        "\"tokens\":{} | \"tokens\":[] | object",
        "\"tokens\":{} | \"tokens\":{},\"tokens\":{} | JSON",
        "\"tokens\":{} | \"tokens\":null | null",
        "\"0\":{\"type\":\"luks2\" | \"32\":{\"type\":\"luks2\" | 32",
        "\"0\":{\"type\":\"luks2\" | \"00\":{\"type\":\"luks2\" | 00",
        "\"json_size\":\"12288\" | \"json_size\":\"12289\" | json_size",
        "\"keyslots_size\":\"258048\" | \"keyslots_size\":\"258049\" | keyslots_size",
        "\"keyslots_size\":\"258048\" | \"keyslots_size\":\"134217728\" | cut off",
        "\"keyslots_size\":\"258048\" | \"keyslots_size\":\"134221824\" | keyslots_size",
        "\"json_size\" | \"requirements\":{\"mandatory\":[\"online-reencrypt-v2\"]},\"json_size\""
            + "| re-encryption",
        "\"json_size\" | \"requirements\":{\"mandatory\":[\"opal\"]},\"json_size\" | opal",
        "\"json_size\" | \"requirements\":[\"opal\"],\"json_size\" | object",
        "\"type\":\"pbkdf2\",\"hash\" | \"type\":\"scrypt\",\"hash\" | scrypt"
      })
  void each_bad_value_is_refused_by_name(String from, String to, String named) {
    VolumeFormatException refusal =
        assertThrows(VolumeFormatException.class, () -> open(with(from, to)));
    String said = String.valueOf(refusal.getMessage());
    assertTrue(said.contains(named), said);
    assertFalse(said.contains("\n"), said);
  }

  @ParameterizedTest
  @CsvSource({
    "4294967295, 1024, 1",
    "3, 1024, 1",
    "4, 4294967295, 1",
    "4, 31, 1",
    "4, 2049, 1",
    "4, 1024, 0",
    "4, 1024, 5",
    "1000, 4194305, 4",
    "4, 4194304, 4"
  })
  void what_argon2_may_cost_is_bounded_before_it_runs(String time, String memory, String cpus) {
    String json = SmallImage.json(good);
    int from = json.indexOf("\"type\":\"pbkdf2\",\"hash\":\"sha256\",\"iterations\":1000,\"salt\"");
    assertTrue(from >= 0);
    int to = json.indexOf("\"salt\"", from);
    String argon2 =
        "\"type\":\"argon2id\",\"time\":" + time + ",\"memory\":" + memory + ",\"cpus\":" + cpus;
    String changed = json.substring(0, from) + argon2 + "," + json.substring(to);
    assertThrows(
        VolumeFormatException.class,
        () -> open(SmallImage.withJson(good, changed.getBytes(StandardCharsets.UTF_8))));
  }

  @Test
  void deep_and_numerous_json_is_refused() {
    for (String text :
        List.of(
            "{\"a\":" + "[".repeat(5000),
            "{\"a\":[" + "1,".repeat(6000) + "1]}",
            "{}",
            "{\"a\":\"\ud800\"}",
            "{\"keyslots\":{}} x",
            "[]")) {
      assertThrows(
          VolumeFormatException.class,
          () -> open(SmallImage.withJson(good, text.getBytes(StandardCharsets.UTF_8))));
    }
    byte[] notUtf8 = SmallImage.json(good).getBytes(StandardCharsets.UTF_8);
    notUtf8[5] = (byte) 0xff;
    assertThrows(VolumeFormatException.class, () -> open(SmallImage.withJson(good, notUtf8)));
  }

  @Test
  void either_copy_alone_is_enough_and_the_newer_one_counts() throws Exception {
    byte[] expected = Arrays.copyOf(SmallImage.plaintext(), 1024);
    byte[] first = good.clone();
    Arrays.fill(first, SmallImage.HEADER_SIZE, 2 * SmallImage.HEADER_SIZE, (byte) 0);
    assertArrayEquals(expected, open(first));
    byte[] second = good.clone();
    Arrays.fill(second, 0, SmallImage.HEADER_SIZE, (byte) 0);
    assertArrayEquals(expected, open(second));
    assertTrue(new LuksFormat(SmallImage.CHEAP).probe(new ArraySource(second)));
    byte[] newer = with("\"type\":\"crypt\"", "\"type\":\"linear\"");
    System.arraycopy(good, 0, newer, 0, SmallImage.HEADER_SIZE);
    newer[SmallImage.HEADER_SIZE + 23] = 2;
    SmallImage.repair(newer);
    assertThrows(VolumeFormatException.class, () -> open(newer));
    byte[] older = newer.clone();
    older[23] = 3;
    SmallImage.repair(older);
    assertArrayEquals(expected, open(older));
  }

  @Test
  void every_truncation_is_refused_or_leaves_whole_sectors() throws Exception {
    byte[] expected = Arrays.copyOf(SmallImage.plaintext(), 1024);
    int firstSector = SmallImage.DATA_OFFSET + 4096;
    for (int length = 0; length < good.length; length += step(length, 2 * SmallImage.HEADER_SIZE)) {
      byte[] cut = Arrays.copyOf(good, length);
      if (length < firstSector) {
        assertThrows(VolumeFormatException.class, () -> open(cut), () -> cut.length + " bytes");
      } else {
        assertArrayEquals(expected, open(cut));
      }
    }
  }

  @Test
  void every_truncation_of_luks1_is_refused_or_leaves_whole_sectors() throws Exception {
    byte[] image = SmallLuks1.make();
    byte[] expected = Arrays.copyOf(SmallImage.plaintext(), 512);
    for (int length = 0; length < image.length; length += step(length, 4096)) {
      byte[] cut = Arrays.copyOf(image, length);
      if (length < SmallLuks1.DATA_OFFSET + 512) {
        assertThrows(VolumeFormatException.class, () -> open(cut), () -> cut.length + " bytes");
      } else {
        assertArrayEquals(expected, Arrays.copyOf(open(cut), 512));
      }
    }
  }

  /** Every length as long as metadata is cut, and around the first sector; else some. */
  private static int step(int length, int everyUntil) {
    int border = SmallImage.DATA_OFFSET;
    boolean every = length < everyUntil || Math.abs(length - border) < 16;
    return every ? 1 : length < border ? 61 : 1021;
  }

  @Test
  void ten_thousand_mutations_end_in_a_typed_refusal_or_open() {
    Random random = new Random(20251121);
    byte[] json = SmallImage.json(good).getBytes(StandardCharsets.UTF_8);
    String[] words = {
      "0",
      "-1",
      "99999999999999999999",
      "\"",
      "{",
      "}",
      "[",
      "]",
      ":",
      ",",
      "null",
      "true",
      "\"18446744073709551615\"",
      "cipher_null-ecb",
      "\"0\":{}",
      "\\u0000",
      "1e9",
      "4294967296"
    };
    int opened = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] changed;
      if (i % 4 == 0) {
        changed = good.clone();
        for (int n = 0; n <= random.nextInt(4); n++) {
          changed[random.nextInt(2 * SmallImage.HEADER_SIZE)] ^= (byte) (1 + random.nextInt(255));
        }
        if (random.nextBoolean()) {
          SmallImage.repair(changed);
        }
      } else {
        changed = SmallImage.withJson(good, mutated(json, words, random));
      }
      opened += outcome(changed, i);
    }
    assertTrue(opened > 0 && opened < MUTATIONS, "opened " + opened);
  }

  @Test
  void thousands_of_mutations_of_luks1_end_in_a_typed_refusal_or_open() throws Exception {
    byte[] image = SmallLuks1.make();
    int[] edges = {0, 1, -1, 0x7fffffff, 0x80000000, 4000, 4096, 64, 0x00AC71F3, 0x0000DEAD};
    Random random = new Random(20251122);
    int opened = 0;
    int mutations = MUTATIONS / 4;
    for (int i = 0; i < mutations; i++) {
      byte[] changed = image.clone();
      for (int n = 0; n <= random.nextInt(3); n++) {
        if (random.nextBoolean()) {
          changed[random.nextInt(SmallLuks1.HEADER_SIZE)] ^= (byte) (1 << random.nextInt(8));
        } else {
          int at = 4 * random.nextInt(SmallLuks1.HEADER_SIZE / 4);
          ByteBuffer.wrap(changed).putInt(at, edges[random.nextInt(edges.length)]);
        }
      }
      opened += outcome(changed, i);
    }
    int all = opened;
    assertTrue(all > 0 && all < mutations, () -> "opened " + all);
  }

  private static int outcome(byte[] image, int number) {
    return assertTimeoutPreemptively(
        HANG, () -> boundedOutcome(image, number), () -> "mutation " + number);
  }

  /** 1 if it opened; nothing but a refusal otherwise, in bounded work and memory. */
  private static int boundedOutcome(byte[] image, int number) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    long workedBefore = THREADS.getCurrentThreadCpuTime();
    try {
      byte[] _ = open(image);
      return 1;
    } catch (VolumeFormatException | WrongKeyException | PinMismatchException e) {
      assertFalse(String.valueOf(e.getMessage()).contains("\n"));
      return 0;
    } catch (IOException | RuntimeException e) {
      throw new AssertionError("mutation " + number, e);
    } finally {
      long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
      assertTrue(
          allocated < ALLOCATION_LIMIT, () -> "mutation " + number + ": " + allocated + " bytes");
      Duration worked = Duration.ofNanos(THREADS.getCurrentThreadCpuTime() - workedBefore);
      assertTrue(worked.compareTo(MOST_WORK) < 0, () -> "mutation " + number + " took " + worked);
    }
  }

  private static byte[] mutated(byte[] json, String[] words, Random random) {
    byte[] word = words[random.nextInt(words.length)].getBytes(StandardCharsets.US_ASCII);
    int at = random.nextInt(json.length);
    int end = Math.min(json.length, at + random.nextInt(random.nextBoolean() ? 4 : 200));
    ByteBuffer out = ByteBuffer.allocate(2 * json.length + word.length);
    out.put(json, 0, at);
    switch (random.nextInt(4)) {
      case 0 -> out.put(word).put(json, end, json.length - end);
      case 1 -> out.put(word).put(json, at, json.length - at);
      case 2 -> out.put(json, end, json.length - end);
      default -> {
        out.put(json, at, json.length - at);
        out.put(at, (byte) (out.get(at) + 1 + random.nextInt(9)));
      }
    }
    return Arrays.copyOf(out.array(), out.position());
  }
}

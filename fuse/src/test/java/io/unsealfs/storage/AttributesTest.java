package io.unsealfs.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/** Times in 64 bits. */
class AttributesTest {
  private static Attributes at(long time) {
    return new Attributes(NodeKind.FILE, 1, 0, 0, 0, 0, 0, 1, time, time, 0);
  }

  @Property
  void every_time_that_ext4_has_comes_back(
      @ForAll @LongRange(min = Integer.MIN_VALUE, max = 15_032_385_535L) long seconds,
      @ForAll @IntRange(min = 0, max = 999_999_999) int nanos) {
    Attributes attributes = at(Attributes.time(seconds, nanos));
    assertEquals(seconds, attributes.modifiedSeconds());
    assertEquals(nanos, attributes.modifiedNanoOfSecond());
    assertEquals(seconds, attributes.changedSeconds());
    assertEquals(nanos, attributes.changedNanoOfSecond());
  }

  @Property
  void times_of_this_age_are_plain_nanoseconds(
      @ForAll @LongRange(min = -2_000_000_000, max = 9_000_000_000L) long seconds) {
    assertEquals(seconds * 1_000_000_000 + 7, Attributes.time(seconds, 7));
  }

  @Example
  void times_out_of_reach_become_the_nearest() {
    assertEquals(Integer.MIN_VALUE, at(Attributes.time(Long.MIN_VALUE, 0)).modifiedSeconds());
    long last = at(Attributes.time(Long.MAX_VALUE, 5)).modifiedSeconds();
    assertEquals(16_299_260_424L, last);
    assertEquals(last, at(Attributes.time(last, 0)).modifiedSeconds());
  }
}

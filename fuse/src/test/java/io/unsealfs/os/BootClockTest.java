package io.unsealfs.os;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class BootClockTest {
  /** What the kernel calls uptime is the same clock, cut to hundredths of a second. */
  @Test
  void isTheTimeSinceTheStartOfTheMachine() throws IOException {
    double before = uptime();
    double clock = BootClock.nanos() / 1e9;
    double after = uptime();
    assertTrue(before <= clock && clock <= after + 0.02, before + " " + clock + " " + after);
  }

  @Test
  void neverGoesBack() {
    long last = BootClock.nanos();
    for (int i = 0; i < 10_000; i++) {
      long now = BootClock.nanos();
      assertTrue(now >= last);
      last = now;
    }
  }

  private static double uptime() throws IOException {
    return Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ", -1)[0]);
  }
}

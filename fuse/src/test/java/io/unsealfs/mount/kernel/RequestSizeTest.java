package io.unsealfs.mount.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RequestSizeTest {
  @TempDir Path directory;

  private int pages(String text) throws Exception {
    Path file = Files.writeString(directory.resolve("limit"), text);
    return RequestSize.allowed(file).pages();
  }

  @Test
  void theKernelsLimitIsTakenWithinOurs() throws Exception {
    assertEquals(256, pages("256\n"));
    assertEquals(1024, pages("65535\n"));
    assertEquals(1, pages("0\n"));
    assertEquals(256, pages("rubbish"));
    assertEquals(256, RequestSize.allowed(directory.resolve("none")).pages());
  }

  @Test
  void thisKernelsOwnFileIsReadWhole() {
    // its digits come in one read or not at all; half a number would be far too small
    assertTrue(RequestSize.allowed().pages() >= 32);
  }
}

package io.unsealfs.daemon.status;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class RecordJsonTest {
  private static final MountStatus STATUS =
      Statuses.of(
          5, 6, new MountStatus.FileErrors("a\n\"b", "damaged", "read", 2, "2026-01-01T00:00:00Z"));

  @Test
  void whatIsWrittenIsReadAgain() throws IOException {
    String line = RecordJson.write(STATUS);
    assertEquals(1, line.lines().count());
    assertTrue(line.contains("\"read_bytes\":5"), line);
    assertTrue(line.contains("\"preload\":null"), line);
    assertEquals(STATUS, RecordJson.read(line, MountStatus.class));
  }

  @Test
  void membersOfANewerProgramAreLeftOut() throws IOException {
    String line = RecordJson.write(STATUS);
    String newer = "{\"news\":{\"of\":[1,{}]}," + line.substring(1);
    assertEquals(STATUS, RecordJson.read(newer, MountStatus.class));
  }

  @Test
  void whatIsCutOffIsRefusedAtEveryPlace() {
    String line = RecordJson.write(STATUS);
    for (int length = 0; length < line.length(); length++) {
      String cut = line.substring(0, length);
      assertThrows(IOException.class, () -> RecordJson.read(cut, MountStatus.class), cut);
    }
  }

  @Test
  void whatHasAnotherFormIsRefused() {
    for (String text :
        new String[] {
          "[]",
          "7",
          "{}",
          "null",
          RecordJson.write(STATUS) + "{}",
          RecordJson.write(STATUS).replace("\"pid\":4711", "\"pid\":\"4711\""),
          RecordJson.write(STATUS).replace("\"pid\":4711", "\"pid\":47111111111111111111111"),
          RecordJson.write(STATUS).replace("\"on\":false", "\"on\":0")
        }) {
      assertThrows(IOException.class, () -> RecordJson.read(text, MountStatus.class), text);
    }
  }
}

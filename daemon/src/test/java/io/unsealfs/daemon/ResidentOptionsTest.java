package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.mount.Mount;
import io.unsealfs.mount.resident.ResidentPlan;
import io.unsealfs.mount.resident.TouchAhead;
import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** From the words of {@code resident=} to what a mount does. */
class ResidentOptionsTest {
  private static final long MIB = 1 << 20;
  private static final long LEFT = 1000 * MIB;
  private static final long LIMIT = 4000 * MIB;

  private final Lines log = new Lines();

  @BeforeEach
  void listen() {
    Logger.getLogger("io.unsealfs.mount").addHandler(log);
  }

  @AfterEach
  void listenNoMore() {
    Logger.getLogger("io.unsealfs.mount").removeHandler(log);
  }

  private static Optional<TouchAhead> nothing(long bytes) {
    return Optional.empty();
  }

  private static ResidentOptions options(String glob, String size) {
    ResidentOptions options = new ResidentOptions();
    options.glob = glob;
    options.size = size.isEmpty() ? null : size;
    return options;
  }

  private static Optional<ResidentPlan> plan(String glob, String size, long... sizes)
      throws Exception {
    return options(glob, size)
        .choice(LEFT, LIMIT, ResidentOptionsTest::nothing)
        .of(new Files(sizes));
  }

  @Test
  void nothingIsResidentUnlessAskedFor() throws Exception {
    ResidentChoice choice = new ResidentOptions().choice(LEFT, LIMIT, ResidentOptionsTest::nothing);
    assertTrue(choice.of(new Files(100 * MIB)).isEmpty());
    assertTrue(choice.state(new EndedMount()).isEmpty());
    assertEquals(List.of(), log.lines);
  }

  @ParameterizedTest
  @CsvSource({
    "'', 500", // half of what is free
    "50%, 2000", // of the limit
    "300M, 300",
    "1T, 4000", // never more than there is
  })
  void theBudgetIsAsAskedFor(String size, long expected) throws Exception {
    assertEquals(expected, plan("**", size, MIB).orElseThrow().budgetBytes() / MIB);
  }

  @Test
  void aSizeWithoutResidentAndNonsenseAreRefused() {
    ResidentOptions alone = new ResidentOptions();
    alone.size = "1G";
    assertThrows(
        UsageException.class, () -> alone.choice(LEFT, LIMIT, ResidentOptionsTest::nothing));
    for (String size : List.of("0%", "100%", "much", "-1")) {
      assertThrows(UsageException.class, () -> plan("**", size), size);
    }
  }

  @Test
  void autoIsOnWhereAllOfItFitsIntoHalfOfWhatIsFree() throws Exception {
    ResidentPlan plan = plan("auto", "", 200 * MIB, 299 * MIB, 1000).orElseThrow();
    assertEquals(500 * MIB, plan.budgetBytes());
    assertTrue(plan.selects().test("any/file"));
    assertEquals(List.of(), log.lines, "what is on is said once it is mounted");
  }

  @Test
  void autoIsOffWithOneLineWhereItDoesNotFit() throws Exception {
    ResidentChoice choice = options("auto", "").choice(LEFT, LIMIT, ResidentOptionsTest::nothing);
    assertTrue(choice.of(new Files(200 * MIB, 301 * MIB)).isEmpty());
    assertEquals(1, log.lines.size(), log.lines::toString);
    assertTrue(log.lines.getFirst().contains("resident: off: auto: "), log.lines::toString);
    String state = choice.state(new EndedMount()).orElseThrow();
    assertTrue(state.contains("more than the 500 MiB"), state);
  }

  @Test
  void autoNeverTakesMoreThanHalfWhateverItsSize() throws Exception {
    assertEquals(500 * MIB, plan("auto", "90%", 3 * MIB).orElseThrow().budgetBytes());
    assertEquals(100 * MIB, plan("auto", "100M", 3 * MIB).orElseThrow().budgetBytes());
    assertTrue(plan("auto", "100M", 101 * MIB).isEmpty());
  }

  @Test
  void autoMayBeForSomeFilesOnly() throws Exception {
    ResidentPlan plan = plan("auto:file0", "", 400 * MIB, 400 * MIB).orElseThrow();
    assertTrue(plan.selects().test("file0"));
    assertFalse(plan.selects().test("file1"));
  }

  @Test
  void autoIsOffWhereNoFileIsLargeEnough() throws Exception {
    assertTrue(plan("auto", "", 1000, MIB).isEmpty());
    assertTrue(log.lines.getFirst().contains("no file"), log.lines::toString);
  }

  @Test
  void whatATransportSaysIsTheStateOfAMount() throws Exception {
    ResidentChoice choice = options("**", "").choice(LEFT, LIMIT, ResidentOptionsTest::nothing);
    assertTrue(choice.of(new Files(3 * MIB)).isPresent());
    EndedMount mount =
        new EndedMount() {
          @Override
          public Optional<String> residentOff() {
            return Optional.of("for a test");
          }
        };
    choice.begun(mount);
    assertEquals(List.of(), log.lines, "the transport has said so");
    assertEquals("resident: off: for a test", choice.state(mount).orElseThrow());
  }

  @Test
  void memoryIsTouchedForTheBudgetAtOnceAndForAutoOnceItIsOn() throws Exception {
    List<Long> begun = new ArrayList<>();
    LongFunction<Optional<TouchAhead>> touching =
        bytes -> {
          begun.add(bytes / MIB);
          return Optional.empty();
        };
    options("**", "300M").choice(LEFT, LIMIT, touching).begin();
    assertEquals(List.of(300L), begun);
    new ResidentOptions().choice(LEFT, LIMIT, touching).begin();
    ResidentChoice auto = options("auto", "300M").choice(LEFT, LIMIT, touching);
    auto.begin();
    assertTrue(auto.of(new Files(200 * MIB, 101 * MIB)).isEmpty());
    assertEquals(List.of(300L), begun);
    assertTrue(auto.of(new Files(200 * MIB, 11 * MIB)).isPresent());
    // whole huge pages: the smaller file takes 12
    assertEquals(List.of(300L, 212L), begun);
    auto.close();
    assertTrue(auto.of(new Files(200 * MIB, 11 * MIB)).isPresent());
    assertEquals(List.of(300L, 212L), begun, "after the end");
  }

  private static final class Lines extends Handler {
    private final List<String> lines = new ArrayList<>();

    @Override
    public void publish(LogRecord record) {
      lines.add(
          record.getParameters() == null
              ? record.getMessage()
              : java.text.MessageFormat.format(record.getMessage(), record.getParameters()));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  private static class EndedMount implements Mount {
    @Override
    public Path mountPoint() {
      return Path.of("/");
    }

    @Override
    public boolean awaitEnd(Duration timeout) {
      return true;
    }

    @Override
    public boolean unmountUnused() {
      return true;
    }

    @Override
    public int openFiles() {
      return 0;
    }

    @Override
    public void refuseOpens(IOException why) {}

    @Override
    public void admitOpens() {}

    @Override
    public void revoke(IOException why) {}

    @Override
    public void unmount(Duration grace) {}
  }

  /** A root directory with a file of each size: file0, file1 and so on. */
  private static final class Files implements FileTree {
    private final long[] sizes;

    Files(long... sizes) {
      this.sizes = sizes;
    }

    private static Node node(NodeKind kind, long id, long size) {
      Attributes attributes = new Attributes(kind, id, size, 0, 0755, 0, 0, 1, 1, 1, 1);
      return new Node() {
        @Override
        public Attributes attributes() {
          return attributes;
        }

        @Override
        public String location() {
          return "stored";
        }
      };
    }

    @Override
    public Node root() {
      return node(NodeKind.DIRECTORY, 1, 0);
    }

    @Override
    public Node lookup(Node directory, Name name) {
      int number = Integer.parseInt(name.toString().substring(4));
      return node(NodeKind.FILE, number + 2, sizes[number]);
    }

    @Override
    public List<DirectoryEntry> list(Node directory) {
      List<DirectoryEntry> entries = new ArrayList<>();
      for (int i = 0; i < sizes.length; i++) {
        entries.add(new DirectoryEntry(Name.of("file" + i), NodeKind.FILE, i + 2));
      }
      return entries;
    }

    @Override
    public Source open(Node file) {
      throw new UnsupportedOperationException("nobody reads");
    }

    @Override
    public Name readLink(Node link) {
      throw new UnsupportedOperationException("no link");
    }

    @Override
    public List<Name> listXattrs(Node node) {
      return List.of();
    }

    @Override
    public byte[] xattr(Node node, Name name) {
      throw new UnsupportedOperationException("no attribute");
    }

    @Override
    public Statistics statistics() {
      return new Statistics(4096, 0, 0, 0, 0);
    }

    @Override
    public void close() {}
  }
}

package io.unsealfs.mount.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.mount.Errno;
import io.unsealfs.mount.FuseEvents;
import io.unsealfs.mount.Guard;
import io.unsealfs.mount.MemoryTree;
import io.unsealfs.mount.MountOptions;
import io.unsealfs.mount.NodeAdapter;
import io.unsealfs.mount.Validity;
import io.unsealfs.storage.Name;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class DispatcherTest {
  private static final int MOST = 1 << 20;
  private static final int MAX_ERRNO = 4095;

  private final MemoryTree tree = new MemoryTree();
  private final KernelRequest request = new KernelRequest();
  private final KernelReply reply = new KernelReply(MOST);
  private final Mounted mounted = new Mounted(List.of(), false);

  /** What a mount is made of, without the kernel. */
  private final class Mounted {
    final NodeAdapter nodes;
    final UnseenDirectories listed = new UnseenDirectories();
    final Inodes inodes;
    final Dispatcher dispatcher;

    Mounted(List<Integer> allowUids, boolean unseenOpens) {
      nodes =
          new NodeAdapter(
              tree,
              new MountOptions("s", false, allowUids, OptionalInt.empty(), OptionalInt.empty(), 0));
      UnseenOpens unseen = new UnseenOpens(nodes);
      inodes =
          new Inodes(
              tree.top(),
              id -> {
                unseen.forget(id);
                listed.forget(id);
              });
      dispatcher =
          new Dispatcher(
              new Guard(FuseEvents.NONE),
              new NodeRequests(nodes, inodes, new RootAcl(allowUids)),
              new FileRequests(nodes, inodes, unseenOpens, unseen, null),
              new DirectoryRequests(nodes, inodes, unseenOpens, listed));
    }

    int answer(byte[] bytes) {
      request.load(bytes);
      reply.reset();
      return dispatcher.answer(request, reply);
    }

    long lookup(long parent, String name) {
      assertEquals(EntryFormat.ENTRY_SIZE, answer(Requests.named(Opcode.LOOKUP, parent, name)));
      return reply.payload().getLong(0);
    }
  }

  private byte[] payload(int length) {
    byte[] bytes = new byte[length];
    reply.payload().get(bytes);
    return bytes;
  }

  @Test
  void anEntryCarriesNumberTimesAndAttributesInTheKernelsLayout() {
    MemoryTree.MemoryNode file = tree.file("f", 4711);
    long id = mounted.lookup(Inode.ROOT_ID, "f");
    assertEquals(2, id);
    ByteBuffer entry = reply.payload();
    assertEquals(Validity.FOREVER.entrySeconds(), entry.getLong(16));
    assertEquals(Validity.FOREVER.entrySeconds(), entry.getLong(24));
    assertEquals(file.attributes().fileId(), entry.getLong(40));
    assertEquals(4711, entry.getLong(48));
    assertEquals(1_600_000_000L, entry.getLong(72));
    assertEquals(123_456_789, entry.getInt(92));
    assertEquals(0100644, entry.getInt(100));
    assertEquals(1, entry.getInt(104));
    assertEquals(1234, entry.getInt(108));
    assertEquals(5678, entry.getInt(112));
  }

  @Test
  void aNameThatIsNotThereIsRememberedByTheKernel() {
    assertEquals(0, mounted.lookup(Inode.ROOT_ID, "missing"));
    assertEquals(Validity.FOREVER.entrySeconds(), reply.payload().getLong(16));
    assertEquals(0, mounted.inodes.size());
  }

  @Test
  void aFileIsOpenedReadAndReleased() {
    MemoryTree.MemoryNode file = tree.file("f", 300_000);
    long id = mounted.lookup(Inode.ROOT_ID, "f");
    assertEquals(16, mounted.answer(Requests.open(Opcode.OPEN, id, 0)));
    long handle = reply.payload().getLong(0);
    assertEquals(2, reply.payload().getInt(8), "the kernel keeps what it has cached");
    byte[] all = MemoryTree.content(file);
    assertEquals(131_072, mounted.answer(Requests.read(Opcode.READ, id, handle, 4096, 131_072)));
    assertArrayEquals(Arrays.copyOfRange(all, 4096, 4096 + 131_072), payload(131_072));
    int rest = 300_000 - 262_144;
    assertEquals(rest, mounted.answer(Requests.read(Opcode.READ, id, handle, 262_144, 131_072)));
    assertArrayEquals(Arrays.copyOfRange(all, 262_144, 300_000), payload(rest));
    assertEquals(0, mounted.answer(Requests.read(Opcode.READ, id, handle, 400_000, 4096)));
    assertEquals(0, mounted.answer(Requests.read(Opcode.RELEASE, id, handle, 0, 0)));
    assertEquals(0, mounted.nodes.openFiles());
    assertEquals(-Errno.EBADF, mounted.answer(Requests.read(Opcode.READ, id, handle, 0, 4096)));
  }

  @Test
  void filesThatWereNeverOpenedAreReadWhereTheKernelWasToldSo() {
    Mounted unseen = new Mounted(List.of(), true);
    MemoryTree.MemoryNode file = tree.file("f", 10_000);
    long id = unseen.lookup(Inode.ROOT_ID, "f");
    assertEquals(-Errno.ENOSYS, unseen.answer(Requests.open(Opcode.OPEN, id, 0)));
    assertEquals(4096, unseen.answer(Requests.read(Opcode.READ, id, 0, 4096, 4096)));
    assertArrayEquals(Arrays.copyOfRange(MemoryTree.content(file), 4096, 8192), payload(4096));
    assertEquals(1808, unseen.answer(Requests.read(Opcode.READ, id, 0, 8192, 4096)));
    assertEquals(1, unseen.nodes.openFiles());
    unseen.inodes.forget(id, 1);
    assertEquals(0, unseen.nodes.openFiles(), "closed when the kernel forgets the node");
  }

  @Test
  void listingsOfDirectoriesThatWereNeverOpenedGoWithTheNode() {
    Mounted unseen = new Mounted(List.of(), true);
    tree.file(tree.directory(tree.top(), Name.of("d")), Name.of("f"), 1);
    long id = unseen.lookup(Inode.ROOT_ID, "d");
    assertEquals(-Errno.ENOSYS, unseen.answer(Requests.open(Opcode.OPENDIR, id, 0)));
    for (int position = 0; position < 3; position++) {
      assertTrue(unseen.answer(Requests.read(Opcode.READDIR, id, 0, position, 4096)) > 0);
    }
    assertEquals(1, tree.calls("list"), "the listing is kept");
    assertEquals(1, unseen.listed.size());
    unseen.inodes.forget(id, 1);
    assertEquals(0, unseen.listed.size());
  }

  @Test
  void onlyReadingIsAllowed() {
    tree.file("f", 1);
    long id = mounted.lookup(Inode.ROOT_ID, "f");
    assertEquals(-Errno.EROFS, mounted.answer(Requests.open(Opcode.OPEN, id, 1)));
    assertEquals(-Errno.EROFS, mounted.answer(Requests.open(Opcode.OPEN, id, 2)));
    for (int opcode :
        new int[] {
          Opcode.SETATTR, Opcode.MKDIR, Opcode.UNLINK, Opcode.RENAME2, Opcode.WRITE, Opcode.CREATE
        }) {
      assertEquals(-Errno.EROFS, mounted.answer(Requests.named(opcode, id, "x")));
    }
  }

  @Test
  void aLongListingComesInPiecesAndWhole() {
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      expected.add("entry-" + i + "x".repeat(i % 7));
      tree.file(expected.getLast(), 1);
    }
    for (boolean plus : new boolean[] {false, true}) {
      int opcode = plus ? Opcode.READDIRPLUS : Opcode.READDIR;
      assertEquals(16, mounted.answer(Requests.open(Opcode.OPENDIR, Inode.ROOT_ID, 0)));
      long handle = reply.payload().getLong(0);
      List<String> seen = new ArrayList<>();
      long position = 0;
      int got;
      do {
        got = mounted.answer(Requests.read(opcode, Inode.ROOT_ID, handle, position, 4096));
        assertTrue(got >= 0 && got <= 4096, "result " + got);
        ByteBuffer out = reply.payload();
        for (int at = 0; at < got; ) {
          int dirent = at + (plus ? EntryFormat.ENTRY_SIZE : 0);
          byte[] name = new byte[out.getInt(dirent + 16)];
          out.get(dirent + 24, name);
          String text = new String(name, StandardCharsets.UTF_8);
          if (plus) {
            assertEquals(text.startsWith("."), out.getLong(at) == 0);
          }
          assertEquals(text.startsWith(".") ? 4 : 8, out.getInt(dirent + 20));
          position = out.getLong(dirent + 8);
          seen.add(text);
          at = dirent + 24 + (name.length + 7 & ~7);
        }
      } while (got > 0);
      assertEquals(List.of(".", ".."), seen.subList(0, 2));
      assertEquals(expected, seen.subList(2, seen.size()));
      assertEquals(plus ? 500 : 0, mounted.inodes.size());
      assertEquals(0, mounted.answer(Requests.read(Opcode.RELEASEDIR, 1, handle, 0, 0)));
      assertEquals(
          -Errno.EBADF, mounted.answer(Requests.read(opcode, Inode.ROOT_ID, handle, 0, 4096)));
    }
  }

  @Test
  void referencesOfAReplyThatNobodyGotAreTakenBack() {
    tree.file("f", 1);
    mounted.lookup(Inode.ROOT_ID, "f");
    assertEquals(1, mounted.inodes.size());
    reply.takeBackCounts(mounted.inodes);
    assertEquals(0, mounted.inodes.size());
  }

  @Test
  void forgetsTakeAwayWhatTheySay() {
    tree.file("f", 1);
    tree.file("g", 1);
    long f = mounted.lookup(Inode.ROOT_ID, "f");
    mounted.lookup(Inode.ROOT_ID, "f");
    long g = mounted.lookup(Inode.ROOT_ID, "g");
    mounted.answer(Requests.request(Opcode.FORGET, f, arguments -> arguments.putLong(1)));
    assertNotNull(mounted.inodes.get(f));
    mounted.answer(
        Requests.request(
            Opcode.BATCH_FORGET,
            0,
            arguments ->
                arguments.putInt(2).putInt(0).putLong(f).putLong(1).putLong(g).putLong(1)));
    assertNull(mounted.inodes.get(f));
    assertNull(mounted.inodes.get(g));
  }

  @Test
  void aBatchThatClaimsMorePairsThanItHasIsCut() {
    tree.file("f", 1);
    long f = mounted.lookup(Inode.ROOT_ID, "f");
    mounted.answer(
        Requests.request(
            Opcode.BATCH_FORGET,
            0,
            arguments -> arguments.putInt(-1).putInt(0).putLong(f).putLong(1)));
    assertNull(mounted.inodes.get(f));
  }

  @Test
  void linksAndAttributesComeAsBytes() {
    byte[] target = {'t', (byte) 0xff, '/', (byte) 0xfe};
    tree.link("l", Name.of(target));
    long link = mounted.lookup(Inode.ROOT_ID, "l");
    int length = mounted.answer(Requests.request(Opcode.READLINK, link, arguments -> {}));
    assertArrayEquals(target, payload(length));
    MemoryTree.MemoryNode file = tree.file("f", 1);
    file.xattr(Name.of("user.a"), new byte[] {1, 2, 3});
    long id = mounted.lookup(Inode.ROOT_ID, "f");
    assertEquals(8, mounted.answer(xattr(Opcode.GETXATTR, id, 0, "user.a")));
    assertEquals(3, reply.payload().getInt(0));
    assertEquals(3, mounted.answer(xattr(Opcode.GETXATTR, id, 3, "user.a")));
    assertArrayEquals(new byte[] {1, 2, 3}, payload(3));
    assertEquals(-Errno.ERANGE, mounted.answer(xattr(Opcode.GETXATTR, id, 2, "user.a")));
    assertEquals(-Errno.ENODATA, mounted.answer(xattr(Opcode.GETXATTR, id, 9, "user.b")));
    assertEquals(7, mounted.answer(xattr(Opcode.LISTXATTR, id, 64, "")));
    assertEquals("user.a\0", new String(payload(7), StandardCharsets.UTF_8));
    file.xattr(Name.of("trusted.b"), new byte[] {1});
    byte[] list = xattr(Opcode.LISTXATTR, id, 64, "");
    ByteBuffer.wrap(list).order(ByteOrder.nativeOrder()).putInt(24, 0);
    assertEquals(17, mounted.answer(list), "the super-user sees all");
    ByteBuffer.wrap(list).order(ByteOrder.nativeOrder()).putInt(24, 1000);
    assertEquals(7, mounted.answer(list), "others do not see what they may not read");
  }

  private static byte[] xattr(int opcode, long node, int size, String name) {
    return Requests.request(
        opcode,
        node,
        arguments -> {
          arguments.putInt(size).putInt(0);
          arguments.put(name.getBytes(StandardCharsets.UTF_8)).put((byte) 0);
        });
  }

  @Test
  void severalAllowedUsersStandInAnAccessControlListOfTheRoot() {
    Mounted shared = new Mounted(List.of(1007, 1003), false);
    int length =
        shared.answer(xattr(Opcode.GETXATTR, Inode.ROOT_ID, 4096, "system.posix_acl_access"));
    assertEquals(4 + 8 * 6, length);
    ByteBuffer list = reply.payload();
    assertEquals(2, list.getInt(0));
    assertEquals(1003, list.getInt(16));
    assertEquals(1007, list.getInt(24));
    assertEquals(0, list.getShort(4 + 8 * 5 + 2), "nothing for others");
    assertEquals(
        EntryFormat.ATTRIBUTES_SIZE,
        shared.answer(
            Requests.request(Opcode.GETATTR, 1, arguments -> arguments.putLong(0).putLong(0))));
    assertEquals(0040750, reply.payload().getInt(16 + 60));
    tree.file("f", 1);
    long file = shared.lookup(Inode.ROOT_ID, "f");
    assertEquals(
        -Errno.ENODATA, shared.answer(xattr(Opcode.GETXATTR, file, 64, "system.posix_acl_access")));
  }

  @Test
  void whateverIsThrownBecomesAnErrno() {
    tree.file("f", 1);
    long id = mounted.lookup(Inode.ROOT_ID, "f");
    tree.fault(
        "open",
        () -> {
          throw new OutOfMemoryError("planted");
        });
    assertEquals(-Errno.EIO, mounted.answer(Requests.open(Opcode.OPEN, id, 0)));
    tree.fault(
        "open",
        () -> {
          throw new InterruptedIOException("planted");
        });
    assertEquals(-Errno.EINTR, mounted.answer(Requests.open(Opcode.OPEN, id, 0)));
  }

  @Test
  void unknownNodesAndRequestsAreAnswered() {
    assertEquals(-Errno.ESTALE, mounted.answer(Requests.named(Opcode.LOOKUP, 99, "f")));
    assertEquals(-Errno.ESTALE, mounted.answer(Requests.open(Opcode.OPEN, 99, 0)));
    for (int opcode : new int[] {0, 20, 25, 34, 39, 40, 46, 52, 4096, -1}) {
      assertEquals(-Errno.ENOSYS, mounted.answer(Requests.named(opcode, 1, "f")), "" + opcode);
    }
  }

  @Test
  void noRequestHoweverCutOrTwistedBreaksTheRules() {
    tree.file("f", 100_000);
    tree.link("l", Name.of("f"));
    List<byte[]> seeds =
        List.of(
            Requests.named(Opcode.LOOKUP, 1, "f"),
            Requests.open(Opcode.OPEN, 2, 0),
            Requests.open(Opcode.OPENDIR, 1, 0),
            Requests.read(Opcode.READ, 2, 1, 0, 4096),
            Requests.read(Opcode.READDIR, 1, 1, 0, 4096),
            Requests.read(Opcode.READDIRPLUS, 1, 1, 0, 4096),
            xattr(Opcode.GETXATTR, 2, 64, "user.a"),
            Requests.request(Opcode.FORGET, 2, arguments -> arguments.putLong(1)),
            Requests.request(
                Opcode.BATCH_FORGET, 0, arguments -> arguments.putLong(1).putLong(2).putLong(1)));
    SplittableRandom random = new SplittableRandom(1);
    for (byte[] seed : seeds) {
      for (int length = KernelRequest.HEADER_SIZE; length <= seed.length; length++) {
        check(Arrays.copyOf(seed, length));
      }
    }
    for (int i = 0; i < 50_000; i++) {
      byte[] twisted = seeds.get(random.nextInt(seeds.size())).clone();
      for (int n = random.nextInt(1, 5); n > 0; n--) {
        twisted[random.nextInt(twisted.length)] = (byte) random.nextInt();
      }
      check(twisted);
    }
    assertNotEquals(0, mounted.lookup(Inode.ROOT_ID, "f"));
  }

  private void check(byte[] bytes) {
    int result = mounted.answer(bytes);
    assertTrue(result >= -MAX_ERRNO && result <= MOST, "result " + result);
  }
}

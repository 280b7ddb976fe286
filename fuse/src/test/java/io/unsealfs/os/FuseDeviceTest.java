package io.unsealfs.os;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The device and mount(2), against the kernel of this machine. */
class FuseDeviceTest {
  private static final int INIT = 26;
  private static final long FLAGS = KernelMount.RDONLY | KernelMount.NOSUID | KernelMount.NODEV;

  @TempDir Path directory;

  @BeforeEach
  void needsFuse() {
    FuseMounts.requireRootAndFuse();
  }

  private byte[] point() throws Exception {
    return directory.toRealPath().toString().getBytes(UTF_8);
  }

  private static byte[] options(FuseDevice device) throws Exception {
    return ("fd=" + device.number() + ",rootmode=40000,user_id=0,group_id=0").getBytes(UTF_8);
  }

  private static ByteBuffer next(FuseDevice device) throws Exception {
    ByteBuffer request = ByteBuffer.allocateDirect(FuseDevice.MIN_READ_BYTES);
    int length = device.read(request.order(ByteOrder.nativeOrder()));
    assertEquals(length, request.position());
    return request.flip();
  }

  private static int errno(org.junit.jupiter.api.function.Executable call) {
    return assertThrows(SystemCallException.class, call).errno();
  }

  @Test
  void aMountTalksThroughItsDeviceUntilItIsUnmounted() throws Exception {
    List<String> before = FuseMounts.settledDescriptors();
    try (FuseDevice device = FuseDevice.open()) {
      assertEquals(ErrorNumber.EPERM, errno(() -> next(device)), "not mounted yet");
      KernelMount.mount(
          "a source".getBytes(UTF_8), point(), "fuse.unsealfs", FLAGS, options(device));
      try {
        MountTable.Entry entry =
            MountTable.read().stream()
                .filter(e -> e.isAt(pointQuietly()))
                .findFirst()
                .orElseThrow();
        assertEquals("fuse.unsealfs", entry.type());
        assertArrayEquals("a source".getBytes(UTF_8), entry.source());
        assertTrue(entry.options().startsWith("ro,nosuid,nodev"), entry.options());

        ByteBuffer request = next(device);
        assertEquals(request.limit(), request.getInt(0), "a whole request");
        assertEquals(INIT, request.getInt(4));

        byte[] refusal = new byte[64];
        ByteBuffer.wrap(refusal)
            .order(ByteOrder.nativeOrder())
            .putInt(16)
            .putInt(-71)
            .putLong(request.getLong(8));
        assertEquals(ErrorNumber.EINVAL, errno(() -> device.write(refusal, 17)), "wrong length");
        device.write(refusal, 16);
        assertEquals(ErrorNumber.ENOENT, errno(() -> device.write(refusal, 16)), "answered");
      } finally {
        Unmounter.detach(point());
      }
      assertEquals(ErrorNumber.ENODEV, errno(() -> next(device)), "gone");
    }
    FuseMounts.assertDescriptors(before);
  }

  private byte[] pointQuietly() {
    try {
      return point();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aCloneReadsFromTheSameConnection() throws Exception {
    List<String> before = FuseMounts.settledDescriptors();
    try (FuseDevice device = FuseDevice.open()) {
      assertThrows(SystemCallException.class, device::cloned, "nothing mounted to clone");
      KernelMount.mount("s".getBytes(UTF_8), point(), "fuse", FLAGS, options(device));
      try (FuseDevice clone = device.cloned()) {
        assertNotEquals(device.number(), clone.number());
        assertEquals(INIT, next(clone).getInt(4));
      } finally {
        Unmounter.detach(point());
      }
    }
    FuseMounts.assertDescriptors(before);
  }

  @Test
  void aClosedDeviceIsRefusedAndNotSomebodyElsesNumber() throws Exception {
    FuseDevice device = FuseDevice.open();
    device.close();
    device.close();
    assertEquals(ErrorNumber.EBADF, errno(device::number));
    assertEquals(ErrorNumber.EBADF, errno(device::cloned));
    assertEquals(ErrorNumber.EBADF, errno(() -> next(device)));
    assertEquals(ErrorNumber.EBADF, errno(() -> device.write(new byte[16], 16)));
  }

  @Test
  void buffersThatCannotBeUsedAreRefusedBeforeTheCall() throws Exception {
    try (FuseDevice device = FuseDevice.open()) {
      assertThrows(IllegalArgumentException.class, () -> device.read(ByteBuffer.allocate(1 << 16)));
      assertThrows(
          java.nio.ReadOnlyBufferException.class,
          () -> device.read(ByteBuffer.allocateDirect(1 << 16).asReadOnlyBuffer()));
      assertThrows(IndexOutOfBoundsException.class, () -> device.write(new byte[15], 16));
      assertThrows(IndexOutOfBoundsException.class, () -> device.write(new byte[15], -1));
    }
  }

  @Test
  void aMountThatIsRefusedSaysWhy() throws Exception {
    byte[] source = {'s'};
    assertEquals(
        ErrorNumber.EINVAL,
        errno(() -> KernelMount.mount(source, point(), "fuse", FLAGS, "fd=x".getBytes(UTF_8))));
    assertEquals(
        ErrorNumber.ENODEV,
        errno(() -> KernelMount.mount(source, point(), "no-such-type", FLAGS, new byte[0])));
    byte[] cut = new String(point(), UTF_8).concat("\0x").getBytes(UTF_8);
    assertEquals(
        ErrorNumber.EINVAL, errno(() -> KernelMount.mount(source, cut, "tmpfs", 0, new byte[0])));
    assertFalse(MountTable.read().stream().anyMatch(e -> e.isAt(pointQuietly())));
  }
}

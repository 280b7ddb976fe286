package io.unsealfs.key.file;

import io.unsealfs.attest.Attester;
import io.unsealfs.key.KeyProbe;
import io.unsealfs.key.KeyProvider;
import io.unsealfs.key.KeyReference;
import io.unsealfs.key.KeyReferenceException;
import io.unsealfs.key.Secret;
import io.unsealfs.key.SecretMemory;
import io.unsealfs.key.ServerTrust;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.regex.Pattern;

/** {@code fd:N}: an inherited descriptor (a pipe, mostly), read to its end. */
public final class FdKeyProvider implements KeyProvider {
  private static final Pattern NUMBER = Pattern.compile("0|[1-9][0-9]{0,6}");

  private final SecretMemory memory;
  private final DescriptorOpener opener;

  /** A provider whose secrets live in {@code memory}, reading through {@code /proc/self/fd}. */
  public FdKeyProvider(SecretMemory memory) {
    this(memory, FdKeyProvider::openThroughProc);
  }

  /** A provider whose secrets live in {@code memory}, reading through {@code opener}. */
  public FdKeyProvider(SecretMemory memory, DescriptorOpener opener) {
    this.memory = memory;
    this.opener = opener;
  }

  @Override
  public Set<String> schemes() {
    return Set.of("fd");
  }

  @Override
  public Secret fetch(KeyReference reference, Attester attester, ServerTrust trust)
      throws IOException {
    requireNumber(reference);
    String what = "file descriptor " + reference.body();
    try (ReadableByteChannel channel = opener.open(Integer.parseInt(reference.body()))) {
      return SecretReader.read(channel, what, memory);
    } catch (KeyReferenceException e) {
      throw e;
    } catch (IOException e) {
      throw new KeyReferenceException(what + " cannot be read: is it open in the caller?", e);
    }
  }

  /** Only whether it is open: what is read from a pipe is gone. */
  @Override
  public KeyProbe probe(KeyReference reference, ServerTrust trust) throws IOException {
    requireNumber(reference);
    if (!Files.exists(Path.of("/proc/self/fd/" + reference.body()), LinkOption.NOFOLLOW_LINKS)) {
      throw new KeyReferenceException(
          "file descriptor " + reference.body() + " is not open in the caller");
    }
    return KeyProbe.of("file descriptor " + reference.body() + " is open");
  }

  private static void requireNumber(KeyReference reference) throws KeyReferenceException {
    if (!NUMBER.matcher(reference.body()).matches()) {
      throw new KeyReferenceException("key reference fd: takes the number of a descriptor");
    }
  }

  private static ReadableByteChannel openThroughProc(int descriptor) throws IOException {
    return FileChannel.open(Path.of("/proc/self/fd/" + descriptor), StandardOpenOption.READ);
  }
}

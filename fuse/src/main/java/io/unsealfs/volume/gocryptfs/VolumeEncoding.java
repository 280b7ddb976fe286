package io.unsealfs.volume.gocryptfs;

import io.unsealfs.crypto.Eme;
import io.unsealfs.os.OutputDirectory;
import io.unsealfs.os.OutputFile;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.NameTooLongException;
import io.unsealfs.storage.local.TreeEncoding;
import io.unsealfs.volume.gocryptfs.GocryptfsConfig.NameMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The stored form of a tree in a new volume (gocryptfs.md sections 4 and 6 to 9). */
final class VolumeEncoding implements TreeEncoding {
  private static final byte[] TWEAK_FILE = "gocryptfs.diriv".getBytes(StandardCharsets.US_ASCII);
  private static final int BOOKKEEPING_MODE = 0444;
  private static final int LINK_TARGET_MAX = 4095;
  private static final Name USER = Name.of("user.");
  private static final Name ACL = Name.of("system.posix_acl_");
  private static final String STORED_ATTRIBUTE = "user.gocryptfs.";

  private final boolean plaintextNames;
  private final VolumeCiphers ciphers;
  private final LongNames longNames;
  private final SecureRandom random;
  private final AtomicBoolean rootNamed = new AtomicBoolean();

  /** Takes over the volume's ciphers. */
  VolumeEncoding(NewVolume volume, SecureRandom random) {
    this.plaintextNames = volume.config().nameMode() == NameMode.PLAINTEXT;
    this.ciphers = volume.ciphers();
    this.longNames =
        new LongNames(volume.config().longNameLimit(), volume.ciphers().names().base64());
    this.random = random;
  }

  @Override
  public NameEncoding names(OutputDirectory created) throws SystemCallException {
    boolean root = rootNamed.compareAndSet(false, true);
    if (plaintextNames) {
      return root ? VolumeEncoding::plaintextRootName : (_, name) -> name;
    }
    byte[] tweak = new byte[Eme.TWEAK_SIZE];
    random.nextBytes(tweak);
    created.createFile(TWEAK_FILE, tweak, BOOKKEEPING_MODE);
    return (directory, name) -> encryptedName(directory, name, tweak);
  }

  private static byte[] plaintextRootName(OutputDirectory directory, byte[] name)
      throws FileSystemException {
    if (Arrays.equals(name, GocryptfsConfig.FILE_NAME.getBytes(StandardCharsets.US_ASCII))) {
      throw new FileSystemException(
          GocryptfsConfig.FILE_NAME,
          null,
          "is reserved in the root of a volume with plaintext names; rename it, or encrypt names");
    }
    return name;
  }

  private byte[] encryptedName(OutputDirectory directory, byte[] name, byte[] tweak)
      throws SystemCallException {
    Name encoded = ciphers.names().encrypt(Name.of(name), tweak);
    if (!longNames.isLong(encoded)) {
      return encoded.toBytes();
    }
    Name object = longNames.objectName(encoded);
    directory.createFile(LongNames.nameFile(object).toBytes(), encoded.toBytes(), BOOKKEEPING_MODE);
    return object.toBytes();
  }

  @Override
  public byte[] linkTarget(byte[] target, String path) throws NameTooLongException {
    if (plaintextNames) {
      return target;
    }
    byte[] sealed = ciphers.content().seal(nonce(), target);
    byte[] stored = ciphers.names().base64().encode(sealed).toBytes();
    if (stored.length > LINK_TARGET_MAX) {
      throw new NameTooLongException(
          path
              + ": link target of "
              + target.length
              + " bytes; encrypted it would be longer than a link can be (3039 bytes at most)");
    }
    return stored;
  }

  @Override
  public @Nullable StoredAttribute attribute(byte[] name, byte[] value) {
    Name plaintext = Name.of(name);
    if (plaintext.startsWith(ACL)) {
      return new StoredAttribute(name, value);
    }
    if (!plaintext.startsWith(USER)) {
      return null;
    }
    Name stored = Name.of(STORED_ATTRIBUTE + ciphers.names().encryptXattrName(plaintext));
    return new StoredAttribute(
        stored.toBytes(), value.length == 0 ? value : ciphers.content().seal(nonce(), value));
  }

  @Override
  public FileEncoding file(OutputFile file, long plaintextSize) {
    return new EncryptedContent(file, ciphers.content(), random, plaintextSize);
  }

  private byte[] nonce() {
    byte[] nonce = new byte[ciphers.content().nonceSize()];
    random.nextBytes(nonce);
    return nonce;
  }

  @Override
  public void close() {
    ciphers.close();
  }
}

package io.unsealfs.volume.gocryptfs;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.crypto.Scrypt;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.IllegalNodeException;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeFormat;
import io.unsealfs.volume.VolumeFormatException;
import io.unsealfs.volume.VolumeInfo;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.WrongKeyException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;

/** gocryptfs volumes, all flags of version 2 (gocryptfs.md). */
public final class GocryptfsFormat implements VolumeFormat {
  private static final Name CONFIG = Name.of(GocryptfsConfig.FILE_NAME);
  private static final Name REVERSE_CONFIG = Name.of(".gocryptfs.reverse.conf");

  /** The format; it has no state. */
  public GocryptfsFormat() {}

  /**
   * Whether an object of that name is one of the small ones that others are found by: worth to be
   * read ahead of all use where each read is a request.
   */
  public static boolean isIndex(Name name) {
    return name.equals(CONFIG)
        || name.equals(DirectoryTweaks.FILE_NAME)
        || (name.startsWith(LongNames.PREFIX) && name.endsWith(LongNames.NAME_FILE_SUFFIX));
  }

  @Override
  public String name() {
    return "gocryptfs";
  }

  @Override
  public boolean probe(FileTree ciphertextTree) throws IOException {
    try {
      Node node = ciphertextTree.lookup(ciphertextTree.root(), CONFIG);
      return node.kind() == NodeKind.FILE;
    } catch (NoSuchFileException | IllegalNodeException e) {
      return false;
    }
  }

  @Override
  public VolumeInfo info(FileTree ciphertextTree) throws IOException {
    byte[] file = readConfig(ciphertextTree);
    return ConfigInfo.of(ConfigParser.parse(file), file);
  }

  /**
   * {@inheritDoc}
   *
   * <p>A passphrase proves itself by the tag on the wrapped master key. A raw key is the 32-byte
   * master key; the config's flags apply to it all the same, and it is refused unless it decrypts
   * something of the volume.
   */
  @Override
  public Volume open(FileTree ciphertextTree, VolumeKey key, VolumeContext context)
      throws IOException {
    VolumeCiphers ciphers = null;
    boolean opened = false;
    try {
      byte[] file = readConfig(ciphertextTree);
      GocryptfsConfig config = ConfigParser.parse(file);
      if (config.has(FeatureFlag.FIDO2)) {
        throw GocryptfsConfig.bad(
            "the volume is unlocked by a FIDO2 token, which is not supported: copy it into a volume"
                + " that was made without -fido2");
      }
      ciphers = unlock(config, key, context);
      LimitedWarnings warnings = new LimitedWarnings(context.warnings());
      GocryptfsTree tree =
          new GocryptfsTree(ciphertextTree, config, ciphers, context.cache(), warnings);
      requireRootTweak(ciphertextTree, tree.entries());
      if (key instanceof VolumeKey.RawKey) {
        new MasterKeyProof(ciphertextTree, config, ciphers, tree.entries()).require(warnings);
      }
      Volume volume =
          new GocryptfsVolume(ciphertextTree, config, ciphers, tree, ConfigInfo.of(config, file));
      opened = true;
      return volume;
    } finally {
      if (!opened) {
        if (ciphers != null) {
          ciphers.close();
        }
        ciphertextTree.close();
      }
    }
  }

  private static byte[] readConfig(FileTree tree) throws IOException {
    Node root = tree.root();
    try {
      return SmallFile.read(tree, root, CONFIG, 0, ConfigParser.MAX_SIZE);
    } catch (NoSuchFileException e) {
      throw new VolumeFormatException(
          isReverse(tree, root)
              ? "a plaintext tree for gocryptfs -reverse, not a volume: there is nothing to decrypt"
              : "no " + GocryptfsConfig.FILE_NAME + " in it: not a gocryptfs volume",
          e);
    } catch (IntegrityException e) {
      throw new VolumeFormatException(String.valueOf(e.getMessage()), e);
    } catch (IllegalNodeException e) {
      throw new VolumeFormatException(GocryptfsConfig.FILE_NAME + ": not a regular file", e);
    }
  }

  private static boolean isReverse(FileTree tree, Node root) throws IOException {
    try {
      return tree.lookup(root, REVERSE_CONFIG).kind() == NodeKind.FILE;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private static VolumeCiphers unlock(GocryptfsConfig config, VolumeKey key, VolumeContext context)
      throws IOException {
    return switch (key) {
      case VolumeKey.Passphrase passphrase -> unlock(config, passphrase, context);
      case VolumeKey.RawKey raw -> {
        int size = raw.memory().size();
        if (size != GocryptfsConfig.MASTER_KEY_SIZE) {
          throw new WrongKeyException(
              "the master key has " + size + " bytes, a gocryptfs master key has 32");
        }
        yield raw.use(bytes -> derive(config, bytes, context));
      }
    };
  }

  private static VolumeCiphers unlock(
      GocryptfsConfig config, VolumeKey.Passphrase passphrase, VolumeContext context)
      throws IOException {
    ScryptCost cost = config.scrypt();
    cost.checkAffordable(context.limits());
    byte[] kek;
    try {
      kek =
          passphrase.use(
              bytes -> Scrypt.derive(bytes, config.salt(), cost.n(), cost.r(), cost.p(), 32));
    } catch (OutOfMemoryError e) {
      // the heap was checked, but others may have taken it meanwhile
      throw new VolumeFormatException(
          GocryptfsConfig.FILE_NAME + ": scrypt found too little memory: give Java a larger heap",
          e);
    }
    byte[] masterKey = {};
    try {
      masterKey = KeyWrap.unwrap(kek, config.encryptedKey(), config.has(FeatureFlag.HKDF));
      return derive(config, masterKey, context);
    } finally {
      Arrays.fill(kek, (byte) 0);
      Arrays.fill(masterKey, (byte) 0);
    }
  }

  /** A raw key is told before it has proved itself; nothing is made of it if it does not. */
  private static VolumeCiphers derive(
      GocryptfsConfig config, byte[] masterKey, VolumeContext context) {
    context.opened().use(masterKey);
    return VolumeCiphers.derive(config, masterKey);
  }

  private static void requireRootTweak(FileTree tree, EntryDecoder entries) throws IOException {
    try {
      entries.requireTweak(tree.root());
    } catch (IntegrityException e) {
      throw new VolumeFormatException("root directory: " + e.problem(), e);
    }
  }
}

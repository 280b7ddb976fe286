package io.unsealfs.mount.point;

import io.unsealfs.mount.MountException;
import io.unsealfs.os.MountTable;
import io.unsealfs.storage.Name;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A mount point by its canonical path, the one in the mount table.
 *
 * <p>The path has to be one that Java can show: its text, encoded again, has to give the same
 * bytes. (Names <em>below</em> a mount point may be any bytes.)
 *
 * @param path canonical
 * @param bytes the same as the kernel takes it, without NUL
 */
public record MountPoint(Path path, Name bytes) {
  /** Links that lead to each other; as many as the kernel follows. */
  private static final int LINKS_MOST = 40;

  /**
   * Finds the canonical path without touching what may be mounted there: only the parent is
   * resolved, and the last name too if nothing is mounted on it.
   *
   * @param table the present mounts
   * @throws MountException if there is no such directory, or its path is not text
   */
  public static MountPoint of(Path given, List<MountTable.Entry> table) throws MountException {
    Path absolute = given.toAbsolutePath().normalize();
    Path name = absolute.getFileName();
    Path parent = absolute.getParent();
    if (name == null || parent == null) {
      throw new MountException("cannot mount on /: choose an empty directory");
    }
    try {
      MountPoint point = encoded(parent.toRealPath().resolve(name));
      if (point.mounted(table).isPresent()) {
        return point;
      }
      return encoded(point.path.toRealPath());
    } catch (NoSuchFileException e) {
      throw new MountException(
          "cannot mount on " + given + ": no such directory; create it first", e);
    } catch (IOException e) {
      throw new MountException("cannot mount on " + given + ": " + e.getMessage(), e);
    }
  }

  /**
   * The path in the mount table of what {@code given} leads to, as far as that can be told without
   * touching what is mounted there. Where the way is broken it is {@code given}, made absolute.
   */
  public static Path canonical(Path given) throws MountException {
    Path path = given.toAbsolutePath().normalize();
    try {
      List<MountTable.Entry> table = MountTable.read();
      for (int links = 0; links < LINKS_MOST; links++) {
        Path name = path.getFileName();
        Path parent = path.getParent();
        if (name == null || parent == null) {
          return path;
        }
        path = parent.toRealPath().resolve(name);
        // nobody can mount on a link itself, so one is only looked for where nothing is mounted
        if (encoded(path).mounted(table).isPresent() || !Files.isSymbolicLink(path)) {
          return path;
        }
        path = path.resolveSibling(Files.readSymbolicLink(path)).normalize();
      }
    } catch (MountException e) {
      throw e;
    } catch (IOException e) {
      // it leads nowhere, or nowhere we may look: who mounts or unmounts says so
      return given.toAbsolutePath().normalize();
    }
    return given.toAbsolutePath().normalize();
  }

  private static MountPoint encoded(Path path) throws MountException {
    Charset charset = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
    String text = path.toString();
    byte[] bytes = text.getBytes(charset);
    if (text.indexOf('\uFFFD') >= 0 || !new String(bytes, charset).equals(text)) {
      throw new MountException(
          "cannot mount on "
              + path
              + ": the path is not text in the character set "
              + charset
              + " of the locale; rename it, or set LC_ALL to a UTF-8 locale");
    }
    return new MountPoint(path, Name.of(bytes));
  }

  /** The topmost mount here. */
  public Optional<MountTable.Entry> mounted(List<MountTable.Entry> table) {
    byte[] here = bytes.toBytes();
    return table.stream().filter(entry -> entry.isAt(here)).reduce((below, above) -> above);
  }

  /**
   * The numbers of all mounts here, which no new one here can have. Those of other places mean
   * nothing: the kernel uses the number of a mount that is gone again.
   */
  public Set<Integer> idsHere(List<MountTable.Entry> table) {
    byte[] here = bytes.toBytes();
    return table.stream()
        .filter(entry -> entry.isAt(here))
        .map(MountTable.Entry::id)
        .collect(Collectors.toSet());
  }

  /**
   * Whether an automount waits here (systemd.automount(5), autofs(5)). Whoever looks into it waits
   * for the mount, and so would who is to make it.
   */
  public boolean isAutomount(List<MountTable.Entry> table) {
    return mounted(table).filter(top -> top.type().equals("autofs")).isPresent();
  }

  /**
   * Refuses what libfuse would refuse with a line on standard error only, and what the kernel would
   * cover silently. Only for a place where nothing is mounted yet.
   *
   * @throws MountException if it is no directory, or has something in it
   */
  public void requireEmptyDirectory() throws MountException {
    if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      throw new MountException("cannot mount on " + path + ": not a directory");
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
      if (entries.iterator().hasNext()) {
        throw new MountException(
            "cannot mount on " + path + ": the directory is not empty; choose an empty one");
      }
    } catch (IOException | UncheckedIOException e) {
      if (e instanceof MountException refused) {
        throw refused;
      }
      throw new MountException("cannot mount on " + path + ": " + e.getMessage(), e);
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }
}

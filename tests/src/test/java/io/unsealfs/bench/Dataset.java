package io.unsealfs.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is read: a gocryptfs volume with that program's defaults but a fast key derivation, and the
 * same files in an ext4 image, all in memory; and the C programs that read it.
 */
final class Dataset {
  private final BenchOptions options;
  private final Workspace workspace;
  private final Path key;
  private final Path ciphertext;
  private final Path client;
  private final Map<String, String> missing = new TreeMap<>();
  private @Nullable Path nullFileSystem;
  private @Nullable String loopDevice;

  private Dataset(BenchOptions options, Workspace workspace) throws IOException {
    this.options = options;
    this.workspace = workspace;
    this.key = workspace.directory().resolve("key");
    this.ciphertext = workspace.newDirectory("cipher");
    this.client = workspace.directory().resolve("client");
  }

  /** Makes it all; what only some subjects need may be missing. */
  static Dataset make(BenchOptions options, Workspace workspace) throws IOException {
    Dataset data = new Dataset(options, workspace);
    data.compile();
    data.touchMemory();
    data.makeVolume();
    data.makeImage();
    return data;
  }

  /** Bytes that all of it takes at most, with room for the memory touched in advance. */
  static long footprint(BenchOptions options) {
    return 6 * options.sizeBytes() + (512L << 20);
  }

  BenchOptions options() {
    return options;
  }

  Path launcher() {
    return options.home().resolve("daemon/bin/unsealfs");
  }

  Path client() {
    return client;
  }

  Path key() {
    return key;
  }

  Path ciphertext() {
    return ciphertext;
  }

  Path nullFileSystem() {
    return present(nullFileSystem, Subject.NULL);
  }

  String loopDevice() {
    return present(loopDevice, Subject.EXT4);
  }

  /** Why a subject cannot take part, if that is known already. */
  Optional<String> missing(Subject subject) {
    return Optional.ofNullable(missing.get(subject.kind().name()));
  }

  private <T> T present(@Nullable T value, String what) {
    if (value == null) {
      throw new IllegalStateException(what + " was left out");
    }
    return value;
  }

  private void compile() throws IOException {
    Programs programs = workspace.programs();
    Path sources = options.home().resolve("tests/bench");
    programs.run(
        "gcc", "-O2", "-pthread", "-o", client.toString(), sources.resolve("client.c").toString());
    Path binary = workspace.directory().resolve("nullfs");
    try {
      List<String> words =
          new ArrayList<>(
              List.of(
                  "gcc", "-O2", "-o", binary.toString(), sources.resolve("nullfs.c").toString()));
      String flags = programs.run("pkg-config", "--cflags", "--libs", "fuse3");
      words.addAll(List.of(flags.split("\\s+", -1)));
      programs.run(words);
      nullFileSystem = binary;
    } catch (IOException e) {
      missing.put(Subject.Kind.NULL.name(), "libfuse3-dev, pkg-config: " + e.getMessage());
    }
    // builds what is not built, so that no mount waits for it
    programs.run(launcher().toString(), "--version");
  }

  /**
   * The first touch of a page of a virtual machine is slow; it must not fall into a measurement.
   */
  private void touchMemory() throws IOException {
    Path file = workspace.directory().resolve("touch");
    workspace
        .programs()
        .run(
            "dd",
            "if=/dev/zero",
            "of=" + file,
            "bs=1M",
            "count=" + 6L * options.sizeMebibytes(),
            "status=none");
    Files.delete(file);
  }

  private void makeVolume() throws IOException {
    Files.createFile(
        key, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(key, "benchmark only");
    Programs programs = workspace.programs();
    Path plain = workspace.newDirectory("plain");
    try {
      programs.run("gocryptfs", "-version");
    } catch (IOException e) {
      missing.put(Subject.Kind.GOCRYPTFS.name(), "the program gocryptfs is missing");
      fill(plain);
      // encrypt makes its target itself
      Files.delete(ciphertext);
      programs.run(
          launcher().toString(),
          "encrypt",
          plain.toString(),
          ciphertext.toString(),
          "--format",
          "gocryptfs",
          "--scrypt-n",
          "10",
          "--key",
          "file:" + key);
      programs.run("rm", "-r", plain.toString());
      return;
    }
    programs.run(
        "gocryptfs",
        "-q",
        "-init",
        "-scryptn",
        "10",
        "-passfile",
        key.toString(),
        ciphertext.toString());
    programs.run(
        "gocryptfs",
        "-q",
        "-nosyslog",
        "-passfile",
        key.toString(),
        ciphertext.toString(),
        plain.toString());
    fill(plain);
    workspace.unmount(plain, Workspace.daemons(plain).stream().findFirst());
  }

  private void makeImage() {
    Programs programs = workspace.programs();
    try {
      Path image = workspace.directory().resolve("ext4.img");
      // one and a half of the size, the small files, and what the file system keeps
      int mebibytes = options.sizeMebibytes() * 3 / 2 + 64 + options.sizeMebibytes() / 16;
      programs.run("truncate", "--size=" + mebibytes + "M", image.toString());
      programs.run("mkfs.ext4", "-q", "-m", "0", "-N", "20000", "-F", image.toString());
      String device = workspace.loopDevice(image);
      Path plain = workspace.newDirectory("image");
      programs.run("mount", "-t", "ext4", device, plain.toString());
      fill(plain);
      workspace.unmount(plain, Optional.empty());
      loopDevice = device;
    } catch (IOException e) {
      missing.put(Subject.Kind.EXT4.name(), String.valueOf(e.getMessage()));
    }
  }

  private void fill(Path directory) throws IOException {
    workspace
        .programs()
        .run(
            client.toString(),
            "fill",
            directory.toString(),
            Integer.toString(options.sizeMebibytes()),
            Integer.toString(options.smallFiles()),
            Integer.toString(options.manyFiles()));
  }
}

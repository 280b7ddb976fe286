package io.unsealfs.systemd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.e2e.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The unit files as they lie in the checkout. */
class UnitFilesTest {
  /** Each gives a service a mount namespace of its own: nobody outside would see its mounts. */
  private static final List<String> HIDE_MOUNTS =
      List.of(
          "PrivateTmp",
          "PrivateDevices",
          "PrivateMounts",
          "PrivateNetwork",
          "PrivateIPC",
          "PrivatePIDs",
          "PrivateUsers",
          "ProtectSystem",
          "ProtectHome",
          "ProtectKernelTunables",
          "ProtectKernelModules",
          "ProtectKernelLogs",
          "ProtectControlGroups",
          "ProtectProc",
          "ProcSubset",
          "ReadOnlyPaths",
          "ReadWritePaths",
          "InaccessiblePaths",
          "ExecPaths",
          "NoExecPaths",
          "BindPaths",
          "BindReadOnlyPaths",
          "TemporaryFileSystem",
          "RootDirectory",
          "RootImage",
          "RootImageOptions",
          "MountImages",
          "ExtensionImages",
          "ExtensionDirectories",
          "MountAPIVFS",
          "MountFlags",
          "DynamicUser",
          "LogNamespace",
          "NetworkNamespacePath",
          "IPCNamespacePath",
          "JoinsNamespaceOf",
          "StateDirectory",
          "CacheDirectory",
          "RuntimeDirectory",
          "LogsDirectory",
          "ConfigurationDirectory");

  /** "retry?" says no in the table of exit codes. */
  private static final Set<Integer> NOT_RETRIED = Set.of(2, 20, 21, 23, 24, 25, 26, 27);

  @TempDir Path scratch = Path.of("");

  private static Path units() {
    return Needs.checkout().resolve("systemd/units");
  }

  private static List<String> settings(String unit) throws IOException {
    return Files.readAllLines(units().resolve(unit)).stream()
        .filter(line -> !line.startsWith("#") && line.contains("="))
        .toList();
  }

  private static List<String> names(String unit) throws IOException {
    return settings(unit).stream().map(line -> line.substring(0, line.indexOf('='))).toList();
  }

  private static String value(String unit, String name) throws IOException {
    return settings(unit).stream()
        .filter(line -> line.startsWith(name + "="))
        .map(line -> line.substring(name.length() + 1))
        .collect(Collectors.joining(" "));
  }

  @ParameterizedTest
  @ValueSource(strings = {"unsealfs@.service", "unsealfs-mount@.service"})
  void nothingHidesTheMountFromOthers(String unit) throws IOException {
    Set<String> hiding = new TreeSet<>(names(unit));
    hiding.retainAll(HIDE_MOUNTS);
    assertEquals(Set.of(), hiding);
  }

  @ParameterizedTest
  @ValueSource(strings = {"unsealfs@.service", "unsealfs-mount@.service"})
  void whatWillFailAgainIsNotTriedAgain(String unit) throws IOException {
    Set<Integer> prevented =
        Arrays.stream(value(unit, "RestartPreventExitStatus").split(" ", -1))
            .map(Integer::valueOf)
            .collect(Collectors.toSet());
    assertEquals(NOT_RETRIED, prevented);
    assertEquals("on-failure", value(unit, "Restart"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"unsealfs@.service", "unsealfs-mount@.service", "unsealfs-keyserver.service"})
  void noServiceLeavesSecretsOnADisk(String unit) throws IOException {
    assertEquals("0", value(unit, "MemorySwapMax"));
    assertEquals("0", value(unit, "LimitCORE"));
  }

  @Test
  void bothKindsOfMountHaveTheSameLimits() throws IOException {
    Set<String> one = new TreeSet<>(settings("unsealfs@.service"));
    Set<String> other = new TreeSet<>(settings("unsealfs-mount@.service"));
    Set<String> differ = new TreeSet<>(one);
    differ.removeAll(other);
    other.removeAll(one);
    differ.addAll(other);
    Set<String> names =
        differ.stream()
            .map(line -> line.substring(0, line.indexOf('=')))
            .collect(Collectors.toSet());
    names.removeAll(
        Set.of(
            "Description",
            "Documentation",
            "AssertPathExists",
            "DefaultDependencies",
            "Wants",
            "After",
            "Before",
            "PartOf",
            "ExecStart",
            "Environment",
            "WantedBy"));
    assertEquals(Set.of(), names);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"unsealfs@.service", "unsealfs-mount@.service", "unsealfs-keyserver.service"})
  void systemdFindsNothingWrongAndTheExposureIsSmall(String unit)
      throws IOException, InterruptedException {
    Needs.programs("systemd-analyze");
    // an instance, with a program that is there
    Path file = scratch.resolve(unit.replace("@", "@test"));
    Files.writeString(
        file, Files.readString(units().resolve(unit)).replace("=/usr/bin/unsealfs", "=/bin/true"));
    Files.copy(units().resolve("unsealfs.target"), scratch.resolve("unsealfs.target"));
    String said =
        Tool.run(
            60,
            "sh",
            "-c",
            "SYSTEMD_UNIT_PATH=\"$0\": systemd-analyze verify --man=no \"$1\"",
            scratch.toString(),
            file.toString());
    assertFalse(said.contains(unit.replace("@", "@test")), said);
    String exposure =
        Tool.run(
            60,
            "systemd-analyze",
            "security",
            "--no-pager",
            "--offline=true",
            "--threshold=40",
            file.toString());
    assertTrue(exposure.contains("exposure level"), exposure);
  }
}

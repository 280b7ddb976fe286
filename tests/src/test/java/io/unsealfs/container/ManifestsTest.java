package io.unsealfs.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HTTPGetAction;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.unsealfs.e2e.Needs;
import io.unsealfs.keyserver.KeyServerConfig;
import io.unsealfs.verify.policy.Policy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The manifests below container/kubernetes. There is no cluster here: this is what can be checked.
 */
class ManifestsTest {
  private static final Path FOLDER = Needs.checkout().resolve("container/kubernetes");
  private static final Set<String> KUSTOMIZATION =
      Set.of(
          "apiVersion",
          "kind",
          "namespace",
          "resources",
          "configMapGenerator",
          "patches",
          "images");
  private static final String PROBE_PORT = "metrics";

  /** Patches, and objects of KServe and Kustomize, for which there are no classes. */
  private static final Set<String> OTHERS =
      Set.of(
          "kustomize.config.k8s.io/v1beta1",
          "serving.kserve.io/v1alpha1",
          "serving.kserve.io/v1beta1");

  @TempDir Path scratch;

  static List<Path> files() throws IOException {
    try (Stream<Path> all = Files.walk(FOLDER)) {
      return all.filter(file -> file.toString().endsWith(".yaml"))
          .filter(file -> !file.endsWith("keyserver/keyserver.yaml"))
          .filter(file -> !file.endsWith("keyserver/policy.yaml"))
          .sorted()
          .toList();
    }
  }

  private static Map<?, ?> map(@Nullable Object value) {
    return (Map<?, ?>) Objects.requireNonNull(value);
  }

  private static List<?> list(@Nullable Object value) {
    return value == null ? List.of() : (List<?>) value;
  }

  @ParameterizedTest
  @MethodSource("files")
  void everyObjectIsOneThatTheApiKnows(Path file) throws IOException {
    List<Object> documents = Manifest.documents(file);
    assertFalse(documents.isEmpty(), file.toString());
    for (Object document : documents) {
      if (!OTHERS.contains(map(document).get("apiVersion")) && !file.endsWith("oss.yaml")) {
        assertNotNull(Manifest.typed(document));
      }
    }
  }

  @Test
  void aFieldThatTheApiDoesNotKnowIsRefused() throws IOException {
    Object document = Manifest.documents(FOLDER.resolve("sidecar/deployment.yaml")).getFirst();
    Map<Object, Object> wrong = new TreeMap<>((Map<?, ?>) document);
    wrong.put("specs", Map.of());
    assertThrows(IllegalArgumentException.class, () -> Manifest.typed(wrong));
  }

  @ParameterizedTest
  @ValueSource(strings = {"sidecar", "coco", "ack", "run", "keyserver", "kserve"})
  void everyFileIsPartOfItsKustomization(String folder) throws IOException {
    Path directory = FOLDER.resolve(folder);
    Map<?, ?> kustomization =
        map(Manifest.documents(directory.resolve("kustomization.yaml")).getFirst());
    for (Object key : kustomization.keySet()) {
      assertTrue(KUSTOMIZATION.contains(String.valueOf(key)), () -> folder + ": " + key);
    }
    Set<String> named = new LinkedHashSet<>();
    list(kustomization.get("resources")).forEach(name -> named.add(String.valueOf(name)));
    list(kustomization.get("patches"))
        .forEach(patch -> named.add(String.valueOf(map(patch).get("path"))));
    for (Object generator : list(kustomization.get("configMapGenerator"))) {
      for (Object entry : list(map(generator).get("files"))) {
        named.add(String.valueOf(entry).replaceAll(".*=", ""));
      }
    }
    for (String name : named) {
      assertTrue(Files.exists(directory.resolve(name)), folder + " names " + name);
    }
    named.add("kustomization.yaml");
    try (Stream<Path> present = Files.list(directory)) {
      assertEquals(
          List.of(),
          present
              .map(file -> String.valueOf(file.getFileName()))
              .filter(name -> !named.contains(name))
              .toList());
    }
  }

  /** With the program itself, which no package of Debian 12 has in a version of today. */
  @ParameterizedTest
  @ValueSource(strings = {"sidecar", "coco", "ack", "run", "keyserver", "kserve"})
  void whatKustomizeMakesOfItAreObjectsThatTheApiKnows(String folder)
      throws IOException, InterruptedException {
    assumeTrue(hasKustomize(), "this machine lacks kubectl with Kustomize 4 or later");
    Path made = Files.createDirectory(scratch.resolve(folder));
    Path out = made.resolve("all.yaml");
    Program.run(
        made,
        60,
        "sh",
        "-c",
        "kubectl kustomize \"$0\" >\"$1\"",
        FOLDER.resolve(folder).toString(),
        out.toString());
    List<Object> objects = Manifest.documents(out);
    for (Object object : objects) {
      if (!OTHERS.contains(map(object).get("apiVersion"))) {
        assertNotNull(Manifest.typed(object));
      }
    }
    if (folder.equals("ack")) {
      String all = Files.readString(out);
      assertFalse(all.contains("/ciphertext"), "the volume of the base is gone");
      assertTrue(all.contains("mountPath: /cache"));
    }
  }

  private boolean hasKustomize() throws IOException, InterruptedException {
    try (Program version = Program.start(scratch, List.of("kubectl", "version", "--client"))) {
      return version.await(30) == 0 && version.said().contains("Kustomize Version");
    } catch (IOException e) {
      return false; // not installed
    }
  }

  private static Deployment deployment(String file) throws IOException {
    return Manifest.as(Deployment.class, Manifest.documents(FOLDER.resolve(file)).getFirst());
  }

  private static VolumeMount mount(Container container, String volume) {
    return container.getVolumeMounts().stream()
        .filter(mount -> mount.getName().equals(volume))
        .findFirst()
        .orElseThrow(() -> new AssertionError(container.getName() + " has no " + volume));
  }

  private static String path(Probe probe) {
    assertNull(probe.getExec(), "a probe that looks at the tree hangs with it");
    HTTPGetAction get = probe.getHttpGet();
    assertEquals(PROBE_PORT, get.getPort().getStrVal());
    return get.getPath();
  }

  @Test
  void theSidecarIsANativeOneWhoseReadinessGatesTheServer() throws IOException {
    PodSpec pod = deployment("sidecar/deployment.yaml").getSpec().getTemplate().getSpec();
    Container sidecar = pod.getInitContainers().getFirst();
    assertEquals("Always", sidecar.getRestartPolicy());
    assertEquals("/readyz", path(sidecar.getStartupProbe()));
    assertEquals("/readyz", path(sidecar.getReadinessProbe()));
    assertEquals("/healthz", path(sidecar.getLivenessProbe()));
    assertTrue(
        sidecar.getStartupProbe().getPeriodSeconds()
                * sidecar.getStartupProbe().getFailureThreshold()
            >= 300,
        "evidence and key lie before readiness");
    assertTrue(
        sidecar.getPorts().stream()
            .anyMatch(
                port -> port.getName().equals(PROBE_PORT) && port.getContainerPort() == 9787));
  }

  @Test
  void theTreeGoesFromTheSidecarToTheServerAndNotBack() throws IOException {
    PodSpec pod = deployment("sidecar/deployment.yaml").getSpec().getTemplate().getSpec();
    Container sidecar = pod.getInitContainers().getFirst();
    Container server = pod.getContainers().getFirst();
    assertEquals("Bidirectional", mount(sidecar, "models").getMountPropagation());
    assertEquals(true, sidecar.getSecurityContext().getPrivileged(), "Bidirectional demands it");
    assertEquals("HostToContainer", mount(server, "models").getMountPropagation());
    assertNull(server.getSecurityContext().getPrivileged());
    // one level below the volume
    String mountPoint = settings("sidecar").get(1);
    assertEquals(mount(sidecar, "models").getMountPath(), Path.of(mountPoint).getParent() + "");
    assertEquals(
        mount(server, "models").getMountPath() + "/tree", server.getEnv().getFirst().getValue());
  }

  @Test
  void theEndOfThePodLeavesTimeToUnmount() throws IOException {
    PodSpec pod = deployment("sidecar/deployment.yaml").getSpec().getTemplate().getSpec();
    List<String> stop =
        pod.getInitContainers().getFirst().getLifecycle().getPreStop().getExec().getCommand();
    List<String> settings = settings("sidecar");
    assertEquals(List.of("/usr/bin/unsealfs", "umount", settings.get(1)), stop.subList(0, 3));
    int waits = Integer.parseInt(stop.get(4));
    int grace =
        settings.stream()
            .filter(option -> option.startsWith("--grace="))
            .map(option -> Integer.parseInt(option.substring("--grace=".length())))
            .findFirst()
            .orElseThrow();
    assertTrue(grace < waits && waits < pod.getTerminationGracePeriodSeconds());
  }

  @Test
  void aReadOnlyRootFileSystemHasAPlaceForWhatIsWritten() throws IOException {
    Container sidecar =
        deployment("sidecar/deployment.yaml")
            .getSpec()
            .getTemplate()
            .getSpec()
            .getInitContainers()
            .getFirst();
    assertEquals(true, sidecar.getSecurityContext().getReadOnlyRootFilesystem());
    assertEquals("/run", mount(sidecar, "run").getMountPath());
    assertNotNull(sidecar.getResources().getLimits().get("memory"), "the cache follows it");
  }

  /** The options of a variant, without comments. */
  private static List<String> settings(String folder) throws IOException {
    return Files.readAllLines(FOLDER.resolve(folder).resolve("unsealfs.conf")).stream()
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .toList();
  }

  @Test
  void theVariantsDifferInSourceAndKey() throws IOException {
    assertTrue(settings("sidecar").stream().anyMatch(option -> option.startsWith("--key=grpc://")));
    assertTrue(settings("sidecar").stream().anyMatch(option -> option.startsWith("--server-pin=")));
    assertTrue(settings("coco").contains("--key=cdh:///default/key/model"));
    assertTrue(settings("ack").getFirst().startsWith("oss://"));
    for (String folder : List.of("sidecar", "coco", "ack")) {
      assertTrue(settings(folder).contains("--metrics=0.0.0.0:9787"), folder);
      assertTrue(settings(folder).contains("--make-mountpoint"), folder);
      assertEquals("/models/tree", settings(folder).get(1), folder);
    }
  }

  @Test
  void theGuestVariantRunsInAGuest() throws IOException {
    PodSpec pod = deployment("coco/guest.yaml").getSpec().getTemplate().getSpec();
    assertEquals("kata-qemu-tdx", pod.getRuntimeClassName());
    Pod run = Manifest.as(Pod.class, Manifest.documents(FOLDER.resolve("run/pod.yaml")).getFirst());
    List<String> arguments = run.getSpec().getContainers().getFirst().getArgs();
    assertTrue(arguments.indexOf("--") > arguments.indexOf("--private"));
    assertTrue(arguments.contains("--key=cdh:///default/key/model"));
  }

  @Test
  void theAlibabaVariantReadsWithTheRoleOfItsServiceAccount() throws IOException {
    ServiceAccount account =
        Manifest.as(
            ServiceAccount.class,
            Manifest.documents(FOLDER.resolve("ack/serviceaccount.yaml")).getFirst());
    assertNotNull(
        account.getMetadata().getAnnotations().get("pod-identity.alibabacloud.com/role-name"));
    Map<?, ?> patch = map(Manifest.documents(FOLDER.resolve("ack/oss.yaml")).getFirst());
    assertTrue(patch.toString().contains("serviceAccountName=" + account.getMetadata().getName()));
  }

  @Test
  void theKeyServerSharesEtcdAndItsConfigurationIsOneThatItReads() throws IOException {
    Deployment server = deployment("keyserver/deployment.yaml");
    assertTrue(server.getSpec().getReplicas() >= 2);
    Container container = server.getSpec().getTemplate().getSpec().getContainers().getFirst();
    assertEquals(List.of("ALL"), container.getSecurityContext().getCapabilities().getDrop());
    assertEquals(true, container.getSecurityContext().getReadOnlyRootFilesystem());
    KeyServerConfig config = KeyServerConfig.read(FOLDER.resolve("keyserver/keyserver.yaml"));
    assertTrue(config.store().isPresent());
    assertEquals(List.of("model"), Policy.read(FOLDER.resolve("keyserver/policy.yaml")).secrets());
    List<Object> etcd = Manifest.documents(FOLDER.resolve("keyserver/etcd.yaml"));
    StatefulSet members = Manifest.as(StatefulSet.class, etcd.get(1));
    List<String> arguments =
        members.getSpec().getTemplate().getSpec().getContainers().getFirst().getArgs();
    assertTrue(
        arguments.contains("--client-cert-auth") && arguments.contains("--peer-client-cert-auth"));
    List<String> initial = new ArrayList<>();
    for (int member = 0; member < members.getSpec().getReplicas(); member++) {
      initial.add("etcd-%d=https://etcd-%d.etcd.keys.svc:2380".formatted(member, member));
    }
    assertTrue(
        arguments.contains("--initial-cluster=" + String.join(",", initial)), arguments::toString);
  }

  @Test
  void kserveGetsAContainerThatWritesWhereItIsTold() throws IOException {
    Map<?, ?> storage =
        map(Manifest.documents(FOLDER.resolve("kserve/storage-container.yaml")).getFirst());
    Container container = Manifest.as(Container.class, map(storage.get("spec")).get("container"));
    assertEquals(
        List.of("/usr/bin/unsealfs", "export", "--into"), container.getCommand().subList(0, 3));
    assertEquals(List.of(), container.getArgs(), "KServe adds them");
    Map<?, ?> service =
        map(Manifest.documents(FOLDER.resolve("kserve/inference-service.yaml")).getFirst());
    Map<?, ?> model = map(map(map(service.get("spec")).get("predictor")).get("model"));
    assertEquals("kbs:///default/key/model", map(model.get("confidential")).get("resourceId"));
  }
}

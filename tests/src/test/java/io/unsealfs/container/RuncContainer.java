package io.unsealfs.container;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.unsealfs.e2e.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A container under runc, with what a Kubernetes node would give it. */
final class RuncContainer implements AutoCloseable {
  private final Path scratch;
  private final Path bundle;
  private final String id;
  private final ObjectNode spec;
  private @Nullable Program program;

  private RuncContainer(Path scratch, Path bundle, String id, ObjectNode spec) {
    this.scratch = scratch;
    this.bundle = bundle;
    this.id = id;
    this.spec = spec;
  }

  /** A container of {@code root}, read-only, without a network of its own. */
  static RuncContainer of(Path scratch, Path root, List<String> words)
      throws IOException, InterruptedException {
    Needs.programs("runc");
    Path bundle = Files.createTempDirectory(scratch, "bundle-");
    Program.run(bundle, 20, "runc", "spec");
    ObjectMapper json = new ObjectMapper();
    ObjectNode spec = (ObjectNode) json.readTree(bundle.resolve("config.json").toFile());
    ObjectNode process = (ObjectNode) spec.get("process");
    process.put("terminal", false);
    process.remove("rlimits");
    ArrayNode arguments = process.putArray("args");
    words.forEach(arguments::add);
    ObjectNode rootNode = spec.putObject("root");
    rootNode.put("path", root.toString());
    rootNode.put("readonly", true);
    ObjectNode resources = ((ObjectNode) spec.get("linux")).putObject("resources");
    resources.putArray("devices").addObject().put("allow", true).put("access", "rwm");
    ArrayNode namespaces = (ArrayNode) spec.get("linux").get("namespaces");
    for (int i = namespaces.size() - 1; i >= 0; i--) {
      if (namespaces.get(i).get("type").textValue().equals("network")) {
        namespaces.remove(i);
      }
    }
    return new RuncContainer(
        scratch,
        bundle,
        "unsealfs-" + bundle.getFileName().toString().toLowerCase(java.util.Locale.ROOT),
        spec);
  }

  /** Environment as the image has it. */
  RuncContainer environment(JsonNode configuration) {
    ArrayNode environment = ((ObjectNode) spec.get("process")).putArray("env");
    configuration.get("config").get("Env").forEach(environment::add);
    return this;
  }

  RuncContainer bind(Path from, String to, String... options) {
    ArrayNode words =
        ((ArrayNode) spec.get("mounts"))
            .addObject()
            .put("destination", to)
            .put("type", "bind")
            .put("source", from.toString())
            .putArray("options");
    List.of(options).forEach(words::add);
    return this;
  }

  RuncContainer tmpfs(String to) {
    ((ArrayNode) spec.get("mounts"))
        .addObject()
        .put("destination", to)
        .put("type", "tmpfs")
        .put("source", "tmpfs")
        .putArray("options")
        .add("nosuid")
        .add("nodev")
        .add("size=16m");
    return this;
  }

  /** Runs as this user instead of root. */
  RuncContainer user(int uid) {
    ((ObjectNode) spec.get("process")).putObject("user").put("uid", uid).put("gid", uid);
    return this;
  }

  RuncContainer memory(long bytes) {
    ((ObjectNode) linux().get("resources")).putObject("memory").put("limit", bytes);
    return this;
  }

  /** What "privileged" and "Bidirectional" come to for us. */
  RuncContainer mayMount() {
    linux().put("rootfsPropagation", "shared");
    linux()
        .putArray("devices")
        .addObject()
        .put("path", "/dev/fuse")
        .put("type", "c")
        .put("major", 10)
        .put("minor", 229)
        .put("fileMode", 0666);
    for (String set : List.of("bounding", "effective", "permitted", "inheritable")) {
      JsonNode capabilities = spec.get("process").get("capabilities").get(set);
      if (capabilities instanceof ArrayNode names) {
        for (String name : List.of("CAP_SYS_ADMIN", "CAP_DAC_READ_SEARCH", "CAP_DAC_OVERRIDE")) {
          names.add(name);
        }
      }
    }
    return this;
  }

  private ObjectNode linux() {
    return (ObjectNode) spec.get("linux");
  }

  RuncContainer start() throws IOException {
    new ObjectMapper().writeValue(bundle.resolve("config.json").toFile(), spec);
    program = Program.start(scratch, List.of("runc", "run", "--bundle", bundle.toString(), id));
    return this;
  }

  Program program() {
    Program running = program;
    if (running == null) {
      throw new IllegalStateException("not started");
    }
    return running;
  }

  void signal(String name) throws IOException, InterruptedException {
    Program.run(scratch, 20, "runc", "kill", id, name);
  }

  /** Starts a program in the running container. */
  Program exec(String... words) throws IOException {
    List<String> command = new java.util.ArrayList<>(List.of("runc", "exec", id));
    command.addAll(List.of(words));
    return Program.start(scratch, command);
  }

  @Override
  public void close() throws IOException {
    try (Program delete = Program.start(scratch, List.of("runc", "delete", "--force", id))) {
      int _ = delete.await(20);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (program != null) {
        program.close();
      }
    }
  }
}

package io.unsealfs.daemon.manual;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The pages on files and on the mount helper; their lists come from the models as well. */
final class ConfigPages {
  /** Definitions of the schema that are no objects. */
  private static final Map<String, String> SHORT_FORMS =
      Map.of("name", "text", "flag", "true or false", "time", "time in UTC as in RFC 3339");

  /** Options of the command line that mean nothing in a list of mount options. */
  private static final Set<String> NOT_IN_LISTS =
      Set.of("--help", "--version", "--foreground", "--dry-run", "--sloppy");

  private final String date;
  private final String version;

  ConfigPages(String date, String version) {
    this.date = date;
    this.version = version;
  }

  /** Option files, unsealfs.conf(5). */
  String optionFile(CommandSpec mount) {
    Troff page = new Troff("unsealfs.conf", 5, date, version);
    page.name("unsealfs.conf", "option file of a mount");
    page.section("DESCRIPTION")
        .paragraph(
            "/etc/unsealfs/NAME.conf holds what \"unsealfs mount\" gets as arguments for the service"
                + " unsealfs@NAME: options, the source, the mount point, in any order and on any"
                + " number of lines.")
        .paragraph(
            "Words are parted by blanks and line ends. A word with blanks stands in quotes, single"
                + " or double, in which a backslash takes the meaning from what follows. A # begins a"
                + " comment. The file is encoded in UTF-8. No secret belongs there: a key is named,"
                + " see unsealfs-mount(1).")
        .section("EXAMPLE")
        .example(
            """
            # systemctl enable --now unsealfs@llama
            /srv/llama.enc /models/llama
            --key grpc://keys.example:7443/llama
            --server-pin sha256:...
            --allow-other
            """)
        .paragraph("A key that lies in /etc/credstore/unsealfs.llama.key is --key credential:key.");
    page.section("OPTIONS");
    for (OptionSpec option : CommandPages.options(mount)) {
      page.item(Troff.bold(option.longestName()), CommandPages.text(option));
    }
    page.section("FILES")
        .item(Troff.bold("/etc/unsealfs/*.conf"), "option files of unsealfs@.service")
        .item(
            Troff.bold("/etc/credstore/unsealfs.NAME.key"),
            "the credential \"key\" of the mount NAME, if there is one");
    return page.section("SEE ALSO")
        .paragraph("unsealfs(1), unsealfs-mount(1), mount.unsealfs(8), systemd.unit(5)")
        .toString();
  }

  /** The mount helper, mount.unsealfs(8). */
  String mountHelper(CommandSpec mount) {
    Troff page = new Troff("mount.unsealfs", 8, date, version);
    page.name("mount.unsealfs", "mount helper of unsealfs");
    page.section("SYNOPSIS")
        .paragraph("mount -t unsealfs SOURCE MOUNTPOINT [-o OPTION,...]")
        .paragraph("mount.unsealfs SOURCE MOUNTPOINT [-sfnv] [-o OPTION,...]")
        .section("DESCRIPTION")
        .paragraph(
            "Run by mount(8), and at the boot for lines of fstab(5). It returns when the tree is"
                + " readable. Where systemd runs, the daemon is the service unsealfs-mount@POINT,"
                + " whose instance is the escaped mount point: its log is \"journalctl -u\", its"
                + " restarts and limits are those of that unit. Elsewhere the daemon stays behind as"
                + " after \"unsealfs mount\". umount(8) ends it.")
        .example(
            """
            /srv/llama.enc /models/llama unsealfs ro,_netdev,nofail,key=grpc://keys.example:7443/llama,server_pin=sha256:... 0 0
            """);
    page.section("OPTIONS")
        .item(Troff.bold("-f"), "look at options and source only, mount nothing")
        .item(Troff.bold("-s"), "pass over options that are not known")
        .item(Troff.bold("-v"), "say what is started")
        .item(Troff.bold("-n") + ", " + Troff.bold("-N") + ", " + Troff.bold("-t"), "no effect");
    page.section("MOUNT OPTIONS")
        .paragraph(
            "In a value \\, stands for a comma. ro is the only mode; rw, auto, noauto, user, users,"
                + " nouser, _netdev, nofail, dev, suid, exec, the words on times, comment= and x-"
                + " words have no effect here. Secrets never stand here: everybody can see them.");
    for (OptionSpec option : CommandPages.options(mount)) {
      String name = option.longestName();
      if (name.startsWith("--") && !NOT_IN_LISTS.contains(name)) {
        page.item(Troff.bold(name.substring(2).replace('-', '_')), CommandPages.text(option));
      }
    }
    page.section("EXIT STATUS")
        .item(Troff.bold("0"), "mounted")
        .item(Troff.bold("1"), "wrong usage")
        .item(Troff.bold("2"), "fault of the system or of unsealfs")
        .item(Troff.bold("32"), "the mount failed; standard error says why");
    return page.section("SEE ALSO")
        .paragraph("unsealfs(1), unsealfs-mount(1), fstab(5), mount(8), systemd.mount(5)")
        .toString();
  }

  /**
   * Policies, unsealfs-policy(5).
   *
   * @param schema the JSON Schema of policies
   */
  String policy(Path schema) throws IOException {
    Troff page = new Troff("unsealfs-policy", 5, date, version);
    page.name("unsealfs-policy", "what has to be shown for a secret");
    page.section("DESCRIPTION")
        .paragraph(
            "A policy is one YAML file that says for each secret what evidence releases it. Unknown"
                + " and duplicate keys, anchors and tags are refused. Rules of one secret are"
                + " alternatives: any one that passes is enough, and of a rule everything has to"
                + " hold. A list is met by any of its values.")
        .paragraph(
            "\"unsealfs policy learn\" writes a first policy from evidence, \"unsealfs policy"
                + " explain\" shows line by line what passes. The examples and what an attacker can"
                + " do about each field are in key-release.md of the documentation.")
        .section("EXAMPLE")
        .example(
            """
            version: 1
            secrets:
              - name: llama
                rules:
                  - tee: tdx
                    mr_td: ["..."]
                    rtmr1: ["..."]
            """);
    for (Map.Entry<String, Map<String, String>> object : fields(schema).entrySet()) {
      page.section("FIELDS OF " + object.getKey());
      object.getValue().forEach((name, text) -> page.item(Troff.bold(name), text));
    }
    return page.section("SEE ALSO")
        .paragraph("unsealfs-policy-learn(1), unsealfs-policy-explain(1), unsealfs-keyserver(1)")
        .toString();
  }

  /** Fields of each object of the schema, and what is said of them. */
  private static Map<String, Map<String, String>> fields(Path schema) throws IOException {
    Map<?, ?> definitions;
    try (JsonParser json = new JsonFactory().createParser(schema.toFile())) {
      json.nextToken();
      definitions = mapping(mapping(value(json)).get("$defs"));
    }
    Map<String, Map<String, String>> objects = new LinkedHashMap<>();
    definitions.forEach((name, definition) -> {
      Map<String, String> fields = new LinkedHashMap<>();
      Map<?, ?> items = mapping(mapping(definition).get("items"));
      Map<?, ?> properties = mapping(mapping(definition).get("properties"));
      (properties.isEmpty() ? mapping(items.get("properties")) : properties)
          .forEach((field, of) -> fields.put(String.valueOf(field), form(mapping(of))));
      if (!fields.isEmpty()) {
        objects.put(String.valueOf(name), fields);
      }
    });
    return objects;
  }

  private static Map<?, ?> mapping(@Nullable Object value) {
    return value instanceof Map<?, ?> map ? map : Map.of();
  }

  /** What a field holds, in words. */
  private static String form(Map<?, ?> field) {
    Map<?, ?> of = field.containsKey("items") ? mapping(field.get("items")) : field;
    StringBuilder form = new StringBuilder(field.containsKey("items") ? "List: " : "");
    Object reference = of.get("$ref");
    if (reference != null) {
      String name = reference.toString().replaceAll(".*/", "");
      form.append(
          name.matches("hex[0-9]+")
              ? "list of values of " + name.substring(3) + " bytes in hexadecimal, any one of them"
              : SHORT_FORMS.getOrDefault(name, "see " + name + " below"));
    } else if (of.get("enum") instanceof List<?> words) {
      form.append(String.join(", ", words.stream().map(String::valueOf).distinct().toList()));
    } else if (of.get("const") != null) {
      form.append(of.get("const"));
    } else if (!mapping(of.get("properties")).isEmpty()) {
      form.append(
          String.join(
              ", ", mapping(of.get("properties")).keySet().stream().map(String::valueOf).toList()));
    } else {
      form.append(of.containsKey("maximum") ? "number" : "text");
    }
    for (Object said : new Object[] {field.get("description"), of.get("description")}) {
      if (said != null && form.indexOf(said.toString()) < 0) {
        form.append("; ").append(said);
      }
    }
    return form.append('.').toString();
  }

  /** The value that the parser stands at: maps, lists, and all else as text. */
  private static Object value(JsonParser json) throws IOException {
    return switch (json.currentToken()) {
      case START_OBJECT -> {
        Map<String, Object> map = new LinkedHashMap<>();
        while (json.nextToken() != JsonToken.END_OBJECT) {
          String name = json.currentName();
          json.nextToken();
          map.put(name, value(json));
        }
        yield map;
      }
      case START_ARRAY -> {
        List<Object> list = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
          list.add(value(json));
        }
        yield list;
      }
      default -> json.getText();
    };
  }
}

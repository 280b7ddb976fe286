package io.unsealfs.yaml;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.schema.FailsafeSchema;

/**
 * One mapping of a YAML file, read strictly: every scalar is text, and aliases, anchors, tags,
 * duplicate keys and keys nobody asked for are errors that name the line.
 *
 * <p>Take the keys, then call {@link #finish}, which refuses those left over.
 */
public final class YamlMapping {
  /** Deeper than any configuration of ours; composing is recursive, so it is bounded first. */
  private static final int MAX_DEPTH = 8;

  private static final int SHOWN_CHARS = 64;

  private final String source;
  private final String where;
  private final int line;
  private final Map<String, Entry> entries;
  private final Set<String> taken = new HashSet<>();

  private record Entry(int line, Node value) {}

  private YamlMapping(String source, String where, MappingNode node) throws YamlException {
    this.source = source;
    this.where = where;
    this.line = lineOf(node.getStartMark());
    this.entries = entries(source, node);
  }

  /**
   * Reads a document whose top level is a mapping.
   *
   * @param source the file's name, for messages
   * @throws YamlException if it is anything else, or says anything that is not understood
   */
  public static YamlMapping read(String text, String source) throws YamlException {
    LoadSettings settings =
        LoadSettings.builder()
            .setLabel(source)
            .setSchema(new FailsafeSchema())
            .setAllowRecursiveKeys(false)
            .setUseMarks(true)
            .build();
    try {
      for (Event event : new Parse(settings).parseString(text)) {
        refuseIndirection(event, source);
      }
      refuseDepth(new Parse(settings).parseString(text), source);
      Optional<Node> root = new Compose(settings).composeString(text);
      if (root.isEmpty()) {
        throw new YamlException(source + ": the file is empty");
      }
      if (!(root.get() instanceof MappingNode mapping)) {
        throw error(source, lineOf(root.get().getStartMark()), "expected \"key: value\" lines");
      }
      return new YamlMapping(source, "", mapping);
    } catch (MarkedYamlEngineException e) {
      // the message of the exception quotes the file; only its one-line problem is wanted
      throw new YamlException(
          "%s line %d: not valid YAML: %s"
              .formatted(source, lineOf(e.getProblemMark()), shown(String.valueOf(e.getProblem()))),
          e);
    } catch (YamlEngineException e) {
      throw new YamlException(
          source + ": not valid YAML: " + shown(String.valueOf(e.getMessage())), e);
    }
  }

  /**
   * Reads a document of UTF-8 bytes; see {@link #read(String, String)}.
   *
   * @throws YamlException also if it is not UTF-8
   */
  public static YamlMapping read(byte[] utf8, String source) throws YamlException {
    try {
      return read(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString(), source);
    } catch (CharacterCodingException e) {
      throw new YamlException(source + ": not valid UTF-8", e);
    }
  }

  private static void refuseIndirection(Event event, String source) throws YamlException {
    int line = lineOf(event.getStartMark());
    if (event instanceof AliasEvent
        || (event instanceof NodeEvent node && node.getAnchor().isPresent())) {
      throw error(source, line, "anchors and aliases are not allowed; write the value out");
    }
    if ((event instanceof ScalarEvent scalar && scalar.getTag().isPresent())
        || (event instanceof CollectionStartEvent start && start.getTag().isPresent())) {
      throw error(source, line, "tags are not allowed; write the plain value");
    }
  }

  private static void refuseDepth(Iterable<Event> events, String source) throws YamlException {
    int depth = 0;
    for (Event event : events) {
      switch (event.getEventId()) {
        case MappingStart, SequenceStart -> {
          depth++;
          if (depth > MAX_DEPTH) {
            throw error(source, lineOf(event.getStartMark()), "nested too deeply");
          }
        }
        case MappingEnd, SequenceEnd -> depth--;
        default -> {}
      }
    }
  }

  private static Map<String, Entry> entries(String source, MappingNode node) throws YamlException {
    Map<String, Entry> entries = new LinkedHashMap<>();
    for (NodeTuple tuple : node.getValue()) {
      int line = lineOf(tuple.getKeyNode().getStartMark());
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        throw error(source, line, "a key must be plain text");
      }
      if (entries.put(key.getValue(), new Entry(line, tuple.getValueNode())) != null) {
        throw error(source, line, "duplicate key \"" + shown(key.getValue()) + "\"");
      }
    }
    return entries;
  }

  /** The text of a key that must be there. */
  public String text(String key) throws YamlException {
    Optional<String> value = optionalText(key);
    if (value.isEmpty()) {
      throw error(source, line, "key \"" + where + key + "\" is missing");
    }
    return value.get();
  }

  /** The text of a key, if it is there. */
  public Optional<String> optionalText(String key) throws YamlException {
    Entry entry = take(key);
    if (entry == null) {
      return Optional.empty();
    }
    return Optional.of(scalar(key, entry.value(), entry.line()));
  }

  /** {@code true} or {@code false}; false if the key is not there. */
  public boolean flag(String key) throws YamlException {
    Optional<String> value = optionalText(key);
    if (value.isEmpty()) {
      return false;
    }
    return switch (value.get()) {
      case "true" -> true;
      case "false" -> false;
      default -> throw bad(key, "must be true or false");
    };
  }

  /** A decimal number between {@code min} and {@code max}. */
  public int number(String key, int min, int max, int absent) throws YamlException {
    Optional<String> value = optionalText(key);
    if (value.isEmpty()) {
      return absent;
    }
    if (value.get().matches("[0-9]{1,9}")) {
      int number = Integer.parseInt(value.get());
      if (number >= min && number <= max) {
        return number;
      }
    }
    throw bad(key, "must be a whole number from " + min + " to " + max);
  }

  /** The names of the keys there are, in the file's order. */
  public Set<String> keys() {
    return Collections.unmodifiableSet(entries.keySet());
  }

  /** A list of texts; empty if the key is not there. */
  public List<String> texts(String key) throws YamlException {
    List<String> texts = new ArrayList<>();
    for (Node node : sequence(key)) {
      texts.add(scalar(key, node, lineOf(node.getStartMark())));
    }
    return texts;
  }

  /** A list of mappings; empty if the key is not there. */
  public List<YamlMapping> mappings(String key) throws YamlException {
    List<YamlMapping> mappings = new ArrayList<>();
    for (Node node : sequence(key)) {
      if (!(node instanceof MappingNode mapping)) {
        throw error(
            source,
            lineOf(node.getStartMark()),
            "each entry of \"" + where + key + "\" must be a mapping");
      }
      mappings.add(new YamlMapping(source, where + key + ".", mapping));
    }
    return mappings;
  }

  /** A mapping inside this one, if it is there. */
  public Optional<YamlMapping> mapping(String key) throws YamlException {
    Entry entry = take(key);
    if (entry == null) {
      return Optional.empty();
    }
    if (!(entry.value() instanceof MappingNode mapping)) {
      throw bad(key, "must be a mapping");
    }
    return Optional.of(new YamlMapping(source, where + key + ".", mapping));
  }

  /** Whether the key is there; does not count as asking for it. */
  public boolean has(String key) {
    return entries.containsKey(key);
  }

  /** Refuses keys nobody asked for. */
  public void finish() throws YamlException {
    for (Map.Entry<String, Entry> entry : entries.entrySet()) {
      if (!taken.contains(entry.getKey())) {
        throw error(
            source,
            entry.getValue().line(),
            "unknown key \"" + where + shown(entry.getKey()) + "\"");
      }
    }
  }

  /** An error about the value of {@code key}, which is not repeated in it. */
  public YamlException bad(String key, String problem) {
    Entry entry = entries.get(key);
    return error(source, entry == null ? line : entry.line(), where + key + " " + problem);
  }

  private List<Node> sequence(String key) throws YamlException {
    Entry entry = take(key);
    if (entry == null) {
      return List.of();
    }
    if (!(entry.value() instanceof SequenceNode sequence)) {
      throw bad(key, "must be a list");
    }
    return sequence.getValue();
  }

  private @Nullable Entry take(String key) {
    taken.add(key);
    return entries.get(key);
  }

  private String scalar(String key, Node node, int line) throws YamlException {
    if (!(node instanceof ScalarNode scalar)) {
      throw error(source, line, where + key + " must be plain text");
    }
    if (scalar.getValue().isEmpty()) {
      throw error(source, line, where + key + " has no value");
    }
    return scalar.getValue();
  }

  private static YamlException error(String source, int line, String problem) {
    return new YamlException("%s line %d: %s".formatted(source, line, problem));
  }

  private static int lineOf(Optional<Mark> mark) {
    return mark.map(m -> m.getLine() + 1).orElse(0);
  }

  /** Text from the file, cut and without control characters. */
  private static String shown(String text) {
    String cut = text.length() > SHOWN_CHARS ? text.substring(0, SHOWN_CHARS) + "..." : text;
    return cut.replaceAll("[\\p{Cntrl}\\p{Cf}\\p{Zl}\\p{Zp}]", "?");
  }
}

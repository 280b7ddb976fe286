package io.unsealfs.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** Every figure of every round, by subject. */
final class Results {
  private final Map<Figure, Map<String, List<Double>>> rounds = new EnumMap<>(Figure.class);

  void add(Figure figure, Subject subject, double value) {
    rounds
        .computeIfAbsent(figure, key -> new LinkedHashMap<>())
        .computeIfAbsent(subject.id(), key -> new ArrayList<>())
        .add(value);
  }

  /** The values in the order of the rounds; empty where nothing was measured. */
  List<Double> values(Figure figure, String subject) {
    return Collections.unmodifiableList(
        rounds.getOrDefault(figure, Map.of()).getOrDefault(subject, List.of()));
  }

  boolean has(Figure figure) {
    return rounds.containsKey(figure);
  }

  OptionalDouble median(Figure figure, String subject) {
    List<Double> sorted = values(figure, subject).stream().sorted().toList();
    if (sorted.isEmpty()) {
      return OptionalDouble.empty();
    }
    int half = sorted.size() / 2;
    return OptionalDouble.of(
        sorted.size() % 2 == 1 ? sorted.get(half) : (sorted.get(half - 1) + sorted.get(half)) / 2);
  }

  double least(Figure figure, String subject) {
    return values(figure, subject).stream().mapToDouble(Double::doubleValue).min().orElse(0);
  }

  double most(Figure figure, String subject) {
    return values(figure, subject).stream().mapToDouble(Double::doubleValue).max().orElse(0);
  }

  /** Median of one subject over the median of another; empty unless both were measured. */
  OptionalDouble ratio(Figure figure, String subject, String reference) {
    OptionalDouble above = median(figure, subject);
    OptionalDouble below = median(figure, reference);
    return above.isPresent() && below.isPresent() && below.getAsDouble() > 0
        ? OptionalDouble.of(above.getAsDouble() / below.getAsDouble())
        : OptionalDouble.empty();
  }
}

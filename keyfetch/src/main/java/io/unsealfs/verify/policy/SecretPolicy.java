package io.unsealfs.verify.policy;

import java.util.List;
import java.util.OptionalInt;

/**
 * What has to be shown for one secret. Immutable.
 *
 * @param name the secret's
 * @param allowsSample whether sample evidence is taken for it
 * @param maxReleases how often it may be released at all; counted by who releases
 * @param rules any of which is enough
 */
public record SecretPolicy(
    String name, boolean allowsSample, OptionalInt maxReleases, List<Rule> rules) {
  /** Copies the list. */
  public SecretPolicy {
    rules = List.copyOf(rules);
  }

  /** Judges every rule, so that all of what is wrong can be told. */
  public Verdict judge(Subject subject) {
    return new Verdict(name, rules.stream().map(rule -> rule.judge(subject)).toList());
  }
}

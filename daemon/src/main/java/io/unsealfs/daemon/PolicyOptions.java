package io.unsealfs.daemon;

import io.unsealfs.verify.policy.Policy;
import io.unsealfs.verify.policy.SecretPolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which policy to judge by. */
final class PolicyOptions {
  @Option(
      names = "--policy",
      paramLabel = "FILE",
      description = "Policy to judge by; see docs/key-release.md.")
  @Nullable Path policy;

  @Option(
      names = "--secret",
      paramLabel = "NAME",
      description = "Secret of the policy; needed where it speaks of several.")
  @Nullable String secret;

  /**
   * What has to be shown; empty if no policy is given.
   *
   * @throws UsageException if it is not clear which secret is meant
   * @throws io.unsealfs.yaml.YamlException if the policy says what is not understood
   */
  Optional<SecretPolicy> read() throws IOException {
    Path file = policy;
    String name = secret;
    if (file == null) {
      if (name != null) {
        throw new UsageException("--secret: fits only beside --policy FILE");
      }
      return Optional.empty();
    }
    Policy read = Policy.read(file);
    if (name == null) {
      List<SecretPolicy> all = read.all();
      if (all.size() > 1) {
        throw new UsageException(
            "--policy %s: speaks of several secrets; name one with --secret".formatted(file));
      }
      return Optional.of(all.get(0));
    }
    return Optional.of(
        read.forSecret(name)
            .orElseThrow(() ->
                new UsageException(
                    "--secret %s: the policy %s does not speak of it".formatted(name, file))));
  }
}

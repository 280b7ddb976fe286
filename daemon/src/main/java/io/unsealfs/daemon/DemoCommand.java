package io.unsealfs.daemon;

import io.unsealfs.daemon.demo.Demo;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code unsealfs demo}. */
@Command(
    name = "demo",
    description =
        "The whole story on this machine: writes a small model, encrypts it, starts a key server,"
            + " attests with sample evidence, mounts, compares, shows damage and a denial.")
final class DemoCommand implements Callable<Integer> {
  @Option(
      names = "--size",
      paramLabel = "SIZE",
      defaultValue = "256M",
      description = "Size of the model's weights (default: ${DEFAULT-VALUE}).")
  ByteSize size = new ByteSize(256L << 20);

  @Override
  public Integer call() throws IOException, InterruptedException {
    System.err.println(
        "unsealfs: the demo uses sample evidence, which proves nothing; real hosts attest with TDX");
    Demo.run(System.out, size.bytes());
    return ExitCode.DONE.status();
  }
}

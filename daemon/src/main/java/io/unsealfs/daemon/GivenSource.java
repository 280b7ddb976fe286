package io.unsealfs.daemon;

import picocli.CommandLine.Parameters;

/** Which volume, where a command cannot do without one. */
final class GivenSource extends SourceOptions {
  @Parameters(
      index = "0",
      paramLabel = "SOURCE",
      description =
          "The encrypted volume: a directory, an image file, or s3://BUCKET/PREFIX-OR-OBJECT or"
              + " oss://….")
  void source(String given) {
    source = given;
  }
}

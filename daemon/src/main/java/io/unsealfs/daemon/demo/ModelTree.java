package io.unsealfs.daemon.demo;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Writes a small but valid model: safetensors weights, configuration, tokenizer and a link. */
final class ModelTree {
  /** Name of the weights file. */
  static final String WEIGHTS = "model.safetensors";

  private static final int HIDDEN = 2048;

  private ModelTree() {}

  /**
   * Writes the tree into the new directory {@code root}.
   *
   * @param weightBytes about how large the weights are to be
   */
  static void write(Path root, long weightBytes) throws IOException {
    Files.createDirectory(root);
    long tensorBytes = (long) HIDDEN * HIDDEN * 2;
    int layers = (int) Math.max(1, weightBytes / tensorBytes);
    try (OutputStream out = Files.newOutputStream(root.resolve(WEIGHTS))) {
      byte[] header = safetensorsHeader(layers, tensorBytes);
      out.write(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).array());
      out.write(header);
      Random random = new Random(20_261_121);
      byte[] chunk = new byte[1 << 20];
      for (long rest = layers * tensorBytes; rest > 0; rest -= chunk.length) {
        random.nextBytes(chunk);
        out.write(chunk, 0, (int) Math.min(chunk.length, rest));
      }
    }
    Files.writeString(
        root.resolve("config.json"),
        "{\"architectures\": [\"DemoForCausalLM\"], \"hidden_size\": "
            + HIDDEN
            + ", \"num_hidden_layers\": "
            + layers
            + ", \"torch_dtype\": \"bfloat16\"}\n");
    Path tokenizer = Files.createDirectory(root.resolve("tokenizer"));
    Files.writeString(
        tokenizer.resolve("tokenizer.json"),
        "{\"version\": \"1.0\", \"model\": {\"type\": \"BPE\", \"vocab\": {\"<s>\": 0, \"</s>\": 1},"
            + " \"merges\": []}}\n");
    Files.createSymbolicLink(root.resolve("latest.safetensors"), Path.of(WEIGHTS));
  }

  /** The JSON header of the safetensors format, padded with blanks to a multiple of 8 bytes. */
  private static byte[] safetensorsHeader(int layers, long tensorBytes) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      json.writeObjectFieldStart("__metadata__");
      json.writeStringField("format", "pt");
      json.writeEndObject();
      for (int layer = 0; layer < layers; layer++) {
        json.writeObjectFieldStart("model.layers." + layer + ".mlp.weight");
        json.writeStringField("dtype", "BF16");
        json.writeFieldName("shape");
        json.writeArray(new int[] {HIDDEN, HIDDEN}, 0, 2);
        json.writeFieldName("data_offsets");
        json.writeArray(new long[] {layer * tensorBytes, (layer + 1) * tensorBytes}, 0, 2);
        json.writeEndObject();
      }
      json.writeEndObject();
    }
    while (text.size() % 8 != 0) {
      text.write(' ');
    }
    return text.toByteArray();
  }
}

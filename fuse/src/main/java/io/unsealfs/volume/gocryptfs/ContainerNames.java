package io.unsealfs.volume.gocryptfs;

import io.unsealfs.storage.Name;
import java.util.List;

/**
 * Files that are zip archives by their name, whose list of contents is at their end: what torch,
 * Keras and NumPy write. A guess, for hints only.
 */
final class ContainerNames {
  private static final List<String> ENDINGS =
      List.of(".pt", ".pth", ".ckpt", ".npz", ".zip", ".keras");

  /**
   * Whole models of torch, whatever else ends like them: {@code pytorch_model-00001-of-00002.bin}.
   */
  private static final String TORCH = "pytorch_model";

  private static final String TORCH_ENDING = ".bin";

  private ContainerNames() {}

  /** Whether a file of that name is read from its end. */
  static boolean hasIndexAtEnd(Name name) {
    String text = name.toString();
    return ENDINGS.stream().anyMatch(text::endsWith)
        || (text.endsWith(TORCH_ENDING) && text.contains(TORCH));
  }
}

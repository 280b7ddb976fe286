package io.unsealfs.key.cdh;

import io.unsealfs.key.KeyReference;
import io.unsealfs.key.KeyReferenceException;
import java.util.regex.Pattern;

/**
 * What {@code cdh:///REPOSITORY/TYPE/TAG} names, by the key broker's own rule for the three parts.
 *
 * @param repository first part
 * @param type second part
 * @param tag third part
 */
record CdhResource(String repository, String type, String tag) {
  private static final int MAX_LENGTH = 1024;
  private static final Pattern PART = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9_.-]*+");

  /** No letter is ever repeated from what was given: it may be the secret itself, misplaced. */
  static CdhResource parse(KeyReference reference) throws KeyReferenceException {
    String body = reference.body();
    if (body.startsWith("//") && !body.startsWith("///")) {
      throw new KeyReferenceException(
          "key reference cdh://…: takes no host; write cdh:///REPOSITORY/TYPE/TAG, with three"
              + " slashes");
    }
    String[] parts = body.startsWith("///") ? body.substring(3).split("/", 5) : new String[0];
    if (parts.length != 3
        || body.length() > MAX_LENGTH
        || !PART.matcher(parts[0]).matches()
        || !PART.matcher(parts[1]).matches()
        || !PART.matcher(parts[2]).matches()) {
      throw new KeyReferenceException(
          "key reference is not cdh:///REPOSITORY/TYPE/TAG[?as=…]; each part is made of letters,"
              + " digits, _ - and dots, no dot first");
    }
    return new CdhResource(parts[0], parts[1], parts[2]);
  }

  /** Where the hub has it. */
  String path() {
    return "/cdh/resource/" + repository + "/" + type + "/" + tag;
  }

  /** As the key broker calls it. */
  @Override
  public String toString() {
    return "kbs:///" + repository + "/" + type + "/" + tag;
  }
}

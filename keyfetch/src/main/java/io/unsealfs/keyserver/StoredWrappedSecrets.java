package io.unsealfs.keyserver;

import io.unsealfs.keyserver.StoredSecret.Version;
import io.unsealfs.keyserver.store.StoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Every version in a store that is not destroyed; and the records around them, which are sealed.
 */
public final class StoredWrappedSecrets implements WrappedSecrets {
  private static final Pattern ENTRY = Pattern.compile("version ([1-9][0-9]{0,8}) of (.+)");

  private final SecretCatalog catalog;

  /** Those of {@code catalog}. */
  public StoredWrappedSecrets(SecretCatalog catalog) {
    this.catalog = catalog;
  }

  @Override
  public List<String> entries() throws StoreException {
    List<String> entries = new ArrayList<>();
    for (StoredSecret secret : catalog.list()) {
      for (Version version : secret.versions()) {
        if (version.state() != StoredSecret.State.DESTROYED) {
          entries.add("version %d of %s".formatted(version.number(), secret.name()));
        }
      }
    }
    return entries;
  }

  @Override
  public WrappedSecret read(String entry) throws KeyServerConfigException, StoreException {
    Matcher parts = parts(entry);
    StoredSecret secret = catalog.find(parts.group(2)).orElseThrow(() -> gone(entry));
    Version version =
        secret.versions().stream()
            .filter(one -> one.number() == Integer.parseInt(parts.group(1)))
            .filter(one -> one.state() != StoredSecret.State.DESTROYED)
            .findFirst()
            .orElseThrow(() -> gone(entry));
    return WrappedSecret.parse(version.wrapped(), entry);
  }

  @Override
  public boolean replace(String entry, WrappedSecret old, WrappedSecret fresh)
      throws KeyServerConfigException, StoreException {
    Matcher parts = parts(entry);
    return catalog.replace(parts.group(2), Integer.parseInt(parts.group(1)), old, fresh);
  }

  @Override
  public List<String> sealKeyIds() throws StoreException {
    return catalog.sealKeyIds();
  }

  @Override
  public void reseal() throws KeyServerConfigException, StoreException {
    catalog.reseal();
  }

  private static Matcher parts(String entry) {
    Matcher parts = ENTRY.matcher(entry);
    if (!parts.matches()) {
      throw new IllegalArgumentException("not one of the entries");
    }
    return parts;
  }

  private static KeyServerConfigException gone(String entry) {
    return new KeyServerConfigException(
        "%s: was taken out of the store meanwhile; try again".formatted(entry));
  }
}

package io.unsealfs.fuzz;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** All fuzz targets by name; each is built when it is asked for. */
final class FuzzTargets {
  private static final Map<String, Maker> MAKERS = new TreeMap<>();

  static {
    MAKERS.put("content-default-full", () -> new ContentTarget("default-full", 32));
    MAKERS.put("content-aessiv", () -> new ContentTarget("aessiv", 32));
    MAKERS.put("content-xchacha", () -> new ContentTarget("xchacha", 40));
    MAKERS.put("config", ConfigTarget::new);
    MAKERS.put("names-default-full", () -> new NamesTarget("default-full"));
    MAKERS.put("names-longnamemax100", () -> new NamesTarget("longnamemax100"));
    MAKERS.put("names-legacy-gcm-pad64-nohkdf", () -> new NamesTarget("legacy-gcm-pad64-nohkdf"));
    MAKERS.put("names-deterministic-names", () -> new NamesTarget("deterministic-names"));
    MAKERS.put("links-default-full", () -> new LinkTarget("default-full"));
    MAKERS.put("links-legacy-gcm-pad64-nohkdf", () -> new LinkTarget("legacy-gcm-pad64-nohkdf"));
    MAKERS.put("xattrs", XattrTarget::new);
    MAKERS.put("key-reference", KeyTargets::keyReference);
    MAKERS.put("key-reading", KeyTargets::keyReading);
    MAKERS.put("keyserver-config", KeyTargets::keyServerConfig);
    MAKERS.put("wrapped-secret", KeyTargets::wrappedSecret);
    MAKERS.put("wire-terms", KeyTargets::terms);
    MAKERS.put("wire-reply", KeyTargets::reply);
    MAKERS.put("wire-request", KeyTargets::request);
    MAKERS.put("wire-identity", KeyTargets::identity);
    MAKERS.put("sample-evidence", KeyTargets::sampleEvidence);
    MAKERS.put("tdx-quote", KeyTargets::tdxQuote);
    MAKERS.put("object-uri", StoreTargets::source);
    MAKERS.put("store-range", StoreTargets::rangeAnswer);
    MAKERS.put("store-credentials", StoreTargets::credentialsFile);
  }

  private FuzzTargets() {}

  private interface Maker {
    FuzzTarget make() throws Exception;
  }

  static List<String> names() {
    return List.copyOf(MAKERS.keySet());
  }

  static FuzzTarget named(String name) throws Exception {
    Maker maker = MAKERS.get(name);
    if (maker == null) {
      throw new IOException("no fuzz target " + name + "; there are " + names());
    }
    return maker.make();
  }
}

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
    MAKERS.put("ext4-ext2-rev0", () -> new Ext4Target("ext2-rev0", 60));
    MAKERS.put(
        "ext4-ext4-2k-nojournal-nocsum", () -> new Ext4Target("ext4-2k-nojournal-nocsum", 12));
    MAKERS.put("ext4-ext4-dirty", () -> new Ext4Target("ext4-dirty", 60));
    MAKERS.put("names-default-full", () -> new NamesTarget("default-full"));
    MAKERS.put("names-longnamemax100", () -> new NamesTarget("longnamemax100"));
    MAKERS.put("names-legacy-gcm-pad64-nohkdf", () -> new NamesTarget("legacy-gcm-pad64-nohkdf"));
    MAKERS.put("names-deterministic-names", () -> new NamesTarget("deterministic-names"));
    MAKERS.put("links-default-full", () -> new LinkTarget("default-full"));
    MAKERS.put("links-legacy-gcm-pad64-nohkdf", () -> new LinkTarget("legacy-gcm-pad64-nohkdf"));
    MAKERS.put("xattrs", XattrTarget::new);
    MAKERS.put("luks-header", LuksTarget::header);
    MAKERS.put("luks-json", LuksTarget::json);
    MAKERS.put("key-reference", KeyTargets::keyReference);
    MAKERS.put("key-reading", KeyTargets::keyReading);
    MAKERS.put("hub-answer", KeyTargets::hubAnswer);
    MAKERS.put("keyserver-config", KeyTargets::keyServerConfig);
    MAKERS.put("wrapped-secret", KeyTargets::wrappedSecret);
    MAKERS.put("passphrase-kdf", KeyTargets::passphraseKdf);
    MAKERS.put("audit-log", AuditTarget::new);
    MAKERS.put("store-entry", StoreTargets::entry);
    MAKERS.put("stored-secret", StoreTargets::secret);
    MAKERS.put("wire-terms", KeyTargets::terms);
    MAKERS.put("wire-reply", KeyTargets::reply);
    MAKERS.put("wire-request", KeyTargets::request);
    MAKERS.put("wire-identity", KeyTargets::identity);
    MAKERS.put("sample-evidence", KeyTargets::sampleEvidence);
    MAKERS.put("tdx-quote", KeyTargets::tdxQuote);
    MAKERS.put("object-uri", ObjectTargets::source);
    MAKERS.put("store-range", ObjectTargets::rangeAnswer);
    MAKERS.put("manifest", ManifestTarget::make);
    MAKERS.put("store-credentials", ObjectTargets::credentialsFile);
    MAKERS.put("quote", VerifyTargets::quote);
    MAKERS.put("quote-verdict", VerifyTargets::quoteVerdict);
    MAKERS.put("snp-report", VerifyTargets::snpReport);
    MAKERS.put("collateral", VerifyTargets::collateral);
    MAKERS.put("collateral-verdict", VerifyTargets::collateralVerdict);
    MAKERS.put("evidence-file", VerifyTargets::evidenceFile);
    MAKERS.put("event-log", EvidenceTargets::eventLog);
    MAKERS.put("policy", EvidenceTargets::policy);
    MAKERS.put("status", StatusTarget::make);
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

package io.unsealfs.keyserver;

import io.unsealfs.attest.sample.SampleEvidence;
import io.unsealfs.verify.Appraiser;
import io.unsealfs.verify.BaselineRules;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.SampleAppraiser;
import io.unsealfs.verify.UnsupportedAppraiser;
import io.unsealfs.verify.collateral.CollateralClient;
import io.unsealfs.verify.collateral.CollateralDirectory;
import io.unsealfs.verify.collateral.CollateralKeeper;
import io.unsealfs.verify.dcap.QuoteAppraiser;
import io.unsealfs.verify.dcap.QuoteVerifier;
import io.unsealfs.verify.dcap.TrustedRoot;
import io.unsealfs.verify.snp.AmdRoots;
import io.unsealfs.verify.snp.SnpAppraiser;
import io.unsealfs.verify.snp.SnpDirectory;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Who judges which type of evidence. What nobody judges is refused. */
final class Appraisers implements AutoCloseable {
  private static final Logger LOG = System.getLogger(Appraisers.class.getName());
  private static final Appraiser SAMPLE_NOT_ALLOWED =
      new UnsupportedAppraiser(SampleEvidence.TYPE, "allow_sample: true in the configuration");

  private final List<Appraiser> known;
  private final Optional<CollateralKeeper> keeper;

  Appraisers(List<Appraiser> known) {
    this(known, Optional.empty());
  }

  private Appraisers(List<Appraiser> known, Optional<CollateralKeeper> keeper) {
    this.known = List.copyOf(known);
    this.keeper = keeper;
  }

  /** Stops looking after collateral. */
  @Override
  public void close() {
    keeper.ifPresent(CollateralKeeper::close);
  }

  /** When the first piece of collateral ends; empty if there is none. */
  Optional<Instant> collateralExpires() {
    return keeper.flatMap(CollateralKeeper::firstExpiry);
  }

  /** Everything that can be judged without collateral, and what cannot. */
  static Appraisers standard() {
    return new Appraisers(
        List.of(
            new SampleAppraiser(),
            UnsupportedAppraiser.TDX,
            UnsupportedAppraiser.SNP,
            UnsupportedAppraiser.NONE));
  }

  /**
   * Everything that can be judged with what {@code config} names.
   *
   * @param clock the wall clock
   * @param nanoClock a clock that only goes forward
   * @throws KeyServerConfigException if the collateral cannot be read
   */
  static Appraisers of(KeyServerConfig config, Clock clock, LongSupplier nanoClock)
      throws KeyServerConfigException {
    Appraiser snp = snp(config, clock, nanoClock);
    if (config.collateral().isEmpty()) {
      return new Appraisers(
          List.of(new SampleAppraiser(), UnsupportedAppraiser.TDX, snp, UnsupportedAppraiser.NONE));
    }
    KeyServerConfig.Collateral collateral = config.collateral().get();
    CollateralDirectory directory;
    try {
      directory = new CollateralDirectory(collateral.directory(), TrustedRoot.intel(), nanoClock);
    } catch (IOException e) {
      throw new KeyServerConfigException(
          "collateral.directory " + collateral.directory() + ": cannot be listed", e);
    }
    if (directory.all().isEmpty()) {
      LOG.log(Level.WARNING, "the collateral directory is empty; tdx evidence will be refused");
    }
    CollateralKeeper keeper =
        new CollateralKeeper(
            collateral.directory(), directory, fetcher(collateral), TrustedRoot.intel(), clock);
    keeper.start();
    return new Appraisers(
        List.of(
            new SampleAppraiser(),
            new QuoteAppraiser(
                Claims.Tee.TDX,
                keeper,
                new QuoteVerifier(
                    new QuoteVerifier.Minimum(collateral.minimumEvaluationNumber(), 0, 0)),
                BaselineRules.STRICT,
                clock),
            snp,
            UnsupportedAppraiser.NONE),
        Optional.of(keeper));
  }

  private static Appraiser snp(KeyServerConfig config, Clock clock, LongSupplier nanoClock)
      throws KeyServerConfigException {
    if (config.snp().isEmpty()) {
      return UnsupportedAppraiser.SNP;
    }
    Path directory = config.snp().get();
    try {
      return new SnpAppraiser(
          new SnpDirectory(directory, AmdRoots.builtIn(), nanoClock), BaselineRules.STRICT, clock);
    } catch (IOException e) {
      throw new KeyServerConfigException(
          "snp.directory " + directory + ": cannot be listed, or holds too much", e);
    }
  }

  private static Optional<CollateralKeeper.Fetcher> fetcher(KeyServerConfig.Collateral collateral) {
    return collateral
        .url()
        .map(url -> new CollateralClient(url, "standard", collateral.proxy())::fetch);
  }

  /**
   * The judge of one type.
   *
   * @param allowSample whether sample evidence is judged at all
   */
  Appraiser forType(String type, boolean allowSample) {
    if (type.equals(SampleEvidence.TYPE) && !allowSample) {
      return SAMPLE_NOT_ALLOWED;
    }
    for (Appraiser appraiser : known) {
      if (appraiser.evidenceType().equals(type)) {
        return appraiser;
      }
    }
    return new UnsupportedAppraiser(type, "a known type of evidence");
  }
}

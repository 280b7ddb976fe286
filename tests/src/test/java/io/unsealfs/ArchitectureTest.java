package io.unsealfs;

import static com.tngtech.archunit.base.DescribedPredicate.alwaysTrue;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The import rules of docs/architecture.md. */
class ArchitectureTest {
  private static final String[] FUSE_SIDE = {
    "io.unsealfs.storage..",
    "io.unsealfs.os..",
    "io.unsealfs.block..",
    "io.unsealfs.volume..",
    "io.unsealfs.crypto..",
    "io.unsealfs.mount.."
  };
  private static final String[] KEY_SIDE = {
    "io.unsealfs.key..",
    "io.unsealfs.attest..",
    "io.unsealfs.verify..",
    "io.unsealfs.keyserver..",
    "io.unsealfs.http.."
  };
  private static JavaClasses unsealfs;

  @BeforeAll
  static void importClasses() {
    unsealfs =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.unsealfs");
    classes().that(alwaysTrue()).should().haveSimpleNameNotEndingWith("Util").check(unsealfs);
  }

  @Test
  void theTwoHalvesDoNotKnowEachOther() {
    noClasses()
        .that()
        .resideInAnyPackage(FUSE_SIDE)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(KEY_SIDE)
        .check(unsealfs);
    noClasses()
        .that()
        .resideInAnyPackage(KEY_SIDE)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(FUSE_SIDE)
        .check(unsealfs);
  }

  @Test
  void nothingImportsTheDaemon() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.unsealfs.daemon..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.unsealfs.daemon..")
        .check(unsealfs);
  }

  @Test
  void aFormatDoesNotImportAnotherFormat() {
    slices()
        .matching("io.unsealfs.volume.(*)..")
        .should()
        .notDependOnEachOther()
        .allowEmptyShould(true)
        .check(unsealfs);
  }

  @Test
  void onlyTheLibfuseTransportSeesJnrFuse() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.unsealfs.mount.jnr..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("ru.serce..")
        .check(unsealfs);
  }

  @Test
  void onlyTransportsAndSystemCallsSeeJnr() {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            "io.unsealfs.mount.jnr..", "io.unsealfs.mount.kernel..", "io.unsealfs.os..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jnr..")
        .check(unsealfs);
  }

  @Test
  void onlyTheProtocolsSeeGrpc() {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            "io.unsealfs.key.grpc..",
            "io.unsealfs.key.cczoo..",
            "io.unsealfs.keyserver..",
            "io.unsealfs.key.proto..",
            "io.unsealfs.key.wire..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.grpc..")
        .check(unsealfs);
  }

  @Test
  void eachStoreSdkIsSeenByOnePackage() {
    onlyThere("io.unsealfs.storage.object.s3..", "software.amazon.awssdk..");
    onlyThere("io.unsealfs.storage.object.oss..", "com.aliyun..");
    onlyThere("io.unsealfs.storage.object.http..", "org.apache.hc..");
  }

  private static void onlyThere(String there, String library) {
    noClasses()
        .that()
        .resideOutsideOfPackage(there)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(library)
        .check(unsealfs);
  }

  @Test
  void onlyTheDaemonSeesMicrometerAndPicocli() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.unsealfs.daemon..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.micrometer..", "picocli..")
        .check(unsealfs);
  }

  @Test
  void theTransportsSeeTreesAndNotFormats() {
    noClasses()
        .that()
        .resideInAPackage("io.unsealfs.mount..")
        // its table lists every error that a tree may throw, those of volumes too
        .and()
        .doNotHaveSimpleName("Errno")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.unsealfs.volume..")
        .check(unsealfs);
  }

  @Test
  void exceptionsOfOursAreIoExceptions() {
    classes()
        .that()
        .areAssignableTo(Exception.class)
        .and()
        .resideInAPackage("io.unsealfs..")
        // a package may keep an exception to itself, and a caller's mistake is no I/O error
        .and()
        .arePublic()
        .and()
        .areNotAssignableTo(IllegalArgumentException.class)
        .should()
        .beAssignableTo(java.io.IOException.class)
        .check(unsealfs);
  }
}

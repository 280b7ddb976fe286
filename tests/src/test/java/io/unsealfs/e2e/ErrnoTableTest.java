package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.unsealfs.mount.Errno;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every error that reading a tree can end in has its errno. */
class ErrnoTableTest {

  @Test
  void whateverATreeCanThrowIsInTheTable() {
    List<String> missing =
        new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.unsealfs.storage", "io.unsealfs.block")
                .stream()
                .filter(type -> type.isAssignableTo(IOException.class))
                .filter(type -> !Errno.lists(asException(type)))
                .map(JavaClass::getName)
                .sorted()
                .toList();
    assertEquals(List.of(), missing);
  }

  private static Class<? extends IOException> asException(JavaClass type) {
    return type.reflect().asSubclass(IOException.class);
  }
}

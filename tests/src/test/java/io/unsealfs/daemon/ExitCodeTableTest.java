package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.unsealfs.key.KeyChainException;
import io.unsealfs.key.KeyDeniedException;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every error of ours has a row in the table of exit codes. */
class ExitCodeTableTest {

  static List<JavaClass> exceptions() {
    List<JavaClass> exceptions =
        new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.unsealfs")
                .stream()
                .filter(type -> type.isAssignableTo(IOException.class))
                .filter(type -> !type.getModifiers().contains(JavaModifier.ABSTRACT))
                .sorted(Comparator.comparing(JavaClass::getName))
                .toList();
    assertFalse(exceptions.isEmpty());
    return exceptions;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("exceptions")
  void everyExceptionHasARow(JavaClass type) throws ReflectiveOperationException {
    Throwable error =
        type.isEquivalentTo(KeyChainException.class)
            ? new KeyChainException(
                List.of(
                    new KeyChainException.Attempt("file:key", new KeyDeniedException("because"))))
            : (Throwable) make(type.reflect());
    assertNotEquals(ExitCode.FAULT, ExitCode.of(error));
  }

  /** An instance by the constructor with the fewest parameters, with any values. */
  private static Object make(Class<?> type) throws ReflectiveOperationException {
    Constructor<?> constructor =
        Arrays.stream(type.getDeclaredConstructors())
            .min(Comparator.comparingInt(Constructor::getParameterCount))
            .orElseThrow();
    constructor.setAccessible(true);
    @Nullable Object[] values = new Object[constructor.getParameterCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = any(constructor.getParameterTypes()[i]);
    }
    return constructor.newInstance(values);
  }

  private static @Nullable Object any(Class<?> type) throws ReflectiveOperationException {
    if (type == String.class) {
      return "text";
    } else if (type == int.class) {
      return 1;
    } else if (type == long.class) {
      return 1L;
    } else if (type == boolean.class) {
      return false;
    } else if (type == List.class) {
      return List.of();
    } else if (type == Map.class) {
      return Map.of();
    } else if (type == Optional.class) {
      return Optional.empty();
    } else if (Throwable.class.isAssignableFrom(type)) {
      return null;
    } else if (type.isEnum()) {
      return type.getEnumConstants()[0];
    } else if (type.isRecord()) {
      RecordComponent[] components = type.getRecordComponents();
      @Nullable Object[] values = new Object[components.length];
      Class<?>[] types = new Class<?>[components.length];
      for (int i = 0; i < components.length; i++) {
        types[i] = components[i].getType();
        values[i] = any(types[i]);
      }
      Constructor<?> canonical = type.getDeclaredConstructor(types);
      canonical.setAccessible(true);
      return canonical.newInstance(values);
    }
    throw new AssertionError("a value of " + type + " is needed here");
  }
}

package io.unsealfs.daemon.start;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;

/** Class files of Java 5 and before, and the same code as Java 7 wants it. */
final class OldClass {
  private static final int MAGIC = 0xcafebabe;

  private static final ClassFile TOOL =
      ClassFile.of(
          ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
          ClassFile.ClassHierarchyResolverOption.of(
              ClassHierarchyResolver.ofResourceParsing(OldClass.class.getClassLoader())
                  .orElse(ClassHierarchyResolver.defaultResolver())));

  private static final ClassTransform TO_JAVA_7 =
      ClassTransform.transformingMethodBodies(CodeBuilder::with)
          .andThen((builder, element) ->
              builder.with(
                  element instanceof ClassFileVersion
                      ? ClassFileVersion.of(ClassFile.JAVA_7_VERSION, 0)
                      : element));

  private OldClass() {}

  /**
   * Whether the class file's version is below that of Java 6.
   *
   * @param start at least the first 8 bytes of it
   */
  static boolean isOld(byte[] start) {
    if (start.length < 8) {
      return false;
    }
    int magic =
        (start[0] & 0xff) << 24
            | (start[1] & 0xff) << 16
            | (start[2] & 0xff) << 8
            | (start[3] & 0xff);
    int major = (start[6] & 0xff) << 8 | (start[7] & 0xff);
    return magic == MAGIC && major < ClassFile.JAVA_6_VERSION;
  }

  /** The class with stack maps; as it was if it uses what Java 7 has no more (subroutines). */
  static byte[] withStackMaps(byte[] classFile) {
    try {
      return TOOL.transformClass(TOOL.parse(classFile), TO_JAVA_7);
    } catch (IllegalArgumentException e) {
      return classFile;
    }
  }
}

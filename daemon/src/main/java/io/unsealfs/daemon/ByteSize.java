package io.unsealfs.daemon;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A number of bytes as people write it: {@code 268435456}, {@code 256M}, {@code 1GiB}. Units are
 * powers of 1024.
 *
 * @param bytes at least 0
 */
record ByteSize(long bytes) {

  /** Reads the option's text. */
  static final class Converter implements ITypeConverter<ByteSize> {
    private static final Pattern TEXT = Pattern.compile("([0-9]{1,18})\\s*([KMGT]?)(I?B)?");

    @Override
    public ByteSize convert(String text) {
      Matcher match = TEXT.matcher(text.strip().toUpperCase(Locale.ROOT));
      if (match.matches()) {
        long unit = 1L << (10 * " KMGT".indexOf(match.group(2).isEmpty() ? " " : match.group(2)));
        try {
          return new ByteSize(Math.multiplyExact(Long.parseLong(match.group(1)), unit));
        } catch (ArithmeticException e) {
          throw new TypeConversionException("'" + text + "' is more bytes than there are");
        }
      }
      throw new TypeConversionException("'" + text + "' is no size; write 268435456, 256M or 1G");
    }
  }

  @Override
  public String toString() {
    String[] units = {"B", "KiB", "MiB", "GiB", "TiB"};
    int unit = 0;
    long rest = bytes;
    while (unit < units.length - 1 && rest >= 1024 && rest % 1024 == 0) {
      rest /= 1024;
      unit++;
    }
    return rest + " " + units[unit];
  }
}

package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;

/** SDKs before 1.39 have no storage drivers, and frameworks look at all methods of a class. */
class OlderSdkTest {
  /** What pom.xml leaves out for the oldest SDK. */
  private static final Set<String> NEED_DRIVERS =
      Set.of("io.tdc.RetrievedObjects", "io.tdc.StorageDrivers", "io.tdc.WrappedDriver");

  /** The classes of this package again, without the SDK's storage drivers. */
  private static final class WithoutDrivers extends ClassLoader {
    WithoutDrivers() {
      super(WithoutDrivers.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (name.startsWith("io.temporal.payload.storage.")) {
        throw new ClassNotFoundException(name);
      }
      if (!name.startsWith("io.tdc.")) {
        return super.loadClass(name, resolve);
      }
      Class<?> loaded = findLoadedClass(name);
      return loaded == null ? define(name) : loaded;
    }

    private Class<?> define(String name) throws ClassNotFoundException {
      String file = name.replace('.', '/') + ".class";
      try (InputStream in = getParent().getResourceAsStream(file)) {
        byte[] bytes = in.readAllBytes();
        return defineClass(name, bytes, 0, bytes.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }

  @Test
  void theyLoadEveryOtherClass() throws Exception {
    Set<String> names = new TreeSet<>();
    Path jar = Path.of(Tdc.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    try (JarFile file = new JarFile(jar.toFile())) {
      file.stream()
          .map(entry -> entry.getName())
          .filter(name -> name.startsWith("io/tdc/") && name.endsWith(".class"))
          .forEach(name -> names.add(name.substring(0, name.length() - 6).replace('/', '.')));
    }
    names.remove("io.tdc.package-info");
    assertTrue(names.contains("io.tdc.MessageOption"), names.toString());

    ClassLoader loader = new WithoutDrivers();
    Set<String> unusable = new TreeSet<>();
    for (String name : names) {
      try {
        Class<?> loaded = Class.forName(name, false, loader);
        loaded.getDeclaredMethods();
        loaded.getDeclaredFields();
        loaded.getDeclaredConstructors();
      } catch (NoClassDefFoundError e) {
        unusable.add(name);
      }
    }
    assertTrue(unusable.contains("io.tdc.StorageDrivers"), unusable.toString());
    unusable.removeIf(name -> NEED_DRIVERS.contains(name.replaceFirst("[$].*", "")));
    assertEquals(Set.of(), unusable);
    assertThrows(
        ClassNotFoundException.class,
        () -> loader.loadClass("io.temporal.payload.storage.StorageDriver"));
  }
}

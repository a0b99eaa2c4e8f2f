package io.tdc.peers;

import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Message;
import io.temporal.api.common.v1.Payload;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Collectors;

/** The messages of the API that the SDK brings, by their full names. */
final class Messages {
  private final FileDescriptorSet.Builder files = FileDescriptorSet.newBuilder();
  private final Set<String> seen = new HashSet<>();
  private final Map<String, Descriptor> known = new HashMap<>();

  /** Finds them in the jar that has {@link Payload}. */
  Messages() throws IOException, ReflectiveOperationException, URISyntaxException {
    URI jar = Payload.class.getProtectionDomain().getCodeSource().getLocation().toURI();
    List<String> names;
    try (JarFile file = new JarFile(Path.of(jar).toFile())) {
      names =
          file.stream()
              .map(JarEntry::getName)
              .filter(name -> name.matches("io/temporal/api/[^$]*Proto\\.class"))
              .map(name -> name.replace('/', '.').replaceAll("\\.class$", ""))
              .collect(Collectors.toList());
    }
    for (String name : names) {
      add((FileDescriptor) Class.forName(name).getMethod("getDescriptor").invoke(null));
    }
  }

  /** The descriptors of all of them, each file after those it imports. */
  byte[] describe() {
    return files.build().toByteArray();
  }

  /** An empty message of the class that was generated for {@code name}. */
  Message ofName(String name) throws ReflectiveOperationException {
    Descriptor descriptor = known.get(name);
    if (descriptor == null) {
      throw new ClassNotFoundException("no message is called " + name);
    }
    String inPackage = name.substring(descriptor.getFile().getPackage().length() + 1);
    String javaPackage = descriptor.getFile().getOptions().getJavaPackage();
    Class<?> generated = Class.forName(javaPackage + "." + inPackage.replace('.', '$'));
    return (Message) generated.getMethod("getDefaultInstance").invoke(null);
  }

  private void add(FileDescriptor file) {
    if (!seen.add(file.getFullName())) {
      return;
    }
    file.getDependencies().forEach(this::add);
    files.addFile(file.toProto());
    file.getMessageTypes().forEach(this::add);
  }

  private void add(Descriptor message) {
    known.put(message.getFullName(), message);
    message.getNestedTypes().forEach(this::add);
  }
}

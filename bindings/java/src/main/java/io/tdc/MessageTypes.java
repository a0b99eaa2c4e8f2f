package io.tdc;

import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Message;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.annotation.Nullable;

/** The protobuf message types that the library asks for and Java's runtime has. */
final class MessageTypes {
  private static final ClassValue<Optional<Descriptor>> OF_CLASS =
      new ClassValue<>() {
        @Override
        protected Optional<Descriptor> computeValue(Class<?> type) {
          return find(type);
        }
      };

  private MessageTypes() {}

  /** The type of a generated message class; null for every other class. */
  @Nullable
  static Descriptor of(@Nullable Class<?> type) {
    return type != null && Message.class.isAssignableFrom(type)
        ? OF_CLASS.get(type).orElse(null)
        : null;
  }

  /**
   * The file of a type and all that it imports, as a serialised {@code FileDescriptorSet}. It is
   * looked for in the files of the known types and what these import, for Java keeps no list of all
   * types.
   */
  static Optional<byte[]> filesOf(String name, List<Descriptor> known) {
    Map<String, FileDescriptor> files = new LinkedHashMap<>();
    for (Descriptor type : known) {
      collect(type.getFile(), files);
    }
    return files.values().stream()
        .filter(file -> declares(file.getMessageTypes(), name))
        .findFirst()
        .map(MessageTypes::withImports);
  }

  private static Optional<Descriptor> find(Class<?> type) {
    try {
      Object descriptor = type.getMethod("getDescriptor").invoke(null);
      return descriptor instanceof Descriptor
          ? Optional.of((Descriptor) descriptor)
          : Optional.empty();
    } catch (ReflectiveOperationException | NullPointerException e) {
      // Not generated: Message itself, or a dynamic one.
      return Optional.empty();
    }
  }

  private static boolean declares(List<Descriptor> types, String name) {
    for (Descriptor type : types) {
      String here = type.getFullName();
      if (here.equals(name)
          || (name.startsWith(here + ".") && declares(type.getNestedTypes(), name))) {
        return true;
      }
    }
    return false;
  }

  private static byte[] withImports(FileDescriptor file) {
    Map<String, FileDescriptor> files = new LinkedHashMap<>();
    collect(file, files);
    FileDescriptorSet.Builder set = FileDescriptorSet.newBuilder();
    files.values().forEach(each -> set.addFile(each.toProto()));
    return set.build().toByteArray();
  }

  /** Imports come first. */
  private static void collect(FileDescriptor file, Map<String, FileDescriptor> files) {
    if (files.containsKey(file.getName())) {
      return;
    }
    for (FileDescriptor imported : file.getDependencies()) {
      collect(imported, files);
    }
    files.put(file.getName(), file);
  }
}

package io.unsealfs.container;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** Kubernetes objects of YAML files, as the typed classes of the Kubernetes API. */
final class Manifest {
  private static final Map<String, Class<?>> KINDS =
      Map.of(
          "v1/Namespace", Namespace.class,
          "v1/Pod", Pod.class,
          "v1/Service", Service.class,
          "v1/ServiceAccount", ServiceAccount.class,
          "v1/ConfigMap", ConfigMap.class,
          "apps/v1/Deployment", Deployment.class,
          "apps/v1/StatefulSet", StatefulSet.class,
          "networking.k8s.io/v1/NetworkPolicy", NetworkPolicy.class,
          "policy/v1/PodDisruptionBudget", PodDisruptionBudget.class);

  /** Refuses what the API does not know; the classes by themselves would put it aside. */
  private static final ObjectMapper STRICT =
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .setAnnotationIntrospector(new WithoutAnySetter());

  private Manifest() {}

  private static final class WithoutAnySetter extends JacksonAnnotationIntrospector {
    private static final long serialVersionUID = 1L;

    @Override
    public Boolean hasAnySetter(Annotated annotated) {
      return false;
    }
  }

  /** The documents of a file. Keys that occur twice are refused. */
  static List<Object> documents(Path file) throws IOException {
    LoadSettings settings = LoadSettings.builder().setAllowDuplicateKeys(false).build();
    List<Object> documents = new ArrayList<>();
    new Load(settings).loadAllFromString(Files.readString(file)).forEach(documents::add);
    return documents;
  }

  /** {@code document} as an object of its kind; fails at a field that the kind does not have. */
  static Object typed(Object document) {
    if (!(document instanceof Map<?, ?> map)) {
      throw new AssertionError("no object: " + document);
    }
    Class<?> kind = KINDS.get(map.get("apiVersion") + "/" + map.get("kind"));
    if (kind == null) {
      throw new AssertionError("no class for " + map.get("apiVersion") + "/" + map.get("kind"));
    }
    return as(kind, document);
  }

  /** {@code document} as a {@code kind}. */
  static <T> T as(Class<T> kind, @Nullable Object document) {
    return STRICT.convertValue(Objects.requireNonNull(document), kind);
  }
}

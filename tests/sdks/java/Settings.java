import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.core.retry.RetryMode;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.profiles.Profile;
import software.amazon.awssdk.profiles.ProfileFile;
import software.amazon.awssdk.profiles.ProfileFileSystemSetting;
import software.amazon.awssdk.profiles.ProfileProperty;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * What the Java SDK resolves for settings: a line of JSON for each environment, a JSON object on a line of standard input,
 * and "" in it the settings that are asked. With the argument "known" it says which it knows, a line each.
 *
 * <p>To change the environment of a process from within, Java has to be run with --add-opens java.base/java.util.
 */
public final class Settings {
    private static final class Nothing extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char one : text.toCharArray()) {
            out.append(one < ' ' || one == '"' || one == '\\' || one > '~' ? String.format("\\u%04x", (int) one) : one);
        }
        return out.append('"').toString();
    }

    private static String object(Map<String, String> said) {
        List<String> parts = new ArrayList<>();
        said.forEach((name, value) -> parts.add(quoted(name) + ":" + (value == null ? "null" : quoted(value))));
        return "{" + String.join(",", parts) + "}";
    }

    @SuppressWarnings("unchecked")
    private static Map<String, String> environment() throws ReflectiveOperationException {
        Map<String, String> seen = System.getenv();
        Field inner = seen.getClass().getDeclaredField("m");
        inner.setAccessible(true);
        return (Map<String, String>) inner.get(seen);
    }

    private static Map<String, String> resolved(List<String> asked) {
        Map<String, String> said = new LinkedHashMap<>();
        String name = ProfileFileSystemSetting.AWS_PROFILE.getStringValue().orElse("default");
        Optional<Profile> profile = ProfileFile.defaultProfileFile().profile(name);
        for (String one : asked) {
            said.put(one, profile.flatMap(found -> found.property(one)).orElse(null));
        }
        said.put("mode of retries", String.valueOf(RetryMode.resolver().resolve()));
        ExecutionInterceptor stop = new ExecutionInterceptor() {
            @Override
            public void beforeTransmission(Context.BeforeTransmission context, ExecutionAttributes attributes) {
                SdkHttpRequest request = context.httpRequest();
                said.put("address", request.getUri().toString());
                said.put("agent", request.firstMatchingHeader("User-Agent").orElse(""));
                throw new Nothing();
            }
        };
        try (StsClient client = StsClient.builder()
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("AKIANOBODY", "x")))
                .overrideConfiguration(ClientOverrideConfiguration.builder().addExecutionInterceptor(stop).build())
                .build()) {
            said.put("region in use", client.serviceClientConfiguration().region().id());
            client.serviceClientConfiguration().overrideConfiguration().retryStrategy()
                    .ifPresent(one -> said.put("attempts", String.valueOf(one.maxAttempts())));
            client.getCallerIdentity();
        } catch (Nothing nothing) {
            // that is what was wanted
        } catch (RuntimeException error) {
            said.putIfAbsent("address", String.valueOf(error));
        }
        return said;
    }

    public static void main(String[] words) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        if (words.length > 0) {
            for (Field field : ProfileProperty.class.getFields()) {
                if (Modifier.isStatic(field.getModifiers()) && field.getType() == String.class) {
                    out.println(field.get(null));
                }
            }
            return;
        }
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Map<String, String> environment = environment();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            List<String> asked = new ArrayList<>();
            environment.clear();
            JsonNode.parser().parse(line).asObject().forEach((name, value) -> {
                if (name.isEmpty()) {
                    value.asArray().forEach(one -> asked.add(one.asString()));
                } else {
                    environment.put(name, value.asString());
                }
            });
            try {
                out.println(object(resolved(asked)));
            } catch (RuntimeException error) {
                out.println(object(Map.of("error", error.getClass().getSimpleName())));
            }
        }
    }
}

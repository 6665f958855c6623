import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.StsClientBuilder;

/**
 * Asks STS who it is, by the Java SDK, as the profiles of its arguments; "" is whatever the environment says.
 *
 * <p>All clients are opened at once and kept. At each line of standard input each asks again, and a line is printed for
 * it: profile, account, region, access key, with a tab between.
 */
public final class Who {
    private final String profile;
    private final AwsCredentialsProvider credentials;
    private final StsClient client;

    private Who(String profile) {
        this.profile = profile;
        DefaultCredentialsProvider.Builder chain = DefaultCredentialsProvider.builder();
        StsClientBuilder builder = StsClient.builder();
        if (!profile.isEmpty()) {
            chain.profileName(profile);
            builder.overrideConfiguration(
                    ClientOverrideConfiguration.builder().defaultProfileName(profile).build());
        }
        credentials = chain.build();
        client = builder.credentialsProvider(credentials).build();
    }

    private String ask() {
        try {
            String account = client.getCallerIdentity().account();
            String region = client.serviceClientConfiguration().region().id();
            return String.join("\t", profile, account, region, credentials.resolveCredentials().accessKeyId());
        } catch (RuntimeException error) {
            return profile + "\terror: " + String.valueOf(error).replace('\n', ' ');
        }
    }

    /** Does the work for all of them at the same time; what came of it is in their order. */
    private static <A, B> List<B> each(ExecutorService threads, List<A> all, Function<A, B> work) {
        List<CompletableFuture<B>> begun = all.stream()
                .map(one -> CompletableFuture.supplyAsync(() -> work.apply(one), threads))
                .collect(Collectors.toList());
        return begun.stream().map(CompletableFuture::join).collect(Collectors.toList());
    }

    public static void main(String[] profiles) throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool(work -> {
            Thread thread = new Thread(work);
            thread.setDaemon(true);
            return thread;
        });
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        List<Who> opened = each(threads, Stream.of(profiles).collect(Collectors.toList()), Who::new);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        while (lines.readLine() != null) {
            each(threads, opened, Who::ask).forEach(out::println);
        }
    }
}

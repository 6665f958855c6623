import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.securitytoken.AWSSecurityTokenServiceClientBuilder;
import com.amazonaws.services.securitytoken.model.GetCallerIdentityRequest;

/** Asks the STS of its argument which account it is, by version 1 of the Java SDK. */
public final class Who1 {
    public static void main(String[] addresses) {
        System.out.println(AWSSecurityTokenServiceClientBuilder.standard()
                .withEndpointConfiguration(new EndpointConfiguration(addresses[0], "eu-central-1"))
                .build()
                .getCallerIdentity(new GetCallerIdentityRequest())
                .getAccount());
    }
}

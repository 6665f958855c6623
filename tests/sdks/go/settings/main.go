// What the Go SDK resolves for the settings that it knows: a line of JSON for each environment, a JSON object on a line
// of standard input.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// What a profile says of where its credentials come from: inside it is another place.
var credentials = map[string]bool{
	"Profile": true, "Credentials": true, "Source": true, "SourceProfileName": true, "CredentialSource": true,
	"CredentialProcess": true, "RoleARN": true, "ExternalID": true, "MFASerial": true, "RoleSessionName": true,
	"RoleDurationSeconds": true, "WebIdentityTokenFile": true,
}

func resolved() map[string]any {
	ctx := context.Background()
	// Keys that are nobody's: signing is asked for the address alone, and nothing is sent.
	nobody := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIANOBODY", SecretAccessKey: "x"}, nil
	})
	loaded, err := config.LoadDefaultConfig(ctx, config.WithCredentialsProvider(nobody))
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	said := map[string]any{
		"region":   loaded.Region,
		"app":      loaded.AppID,
		"attempts": loaded.RetryMaxAttempts,
		"retries":  fmt.Sprint(loaded.RetryMode),
		"defaults": fmt.Sprint(loaded.DefaultsMode),
		"trust":    fmt.Sprintf("%T", loaded.HTTPClient),
	}
	signed, err := sts.NewPresignClient(sts.NewFromConfig(loaded)).PresignGetCallerIdentity(ctx, nil)
	if err != nil {
		said["address"] = err.Error()
	} else {
		said["address"], _, _ = strings.Cut(signed.URL, "?")
	}
	for _, source := range loaded.ConfigSources {
		shared, ok := source.(config.SharedConfig)
		if !ok {
			continue
		}
		fields := reflect.ValueOf(shared)
		for at := 0; at < fields.NumField(); at++ {
			name := fields.Type().Field(at).Name
			if !credentials[name] && !strings.HasPrefix(name, "SSO") {
				text, _ := json.Marshal(fields.Field(at).Interface())
				said["shared "+name] = string(text)
			}
		}
	}
	return said
}

func main() {
	lines := bufio.NewReader(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		environment := map[string]any{}
		if err := json.Unmarshal(line, &environment); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Clearenv()
		for name, value := range environment {
			if text, ok := value.(string); ok && name != "" {
				os.Setenv(name, text)
			}
		}
		out.Encode(resolved())
	}
}

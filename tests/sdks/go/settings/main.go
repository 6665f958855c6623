// What the Go SDK resolves for the settings that it knows: a line of JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func main() {
	ctx := context.Background()
	// Keys that are nobody's: signing is asked for the address alone, and nothing is sent.
	nobody := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIANOBODY", SecretAccessKey: "x"}, nil
	})
	loaded, err := config.LoadDefaultConfig(ctx, config.WithCredentialsProvider(nobody))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	signed, err := sts.NewPresignClient(sts.NewFromConfig(loaded)).PresignGetCallerIdentity(ctx, nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	address, _, _ := strings.Cut(signed.URL, "?")
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"address":  address,
		"region":   loaded.Region,
		"app":      loaded.AppID,
		"attempts": loaded.RetryMaxAttempts,
		"retries":  fmt.Sprint(loaded.RetryMode),
		"defaults": fmt.Sprint(loaded.DefaultsMode),
		"trust":    fmt.Sprintf("%T", loaded.HTTPClient),
	})
}

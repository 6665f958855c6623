// Who asks STS who it is, by the Go SDK, as the profiles of its arguments; "" is whatever the environment says.
//
// All clients are opened at once and kept. At each line of standard input each asks again, and a line is printed for it:
// profile, account, region, access key, with a tab between.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Each calls work for every profile at the same time, and returns what it said, in order.
func each(profiles []string, work func(int) string) []string {
	said := make([]string, len(profiles))
	var all sync.WaitGroup
	for i := range profiles {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			said[i] = work(i)
		}(i)
	}
	all.Wait()
	return said
}

func main() {
	ctx := context.Background()
	profiles := os.Args[1:]
	configs := make([]aws.Config, len(profiles))
	clients := make([]*sts.Client, len(profiles))
	for _, problem := range each(profiles, func(i int) string {
		var options []func(*config.LoadOptions) error
		if profiles[i] != "" {
			options = append(options, config.WithSharedConfigProfile(profiles[i]))
		}
		loaded, err := config.LoadDefaultConfig(ctx, options...)
		if err != nil {
			return err.Error()
		}
		configs[i], clients[i] = loaded, sts.NewFromConfig(loaded)
		return ""
	}) {
		if problem != "" {
			fmt.Fprintln(os.Stderr, problem)
			os.Exit(1)
		}
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		for _, line := range each(profiles, func(i int) string {
			who, err := clients[i].GetCallerIdentity(ctx, nil)
			if err != nil {
				return fmt.Sprintf("%s\terror: %v", profiles[i], err)
			}
			keys, err := configs[i].Credentials.Retrieve(ctx)
			if err != nil {
				return fmt.Sprintf("%s\terror: %v", profiles[i], err)
			}
			return fmt.Sprintf("%s\t%s\t%s\t%s", profiles[i], *who.Account, configs[i].Region, keys.AccessKeyID)
		}) {
			fmt.Println(line)
		}
	}
}

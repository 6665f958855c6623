// Terraform stands in for terraform, with Terraform's own way to credentials: aws-sdk-go-base, the library by which its
// AWS provider gets and checks them.
//
// It reads the providers of main.tf, opens all of them at once, as terraform does, and prints for each: profile, region,
// account. Terraform's own grammar, and all that it does to accounts, are not in it.
package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"

	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"
	"github.com/hashicorp/aws-sdk-go-base/v2/diag"
)

// Open does for one provider what the AWS provider does when terraform configures it.
func open(profile string) (string, error) {
	ctx := context.Background()
	config := &awsbase.Config{Profile: profile, CallerName: "Terraform AWS Provider"}
	ctx, loaded, problems := awsbase.GetAwsConfig(ctx, config)
	if problems.HasError() {
		return "", told(problems)
	}
	account, _, problems := awsbase.GetAwsAccountIDAndPartition(ctx, loaded, config)
	if problems.HasError() {
		return "", told(problems)
	}
	return fmt.Sprintf("%s %s %s", profile, loaded.Region, account), nil
}

func told(problems diag.Diagnostics) error {
	var all []string
	for _, one := range problems {
		all = append(all, one.Summary()+": "+one.Detail())
	}
	return fmt.Errorf("%s", strings.Join(all, "\n"))
}

func main() {
	text, err := os.ReadFile("main.tf")
	if err != nil || len(os.Args) != 2 || os.Args[1] != "apply" {
		fmt.Fprintln(os.Stderr, "run as `terraform apply` beside a main.tf", err)
		os.Exit(2)
	}
	found := regexp.MustCompile(`profile += "(.+)"`).FindAllStringSubmatch(string(text), -1)
	lines, faults := make([]string, len(found)), make([]error, len(found))
	var all sync.WaitGroup
	for i := range found {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			lines[i], faults[i] = open(found[i][1])
		}(i)
	}
	all.Wait()
	for i, fault := range faults {
		if fault != nil {
			fmt.Fprintln(os.Stderr, found[i][1], fault)
			os.Exit(1)
		}
		fmt.Println(lines[i])
	}
}

// Who1 asks the STS of its argument which account it is, by version 1 of the Go SDK.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/sts"
)

func main() {
	place := aws.NewConfig().WithEndpoint(os.Args[1]).WithRegion("eu-central-1")
	opened, err := session.NewSession(place)
	if err == nil {
		var who *sts.GetCallerIdentityOutput
		if who, err = sts.New(opened).GetCallerIdentity(nil); err == nil {
			fmt.Println(*who.Account)
			return
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// inAWS is the account behind the credentials that the SDK finds.
type inAWS struct{ config aws.Config }

func newAWS(ctx context.Context, region string) (inAWS, error) {
	settings, err := config.LoadDefaultConfig(ctx, config.WithRegion(region))
	if err != nil {
		return inAWS{}, fmt.Errorf("read the settings of AWS: %w", err)
	}
	return inAWS{settings}, nil
}

func (a inAWS) Identity(ctx context.Context) (id, arn string, err error) {
	out, err := sts.NewFromConfig(a.config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", "", err
	}
	return aws.ToString(out.Account), aws.ToString(out.Arn), nil
}

func (a inAWS) Stack(ctx context.Context, name string) (string, error) {
	out, err := cloudformation.NewFromConfig(a.config).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	var failure smithy.APIError
	if errors.As(err, &failure) && failure.ErrorCode() == "ValidationError" && strings.Contains(failure.ErrorMessage(), "does not exist") {
		return "", nil
	}
	if err != nil || len(out.Stacks) == 0 {
		return "", err
	}
	return string(out.Stacks[0].StackStatus), nil
}

func (a inAWS) Quotas(ctx context.Context) (found []quota, err error) {
	var failures []error
	settings, err := lambda.NewFromConfig(a.config).GetAccountSettings(ctx, &lambda.GetAccountSettingsInput{})
	if err == nil && settings.AccountLimit != nil && settings.AccountUsage != nil {
		found = append(found,
			quota{Name: "concurrent executions of functions that are not reserved", Most: int64(aws.ToInt32(settings.AccountLimit.UnreservedConcurrentExecutions)), Need: needConcurrency},
			quota{Name: "bytes of functions' code", Used: settings.AccountUsage.TotalCodeSize, Most: settings.AccountLimit.TotalCodeSize, Need: needCode})
	}
	failures = append(failures, err)
	summary, err := iam.NewFromConfig(a.config).GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
	if err == nil {
		found = append(found, quota{Name: "roles", Used: int64(summary.SummaryMap["Roles"]), Most: int64(summary.SummaryMap["RolesQuota"]), Need: needRoles})
	}
	failures = append(failures, err)
	stacks := cloudformation.NewFromConfig(a.config)
	limits, err := stacks.DescribeAccountLimits(ctx, &cloudformation.DescribeAccountLimitsInput{})
	failures = append(failures, err)
	if err == nil {
		for _, limit := range limits.AccountLimits {
			if aws.ToString(limit.Name) == "StackLimit" {
				used, err := countStacks(ctx, stacks)
				failures = append(failures, err)
				found = append(found, quota{Name: "stacks", Used: used, Most: int64(aws.ToInt32(limit.Value)), Need: needStacks})
			}
		}
	}
	return found, errors.Join(failures...)
}

func countStacks(ctx context.Context, client *cloudformation.Client) (count int64, err error) {
	pages := cloudformation.NewDescribeStacksPaginator(client, &cloudformation.DescribeStacksInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, err
		}
		count += int64(len(page.Stacks))
	}
	return count, nil
}

func (a inAWS) Certificate(ctx context.Context, arn string) (status string, names []string, err error) {
	client := acm.NewFromConfig(a.config, func(o *acm.Options) { o.Region = "us-east-1" })
	out, err := client.DescribeCertificate(ctx, &acm.DescribeCertificateInput{CertificateArn: &arn})
	if err != nil {
		return "", nil, err
	}
	return string(out.Certificate.Status), out.Certificate.SubjectAlternativeNames, nil
}

package main

import (
	"context"
	"strings"
)

// account is the calls of AWS.
type account interface {
	// Identity is whose credentials are used.
	Identity(ctx context.Context) (id, arn string, err error)
	// Stack is the status of a stack; "" if there is none.
	Stack(ctx context.Context, name string) (status string, err error)
	// Quotas of the account, in the region.
	Quotas(ctx context.Context) ([]quota, error)
	// Certificate in us-east-1: its status, and the names that it is for.
	Certificate(ctx context.Context, arn string) (status string, names []string, err error)
}

// quota is how much of something there may be, how much there is, and how much a deployment adds or needs free.
type quota struct {
	Name             string
	Used, Most, Need int64
}

// What a first deployment makes and its functions need.
const (
	needRoles       = 21
	needStacks      = 7
	needCode        = 14 * 16 << 20 // zipped functions; each deployment keeps the former versions
	needConcurrency = 100           // people at their pages and a batch at the same time
)

// checkAccount finds what would be in the way in this account.
func checkAccount(ctx context.Context, a account, d *deployment, r *report) {
	id, arn, err := a.Identity(ctx)
	if err != nil {
		r.problem("account: there are no credentials that AWS accepts: %v", err)
		return
	}
	r.note("account %s in %s, as %s", id, d.Region, arn)
	status, err := a.Stack(ctx, d.Stack)
	switch {
	case err != nil:
		r.problem("stack %s: it could not be looked up: %v", d.Stack, err)
	case status == "ROLLBACK_COMPLETE" || status == "ROLLBACK_FAILED" || status == "DELETE_FAILED":
		r.problem("stack %s is in %s: delete it first; what it retains is listed in docs/deploying.md", d.Stack, status)
	case strings.HasSuffix(status, "_IN_PROGRESS"):
		r.problem("stack %s is in %s: wait until it is not", d.Stack, status)
	case strings.HasSuffix(status, "_FAILED"):
		r.problem("stack %s is in %s: aws cloudformation continue-update-rollback --stack-name %s", d.Stack, status, d.Stack)
	}
	quotas, err := a.Quotas(ctx)
	if err != nil {
		r.problem("quotas: they could not be read: %v", err)
	}
	for _, q := range quotas {
		if status == "" && q.Most-q.Used < q.Need {
			r.problem("quota: %s: %d of %d are used, and %d more are needed: have it raised in Service Quotas", q.Name, q.Used, q.Most, q.Need)
		} else if q.Most-q.Used < q.Need {
			r.note("quota: %s: %d of %d are used", q.Name, q.Used, q.Most)
		}
	}
	d.checkCertificate(ctx, a, r)
}

func (d *deployment) checkCertificate(ctx context.Context, a account, r *report) {
	arn, alias := d.Parameters["DashboardCertificateArn"], d.Parameters["DashboardAlias"]
	if arn == "" {
		return
	}
	status, names, err := a.Certificate(ctx, arn)
	if err != nil {
		r.problem("parameter DashboardCertificateArn: the certificate could not be looked up: %v", err)
		return
	}
	if status != "ISSUED" {
		r.problem("parameter DashboardCertificateArn: the certificate is %s, not ISSUED", status)
	}
	_, parent, _ := strings.Cut(alias, ".")
	for _, name := range names {
		if name == alias || name == "*."+parent {
			return
		}
	}
	r.problem("parameter DashboardCertificateArn: the certificate is for %s, not for %s", strings.Join(names, ", "), alias)
}

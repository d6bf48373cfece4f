package rules

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
)

// Policies are the policies that one calls, and those that they call in turn, by id.
type Policies map[string]*Policy

// Library holds the policies and lists that a policy refers to.
type Library interface {
	// Policy returns a version of a policy; 0 is the newest. Errors: UnknownPolicy.
	Policy(id string, version int) (*Policy, error)
	// Lists returns lists by name: the named editions, else the newest. Errors: UnknownList for all that are not there.
	Lists(names []string, editions map[string]string) (map[string]expr.List, error)
}

// Versions knows the versions of a tenant's policies.
type Versions interface {
	// PolicyVersion is a version of a policy; 0 is the newest. Errors: UnknownPolicy.
	PolicyVersion(ctx context.Context, tenant, id string, version int) (*Policy, error)
}

// Lists opens editions of a tenant's lists.
type Lists interface {
	// OpenLists returns lists by name; editions names those that a former decision saw, what it does not name is the newest.
	// Errors: UnknownList, for all that are not there at once.
	OpenLists(ctx context.Context, tenant string, names []string, editions map[string]string) (map[string]expr.List, error)
}

// NewLibrary is a tenant's Library, for as long as the context lives. Without versions or lists there are none.
func NewLibrary(ctx context.Context, tenant string, policies Versions, lists Lists) Library {
	return tenantLibrary{ctx, tenant, policies, lists}
}

type tenantLibrary struct {
	ctx      context.Context //nolint:containedctx // it lives as long as one decision
	tenant   string
	policies Versions
	lists    Lists
}

// Policy implements Library.
func (l tenantLibrary) Policy(id string, version int) (*Policy, error) {
	if l.policies == nil {
		return nil, notThere(nil, []string{id})
	}
	return l.policies.PolicyVersion(l.ctx, l.tenant, id, version)
}

// Lists implements Library.
func (l tenantLibrary) Lists(names []string, editions map[string]string) (map[string]expr.List, error) {
	if l.lists == nil {
		return nil, notThere(names, nil)
	}
	return l.lists.OpenLists(l.ctx, l.tenant, names, editions)
}

// Seen is what a former decision saw. What it does not name is the newest.
type Seen struct {
	Policies map[string]int    // version by id
	Editions map[string]string // edition by list
}

// Open loads what a policy refers to, for its Options. Errors: those of the library; Invalid for policies that call each
// other in a circle, or too deep.
func (p *Policy) Open(library Library, seen Seen) (Options, error) {
	if len(p.dependencies) == 0 {
		return Options{}, nil
	}
	policies, err := p.Collect(func(id string) (*Policy, error) { return library.Policy(id, seen.Policies[id]) })
	if err != nil {
		return Options{}, err
	}
	options := Options{Policies: policies}
	wanted := p.Lists()
	for _, other := range policies {
		wanted = append(wanted, other.Lists()...)
	}
	slices.Sort(wanted)
	if wanted = slices.Compact(wanted); len(wanted) > 0 {
		options.Lists, err = library.Lists(wanted, seen.Editions)
	}
	return options, err
}

// Collect gets the policies that a policy calls, and those that they call. Errors: those of get; Invalid for policies that
// call each other in a circle, with its ids, or too deep.
func (p *Policy) Collect(get func(id string) (*Policy, error)) (Policies, error) {
	found := Policies{}
	return found, p.collect(get, found, []string{p.ID})
}

func (p *Policy) collect(get func(id string) (*Policy, error), found Policies, way []string) error {
	if len(way) > maxCallDepth {
		return tooDeep()
	}
	for _, id := range p.Calls() {
		if slices.Contains(way, id) {
			return circle(append(way[slices.Index(way, id):], id))
		}
		if _, there := found[id]; !there {
			other, err := get(id)
			if err != nil {
				return err
			}
			found[id] = other
		}
		if err := found[id].collect(get, found, append(slices.Clone(way), id)); err != nil {
			return err
		}
	}
	return nil
}

func circle(ids []string) error {
	return problem.New(problem.Invalid, "Policies must not call each other in a cycle.").With("policy", "cycle", "%s", strings.Join(ids, " calls "))
}

func tooDeep() error {
	return problem.New(problem.Invalid, "Policies must not call each other more than %d levels deep.", maxCallDepth)
}

func tooMany() error {
	return problem.New(problem.Invalid, "A decision must not call policies more than %d times.", maxCalls)
}

func failedCall(err error, id string) error {
	return problem.Wrap(err, problem.CodeOf(err), "The policy %s that is called could not be evaluated.", id)
}

// notThere states which lists and policies an evaluation lacks. It makes no decision then: a block list that is not there must
// not look like one that is empty.
func notThere(lists, policies []string) error {
	code := problem.NotReady
	if len(lists) > 0 {
		code = problem.UnknownList
	}
	e := problem.New(code, "The policy refers to something that does not exist.")
	for _, name := range lists {
		e.With("lists."+name, "unknown", "there is no list %s", name)
	}
	for _, id := range policies {
		e.With("policies."+id, "unknown", "there is no policy %s", id)
	}
	return e
}

// ready reports whether what the policy itself refers to is available.
func (p *Policy) ready(options Options) error {
	var lists, policies []string
	for _, name := range p.Lists() {
		if options.Lists[name] == nil {
			lists = append(lists, name)
		}
	}
	for _, id := range p.Calls() {
		if _, answered := options.answers[id]; options.Policies[id] == nil && !answered {
			policies = append(policies, id)
		}
	}
	if len(lists)+len(policies) > 0 {
		return notThere(lists, policies)
	}
	return nil
}

// CheckDependencies reports problems with the lists and policies that a policy refers to: they do not exist, a policy has no
// such outcome, policies call each other in a cycle. get returns the newest version of a policy; lists are all that exist, nil
// when that is not known.
func (p *Policy) CheckDependencies(file string, get func(id string) (*Policy, error), lists []string) (found problem.Diagnostics) {
	itself := func(id string) (*Policy, error) {
		if id == p.ID {
			return p, nil
		}
		return get(id)
	}
	for _, a := range p.dependencies {
		code, message, hint := a.check(itself, lists)
		if code == "" {
			continue
		}
		d := problem.Diagnostic{File: file, Line: a.line, Column: a.column, Path: a.path, Code: code, Message: message, Hint: hint}
		d.Excerpt = problem.Excerpt(string(p.Source), a.line, a.column, a.width)
		found = append(found, d)
	}
	if len(found) > 0 {
		return found
	}
	if _, err := p.Collect(itself); err != nil {
		message := err.Error()
		for _, f := range problem.As(err).Fields {
			message += " " + f.Message
		}
		found = append(found, problem.Diagnostic{File: file, Line: 1, Column: 1, Code: "cycle", Message: message})
	}
	return found
}

func (a dependency) check(get func(id string) (*Policy, error), lists []string) (code, message, hint string) {
	if a.list != "" {
		if lists != nil && !slices.Contains(lists, a.list) {
			return "unknown_list", "there is no list " + a.list, didYouMean(a.list, lists)
		}
		return "", "", ""
	}
	other, err := get(a.policy)
	switch {
	case problem.CodeOf(err) == problem.UnknownPolicy:
		return "unknown_policy", "there is no policy " + a.policy, ""
	case err != nil:
		return "unavailable", fmt.Sprintf("the policy %s could not be read", a.policy), ""
	}
	for _, outcome := range a.outcomes {
		if !slices.Contains(other.Outcomes, outcome) {
			return "unknown_outcome", fmt.Sprintf("the policy %s has no outcome %s", a.policy, outcome), didYouMean(outcome, other.Outcomes)
		}
	}
	return "", "", ""
}

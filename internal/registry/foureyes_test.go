package registry_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

var (
	bob  = identity.Principal{Tenant: "acme", Kind: identity.User, ID: "user_bob"}
	cleo = identity.Principal{Tenant: "acme", Kind: identity.User, ID: "user_cleo"}
	tool = identity.Principal{Tenant: "acme", Kind: identity.Client, ID: "key_1"}
)

const asksOwn = "id: asks\ninitial: a\nstates:\n  a:\n    invoke: {src: rules, id: r, input: {policy: own}}\n    onDone: b\n  b: {type: final}\n"

var ownPolicy = strings.Replace(shippedPolicy, "id: risk", "id: own", 1) + "cases:\n  - {name: young, now: 2026-01-01, input: {age: 3}, expect: {outcome: review}}\n"

// newFour is a shop where nobody publishes alone.
func newFour(t *testing.T) *shop {
	t.Helper()
	s := newShop(t)
	s.Behind = func(_ context.Context, _, key string) ([]string, error) {
		return []string{"user_ann", key + "_parent"}, nil
	}
	made, proposal, err := s.ChangeSettings(t.Context(), ann, registry.ChangeSettings{Seen: 1, FourEyes: true, Comment: "audit"})
	if err != nil || proposal != nil || !made.FourEyes || made.Version != 2 || made.ChangedBy != ann.ID || made.ChangedAt.IsZero() {
		t.Fatalf("%+v %+v %v", made, proposal, err)
	}
	return s
}

// proposes publishes, which is a proposal here.
func (s *shop) proposes(who identity.Principal, kind registry.Kind, id, source string) registry.Proposal {
	s.t.Helper()
	made, err := s.Publisher.Publish(s.t.Context(), who, registry.Publish{Kind: kind, ID: id, Source: source, Comment: "because"})
	if err != nil || made.Proposal == nil {
		s.t.Fatalf("%+v, %v", made, err)
	}
	return *made.Proposal
}

func (s *shop) newest(kind registry.Kind, id string) registry.Definition {
	s.t.Helper()
	d, err := s.Catalog.Definition(s.t.Context(), "acme", kind, id, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

func (s *shop) status(id string) registry.Proposal {
	s.t.Helper()
	p, _, err := s.Publisher.Proposal(s.t.Context(), "acme", id)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func TestWithFourEyesPublishingNeedsASecondPerson(t *testing.T) {
	s := newFour(t)
	p := s.proposes(ann, registry.Workflow, "kyc", nextWorkflow)
	if p.Status != registry.Open || p.ProposedBy != ann.ID || p.Comment != "because" || len(p.Documents) != 1 || p.Documents[0].Base != 1 || len(s.made) != 0 {
		t.Fatalf("%+v, machines %v", p, s.made)
	}
	if d := s.newest(registry.Workflow, "kyc"); d.Version != 1 {
		t.Fatalf("it counts already: %+v", d)
	}
	for name, who := range map[string]identity.Principal{
		"who has proposed it": ann, "a key": tool, "the machine": identity.SystemOf("acme", "cli"), "a key of the same id": {Tenant: "acme", Kind: identity.Client, ID: "user_bob"}, "nobody": {Tenant: "acme", Kind: identity.User},
	} {
		if _, err := s.Approve(t.Context(), who, p.ID, ""); problem.CodeOf(err) != problem.Forbidden {
			t.Errorf("%s approves: %v", name, err)
		}
		if _, err := s.Reject(t.Context(), who, p.ID, "no"); problem.CodeOf(err) != problem.Forbidden {
			t.Errorf("%s rejects: %v", name, err)
		}
	}
	_, err := s.Approve(t.Context(), identity.Principal{Tenant: "other", Kind: identity.User, ID: "user_bob"}, p.ID, "")
	wants(t, err, problem.NotFound)
	done, err := s.Approve(t.Context(), bob, p.ID, "looks good")
	if err != nil || done.Status != registry.Approved || done.DecidedBy != bob.ID || done.Reason != "looks good" || done.Documents[0].Version != 2 {
		t.Fatalf("%+v, %v", done, err)
	}
	if d := s.newest(registry.Workflow, "kyc"); d.Version != 2 || d.PublishedBy != ann.ID || d.ApprovedBy != bob.ID || d.Proposal != p.ID || d.Machine != "machine:acme/kyc@2" || d.Source != nextWorkflow || d.Comment != "because" {
		t.Errorf("%+v", d)
	}
	if kept := s.status(p.ID); kept.Status != registry.Approved || kept.Documents[0].Source != nextWorkflow {
		t.Errorf("%+v", kept)
	}
}

func TestWhoMayHoldASecretOfTheKeyThatProposesCannotApprove(t *testing.T) {
	s := newFour(t)
	p := s.proposes(tool, registry.Policy, "risk", strings.Replace(shippedPolicy, "18", "21", 1))
	if !slices.Equal(p.Behind, []string{"user_ann", "key_1_parent"}) {
		t.Fatalf("%+v", p)
	}
	_, err := s.Approve(t.Context(), ann, p.ID, "")
	wants(t, err, problem.Forbidden)
	if _, err = s.Approve(t.Context(), bob, p.ID, ""); err != nil {
		t.Error(err)
	}
	s.Behind = func(context.Context, string, string) ([]string, error) {
		return nil, problem.New(problem.Unavailable, "down")
	}
	_, err = s.Publisher.Publish(t.Context(), tool, registry.Publish{Kind: registry.Policy, ID: "risk", Source: shippedPolicy})
	wants(t, err, problem.Unavailable)
}

func TestNobodyInParticularProposesNothing(t *testing.T) {
	s := newFour(t)
	cmd := registry.Publish{Kind: registry.Workflow, ID: "kyc", Source: nextWorkflow}
	_, err := s.Publisher.Publish(t.Context(), identity.SystemOf("acme", "cli"), cmd)
	wants(t, err, problem.Forbidden)
	_, _, err = s.ChangeSettings(t.Context(), identity.SystemOf("acme", "cli"), registry.ChangeSettings{Seen: 2})
	wants(t, err, problem.Forbidden)
	cmd.DryRun = true
	if made, err := s.Publisher.Publish(t.Context(), identity.SystemOf("acme", "cli"), cmd); err != nil || !made.Created || made.Proposal != nil {
		t.Errorf("a dry run: %+v, %v", made, err)
	}
	if page, _, err := s.Proposals(t.Context(), "acme", registry.ProposalQuery{Limit: 9}); err != nil || len(page) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestAProposalIsCheckedAtOnceAndTheSameSourceIsNone(t *testing.T) {
	s := newFour(t)
	for _, cmd := range []registry.Publish{
		{Kind: registry.Workflow, ID: "asks", Source: asksOwn},
		{Kind: registry.Policy, ID: "own", Source: strings.Replace(ownPolicy, "expect: {outcome: review}", "expect: {outcome: approve}", 1)},
	} {
		_, err := s.Publisher.Publish(t.Context(), ann, cmd)
		wants(t, err, problem.Invalid)
	}
	made, err := s.Publisher.Publish(t.Context(), ann, registry.Publish{Kind: registry.Workflow, ID: "kyc", Source: shippedWorkflow})
	if err != nil || made.Created || made.Proposal != nil {
		t.Errorf("%+v, %v", made, err)
	}
	if page, _, err := s.Proposals(t.Context(), "acme", registry.ProposalQuery{Limit: 9}); err != nil || len(page) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestARepeatedCallProposesOnce(t *testing.T) {
	s := newFour(t)
	cmd := registry.Publish{Kind: registry.Workflow, ID: "kyc", Source: nextWorkflow, Proposal: "prop_1"}
	for range 2 {
		made, err := s.Publisher.Publish(t.Context(), ann, cmd)
		if err != nil || made.Proposal.ID != "prop_1" {
			t.Fatalf("%+v, %v", made, err)
		}
	}
	_, err := s.Publisher.Publish(t.Context(), bob, cmd)
	wants(t, err, problem.Conflict)
	copied, err := s.Copy(t.Context(), ann, registry.CopyAs{Kind: registry.Workflow, ID: "kyc", As: "kyc-two", Proposal: "prop_2"})
	if err != nil || copied.Proposal == nil || copied.Proposal.ID != "prop_2" || copied.Proposal.Documents[0].Base != 0 {
		t.Errorf("a copy: %+v, %v", copied, err)
	}
	if page, _, err := s.Proposals(t.Context(), "acme", registry.ProposalQuery{Limit: 9}); err != nil || len(page) != 2 {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestAProposalIsOutdatedByAnotherPublication(t *testing.T) {
	s := newFour(t)
	first := s.proposes(ann, registry.Policy, "risk", strings.Replace(shippedPolicy, "18", "21", 1))
	second := s.proposes(bob, registry.Policy, "risk", strings.Replace(shippedPolicy, "18", "25", 1))
	if _, err := s.Approve(t.Context(), cleo, first.ID, ""); err != nil {
		t.Fatal(err)
	}
	for range 2 { // it stays so
		_, err := s.Approve(t.Context(), cleo, second.ID, "")
		wants(t, err, problem.Outdated)
	}
	_, err := s.Reject(t.Context(), cleo, second.ID, "no")
	wants(t, err, problem.Outdated)
	if p := s.status(second.ID); p.Status != registry.Outdated || p.DecidedBy != cleo.ID || p.Reason != "policy risk is at version 2" {
		t.Errorf("%+v", p)
	}
	if d := s.newest(registry.Policy, "risk"); d.Version != 2 || d.Proposal != first.ID {
		t.Errorf("%+v", d)
	}
}

func TestEverythingIsCheckedAgainWhenItIsApproved(t *testing.T) {
	s := newFour(t)
	p := s.proposes(ann, registry.Policy, "own", ownPolicy)
	if _, err := s.Approve(t.Context(), bob, p.ID, ""); err != nil {
		t.Fatal(err)
	}
	guarded := "id: guarded\ninitial: a\nstates:\n  a: {on: {GO: [{guard: {type: policy, options: {policy: own, outcome: review}}, target: b}, {target: b}]}}\n  b: {type: final}\n"
	w := s.proposes(ann, registry.Workflow, "guarded", guarded)
	other := s.proposes(ann, registry.Policy, "own", strings.NewReplacer("review", "refer").Replace(ownPolicy))
	if _, err := s.Approve(t.Context(), bob, other.ID, ""); err != nil {
		t.Fatal(err)
	}
	_, err := s.Approve(t.Context(), bob, w.ID, "")
	if e := wants(t, err, problem.Invalid); e.Details["diagnostics"] == nil {
		t.Errorf("%+v", e)
	}
	if _, all, err := s.Publisher.Proposal(t.Context(), "acme", w.ID); err != nil || len(all[0].Problems) == 0 {
		t.Errorf("%+v, %v", all, err)
	}
	if now := s.status(w.ID); now.Status != registry.Open || len(s.made) != 0 {
		t.Errorf("%+v, machines %v", now, s.made)
	}
	s.fail = problem.New(problem.Unavailable, "down")
	k := s.proposes(ann, registry.Workflow, "kyc", nextWorkflow)
	_, err = s.Approve(t.Context(), bob, k.ID, "")
	wants(t, err, problem.Unavailable)
	if s.fail = nil; s.status(k.ID).Status != registry.Open {
		t.Error("it has ended, and has become nothing")
	}
	if _, err = s.Approve(t.Context(), bob, k.ID, ""); err != nil || s.newest(registry.Workflow, "kyc").Version != 2 {
		t.Error(err)
	}
}

func TestAProposalEndsOnce(t *testing.T) {
	s := newFour(t)
	again := func(what string, first, second func(id string) (registry.Proposal, error), status registry.Status, code problem.Code) {
		t.Helper()
		p := s.proposes(ann, registry.Policy, "p-"+what, strings.Replace(shippedPolicy, "id: risk", "id: p-"+what, 1))
		if done, err := first(p.ID); err != nil || done.Status != status {
			t.Fatalf("%s: %+v, %v", what, done, err)
		}
		done, err := second(p.ID)
		if problem.CodeOf(err) != code || err == nil && (done.Status != status || done.DecidedBy == "") {
			t.Errorf("%s: %+v, %v", what, done, err)
		}
		if kept := s.status(p.ID); kept.Status != status {
			t.Errorf("%s: %+v", what, kept)
		}
	}
	approve := func(who identity.Principal) func(string) (registry.Proposal, error) {
		return func(id string) (registry.Proposal, error) { return s.Approve(t.Context(), who, id, "") }
	}
	reject := func(id string) (registry.Proposal, error) { return s.Reject(t.Context(), bob, id, "too strict") }
	withdraw := func(who identity.Principal) func(string) (registry.Proposal, error) {
		return func(id string) (registry.Proposal, error) { return s.Withdraw(t.Context(), who, id) }
	}
	again("approved-twice", approve(bob), approve(bob), registry.Approved, "")
	again("approved-by-two", approve(bob), approve(cleo), registry.Approved, problem.AlreadyDecided)
	again("approved-rejected", approve(bob), reject, registry.Approved, problem.AlreadyDecided)
	again("rejected-twice", reject, reject, registry.Rejected, "")
	again("rejected-approved", reject, approve(bob), registry.Rejected, problem.AlreadyDecided)
	again("withdrawn-twice", withdraw(ann), withdraw(ann), registry.Withdrawn, "")
	again("withdrawn-approved", withdraw(ann), approve(bob), registry.Withdrawn, problem.AlreadyDecided)
	again("withdrawn-by-another", withdraw(ann), withdraw(bob), registry.Withdrawn, problem.Forbidden)
	_, err := s.Reject(t.Context(), bob, "prop_none", " ")
	wants(t, err, problem.Invalid)
	_, err = s.Withdraw(t.Context(), ann, "prop_none")
	wants(t, err, problem.NotFound)
}

func TestTwoPeopleApproveAtOnceAndItIsPublishedOnce(t *testing.T) {
	s := newFour(t)
	p := s.proposes(ann, registry.Policy, "risk", strings.Replace(shippedPolicy, "18", "21", 1))
	errs := make([]error, 6)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			who := identity.Principal{Tenant: "acme", Kind: identity.User, ID: fmt.Sprintf("user_%d", i)}
			_, errs[i] = s.Approve(t.Context(), who, p.ID, "")
		})
	}
	all.Wait()
	winner := slices.Index(errs, nil)
	for i, err := range errs {
		if i != winner {
			wants(t, err, problem.AlreadyDecided)
		}
	}
	versions, err := s.Catalog.Versions(t.Context(), "acme", registry.Policy, "risk")
	if err != nil || len(versions) != 2 || versions[0].ApprovedBy != fmt.Sprintf("user_%d", winner) || s.status(p.ID).DecidedBy != versions[0].ApprovedBy {
		t.Errorf("%d was first: %+v, %v", winner, versions, err)
	}
}

func TestAWorkspaceIsOneProposalAndPublishedInOneGo(t *testing.T) {
	from, s := newShop(t), newFour(t)
	from.publish(registry.Policy, "own", ownPolicy)
	from.publish(registry.Policy, "risk", strings.Replace(shippedPolicy, "18", "21", 1))
	from.publish(registry.Workflow, "asks", asksOwn)
	w, err := from.Export(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	done, err := s.Import(t.Context(), ann, registry.ImportWorkspace{Workspace: w, Proposal: "prop_w"})
	if err != nil || len(done) != 3 || done[0].Proposal == nil || done[0].Proposal != done[2].Proposal || len(done[0].Proposal.Documents) != 3 {
		t.Fatalf("%+v, %v", done, err)
	}
	if _, err := s.Catalog.Policy(t.Context(), "acme", "own"); problem.CodeOf(err) != problem.UnknownPolicy {
		t.Errorf("it counts already: %v", err)
	}
	_, all, err := s.Publisher.Proposal(t.Context(), "acme", "prop_w")
	if err != nil || len(all) != 3 || len(all[2].Problems) != 0 || all[2].ID != "asks" || all[2].States == 0 {
		t.Fatalf("the workflow names a policy that comes with it: %+v, %v", all, err)
	}
	if _, err = s.Approve(t.Context(), bob, "prop_w", ""); err != nil {
		t.Fatal(err)
	}
	for kind, id := range map[registry.Kind]string{registry.Policy: "own", registry.Workflow: "asks"} {
		if d := s.newest(kind, id); d.Version != 1 || d.Proposal != "prop_w" || d.ApprovedBy != bob.ID {
			t.Errorf("%+v", d)
		}
	}
	if s.newest(registry.Workflow, "asks").Machine != "machine:acme/asks@1" {
		t.Errorf("machines %v", s.made)
	}
	again, err := s.Import(t.Context(), ann, registry.ImportWorkspace{Workspace: w})
	if err != nil || slices.ContainsFunc(again, func(p registry.Publication) bool { return p.Created || p.Proposal != nil }) {
		t.Errorf("twice: %+v, %v", again, err)
	}
	back, err := s.Export(t.Context(), "acme")
	if err != nil || back.Digest != w.Digest || back.Definitions[0].Proposal != "" {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestAProposalHasAsManyDocumentsAsCanBePublishedInOneGo(t *testing.T) {
	s := newFour(t)
	w := registry.Workspace{Format: 1}
	for i := range 91 {
		id := fmt.Sprintf("p%d", i)
		w.Definitions = append(w.Definitions, registry.Definition{Kind: registry.Policy, ID: id, Source: strings.Replace(shippedPolicy, "id: risk", "id: "+id, 1)})
	}
	w.Digest = registry.DigestOf(w)
	_, err := s.Import(t.Context(), ann, registry.ImportWorkspace{Workspace: w})
	wants(t, err, problem.TooLarge)
	w.Definitions = w.Definitions[1:]
	w.Digest = registry.DigestOf(w)
	if _, err = s.Import(t.Context(), ann, registry.ImportWorkspace{Workspace: w, Proposal: "prop_w"}); err != nil {
		t.Fatal(err)
	}
	if _, err = s.Approve(t.Context(), bob, "prop_w", ""); err != nil || s.newest(registry.Policy, "p90").Version != 1 {
		t.Error(err)
	}
	for i := range w.Definitions[:12] { // together more than a proposal may have
		w.Definitions[i].Source += strings.Repeat("#", registry.MaxSource-500)
	}
	w.Digest = registry.DigestOf(w)
	_, err = s.Import(t.Context(), ann, registry.ImportWorkspace{Workspace: w})
	wants(t, err, problem.TooLarge)
}

func TestWhatIsInAWorkspaceTwiceIsRefused(t *testing.T) {
	s := newShop(t)
	s.publish(registry.Policy, "own", ownPolicy)
	w, err := s.Export(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	w.Definitions = append(w.Definitions, w.Definitions[0])
	sum := registry.DigestOf(w)
	w.Digest = sum
	_, err = s.Import(t.Context(), ann, registry.ImportWorkspace{Workspace: w})
	if e := wants(t, err, problem.Invalid); len(e.Fields) != 1 || e.Fields[0].Location != "body.workspace.definitions[1].id" {
		t.Errorf("%+v", e)
	}
}

func TestAPersonWhoDecidesSeesWhatChanges(t *testing.T) {
	s := newFour(t)
	p := s.proposes(ann, registry.Workflow, "kyc", nextWorkflow)
	_, all, err := s.Publisher.Proposal(t.Context(), "acme", p.ID)
	if err != nil || len(all) != 1 || all[0].Newest != 1 || all[0].Source != nextWorkflow || len(all[0].Changes) == 0 || all[0].States == 0 {
		t.Fatalf("%+v, %v", all, err)
	}
	if d := all[0].Diff; d == nil || d.Added != 4 || d.Removed != 2 || d.Hunks[0].Lines[0] != "+# of our own" {
		t.Errorf("%+v", d)
	}
	p = s.proposes(ann, registry.Policy, "own", ownPolicy)
	_, all, err = s.Publisher.Proposal(t.Context(), "acme", p.ID)
	if err != nil || len(all[0].Cases) != 1 || !all[0].Cases[0].Passed || all[0].Cases[0].Answer.Outcome != "review" || all[0].Newest != 0 || all[0].Diff.Removed != 0 {
		t.Errorf("%+v, %v", all, err)
	}
	_, _, err = s.Publisher.Proposal(t.Context(), "other", p.ID)
	wants(t, err, problem.NotFound)
}

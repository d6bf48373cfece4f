package proof

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/connector"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

// The vendor of the random workflows is the plugin p, which may answer later by calling back.
const calledBack = `
id: p
title: A vendor
mode: callback
request: {method: POST, url: "https://vendor.example/"}
callback:
  timeout: P1D
  when: body.final
  signature: {secret: HOOK, scheme: body, signature_header: X-Sign}
  schema: {type: object, required: [passed], properties: {final: {type: boolean}, passed: {type: boolean}}}
`

// vendors know one plugin and its secret.
type vendors struct{ plugin *connector.Plugin }

func newVendors(t complaint) vendors {
	t.Helper()
	plugin, diagnostics := connector.ParsePlugin("p.yaml", []byte(calledBack))
	if plugin == nil {
		t.Fatalf("%v", diagnostics)
	}
	return vendors{plugin}
}

func (v vendors) find(_ context.Context, _, id string) (*connector.Plugin, error) {
	if id != v.plugin.ID {
		return nil, problem.New(problem.NotFound, "There is no such plugin.")
	}
	return v.plugin, nil
}

func (vendors) Secret(context.Context, string, string) (string, error) { return "vendor", nil }

// What the vendor calls back with.
const (
	anAnswer = `{"final":true,"passed":true}`
	progress = `{"final":false}`
	garbage  = `{"final":true,"passed":"perhaps"}`
)

// asked is a request to a vendor, with the token of the URL at which it may answer.
type asked struct {
	state, work  string
	visit, round int
	token        string
	expires      time.Time
	bad          bool // no token of ours
}

// lacks reports whether a case lacks this very answer.
func (q asked) lacks(r cases.Record) bool {
	if r.Status != cases.StatusActive {
		return false
	}
	for _, a := range r.Snapshot.Active {
		for _, work := range a.Work {
			if a.State == q.state && a.Visit == q.visit && work.ID == q.work && work.Round == q.round {
				return work.Status != statechart.WorkDone && work.Status != statechart.WorkFailed
			}
		}
	}
	return false
}

// ask has a vendor asked about a case, who mostly answers that the result will follow later. A callback may be quicker than that.
func (w *walk) ask() {
	id := draw(w, "case", w.live...)
	r := w.world.store.at(id, 0)
	kept, _ := w.world.library.find(r.Tenant, r.Workflow)
	theirs := slices.DeleteFunc(w.world.doing(id), func(d statechart.Doing) bool {
		where, _ := kept.wf.Chart.State(d.State)
		invocation, _ := where.Invocation(d.Work)
		return invocation.Source != "vendor"
	})
	if len(theirs) == 0 {
		return
	}
	work := draw(w, "work", theirs...)
	q := asked{state: work.State, work: work.Work, visit: work.Visit, round: work.Round, expires: w.world.now().Add(26 * time.Hour)}
	token, err := w.world.tokens.Callback(identity.Callback{Tenant: r.Tenant, Case: id, State: q.state, Visit: q.visit, Work: q.work, Round: q.round, Plugin: "p"}, q.expires)
	if err != nil {
		w.t.Fatalf("%v", err)
	}
	q.token = token
	w.asked[id] = append(w.asked[id], q)
	switch w.upTo(5, "accepted") {
	case 0:
	case 1: // it fails, and somebody perhaps has it asked again: the first request is none any more
		w.system(id, func() bool { w.world.finish(w.t, id, work, nil); return true })
		for _, incident := range w.world.store.at(id, 0).Incidents {
			s := w.aimed("retryIncident", id)
			s.incident, s.n = incident.ID, -1
			w.fire(s)
		}
	default:
		w.system(id, func() bool {
			return w.world.finishWith(w.t, id, work, cases.Outcome{Awaiting: true, Until: w.world.now().Add(draw(w, "until", 5*time.Second, 24*time.Hour))})
		})
	}
	if w.upTo(1, "called back at once") == 0 {
		w.fire(w.aimed("receiveCallback", id))
	}
}

// callBack lets vendors call back, perhaps twice at once, and while somebody else calls.
func (w *walk) callBack() {
	ids := slices.DeleteFunc(slices.Clone(w.live), func(id string) bool { return len(w.asked[id]) == 0 })
	if len(ids) == 0 {
		return
	}
	s := w.aimed("receiveCallback", draw(w, "case", ids...))
	switch w.upTo(3, "at once") {
	case 0:
		w.fire(s, s)
	case 1:
		w.fire(s, w.aim(s.id))
	default:
		w.fire(s)
	}
}

// callback draws what a vendor does: mostly it answers what it was asked last.
func (w *walk) callback(s *shot) {
	s.who, s.old = &actor{caller: caller{name: "vendor", principal: identity.Principal{Tenant: w.world.tenant, Kind: identity.Vendor, ID: "p"}}}, false
	s.body, s.ask = draw(w, "body", anAnswer, anAnswer, anAnswer, progress, garbage), asked{token: "none", bad: true}
	if all := w.asked[s.id]; len(all) > 0 {
		if s.ask = all[len(all)-1]; w.upTo(2, "an older one") == 0 {
			s.ask = draw(w, "asked", all...)
		}
	}
	switch w.upTo(9, "by the right door") {
	case 0:
		s.forged = true
	case 1: // somebody else's work, without the signature that goes with it
		at := len(s.ask.token) / 2
		s.ask.token, s.ask.bad = s.ask.token[:at]+"A_A"+s.ask.token[at:], true
	case 2:
		s.ask.token, s.ask.bad = w.applicantOf(s.id).bearer, true
	}
}

// signed is the vendor's signature over a body.
func (s shot) signed() string {
	secret := "vendor"
	if s.forged {
		secret = "somebody"
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(s.body))
	return hex.EncodeToString(mac.Sum(nil))
}

// knocks is what a callback gets before it comes to the case.
func (o *office) knocks(s shot) string {
	switch {
	case s.ask.bad:
		return "invalid_credentials"
	case !o.world.now().Before(s.ask.expires):
		return "credentials_expired"
	case s.forged:
		return "invalid_credentials"
	}
	return ""
}

// returns reports whether a decision has put away what the callback answers, and can still be undone.
func (w *walk) returns(s shot, r cases.Record) bool {
	u := r.Undo
	return s.body == anAnswer && !s.ask.lacks(r) && u != nil && w.world.now().Before(u.Until.Add(time.Second)) && s.ask.lacks(w.world.store.at(s.id, u.Version-1))
}

// maxStray is how many callbacks without effect are recorded.
const maxStray = 20

// calledBack checks the effect of a callback against the oracle: the answer that the case lacks is taken once. Any other moves
// nothing, and leaves a trace in the history.
func (w *walk) calledBack(s shot, a answer, before, after int) {
	w.t.Helper()
	some := func(holds func(r cases.Record) bool) bool {
		for version := before; version <= after; version++ {
			if holds(w.world.store.at(s.id, version)) {
				return true
			}
		}
		return false
	}
	takes := func(r cases.Record) bool { return s.body == anAnswer && s.ask.lacks(r) }
	switch {
	case a.code == "unavailable" && some(func(r cases.Record) bool { return w.returns(s, r) }):
		return
	case a.code != "" && a.code != "invalid", (a.code == "invalid") != (s.body == garbage):
		w.wrong(s, a, before, after)
	}
	for version := before + 1; version <= after; version++ {
		was, is, entry := w.world.store.at(s.id, version-1), w.world.store.at(s.id, version), w.world.store.entry(s.id, version)
		if _, claimed := w.claimed[s.id][version]; claimed || entry.Actor.Kind != string(identity.Vendor) || entry.Actor.ID != "p" || w.returns(s, was) {
			continue
		}
		switch {
		case takes(was) && entry.Cause == cases.CauseOutcome && entry.Event == "done.invoke."+s.ask.work:
			if w.tally["callback taken"]++; w.taken[s.ask.token] {
				w.t.Fatalf("a callback was taken twice: version %d of %s: %+v", version, s.id, entry)
			}
			w.taken[s.ask.token] = true
		case takes(was) && entry.Event == "error.invoke."+s.ask.work && entry.Details["error"] == string(problem.Livelock):
			w.tally["callback looped"]++ // the work has failed, and may be answered once more
		case !takes(was) && entry.Cause == cases.CauseCallbackIgnored && same(was, is):
			w.tally["callback ignored"]++
		default:
			continue
		}
		w.claimed[s.id][version] = s.op
		return
	}
	if !some(func(r cases.Record) bool { return r.Stray >= maxStray && !takes(r) }) {
		w.wrong(s, a, before, after)
	}
}

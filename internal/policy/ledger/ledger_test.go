package ledger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/expr"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
)

var morning = time.Date(2026, 5, 4, 8, 0, 0, 123456789, time.UTC)

// memory is a ledger.Store for tests of this package; the real ones have a suite of their own.
type memory map[string]ledger.Sealed

func (m memory) PutDecision(_ context.Context, d ledger.Sealed) (ledger.Sealed, error) {
	if kept, ok := m[d.ID]; ok {
		return kept, nil
	}
	m[d.ID] = d
	return d, nil
}

func (m memory) Decision(_ context.Context, _, _, id string) (ledger.Sealed, error) {
	if d, ok := m[id]; ok {
		return d, nil
	}
	return ledger.Sealed{}, problem.New(problem.NotFound, "There is no such decision.")
}

func (m memory) Decisions(context.Context, string, string, ledger.Query) ([]ledger.Sealed, string, error) {
	return nil, "", nil
}

// versions are the policies of a test.
type versions map[int]*rules.Policy

func (v versions) PolicyVersion(_ context.Context, _, _ string, version int) (*rules.Policy, error) {
	if p, ok := v[version]; ok {
		return p, nil
	}
	return nil, problem.New(problem.UnknownPolicy, "There is no such policy.")
}

func parse(t interface{ Fatal(args ...any) }, source string) *rules.Policy {
	p, found := rules.Parse("p.yaml", []byte(source))
	if p == nil {
		t.Fatal(found, source)
	}
	return p
}

// randomPolicy has conditions of many forms over a few fields.
func randomPolicy(t *rapid.T) string {
	conditions := []string{
		`"n < %d"`, `"n + m > %d"`, `{field: s, operator: EXISTS}`, `{not: "m > %d"}`, `{any: ["n > %d", "gone"]}`, `{all: ["n > %d", {field: s, operator: IN, value: [a, b]}]}`,
		`"age(born) < %d"`, `{json-logic: {"<": [{var: m}, %d]}}`, `{field: born, operator: LAST_YEAR, value: {years: %d}}`,
		"{jmespath: \"n > `%d`\"}", `{json-schema: {properties: {m: {minimum: %d}}, maxProperties: 4}}`, `{json-logic: {some: [{var: rest.list}, {">": [{var: n}, %d]}]}}`,
		`"rest.n > %d || rest.list[0].n > n"`, `"len(rest) > 1 && rest.n < %d"`, `{json-logic: {in: [s, {missing_some: [1, [s, rest.gone]]}]}}`, `"n in (1, 2, rest.n)"`,
	}
	var b strings.Builder
	b.WriteString("id: p\noutcomes: [reject, review, approve]\ndefault: approve\ntimezone: " + rapid.SampledFrom([]string{"UTC", "Asia/Kolkata"}).Draw(t, "zone") + "\n")
	if rapid.Bool().Draw(t, "declared") {
		b.WriteString("inputs: {additionalProperties: true, properties: {n: {type: number, minimum: -20}, m: {type: integer}, s: {enum: [a, b]}, rest: {type: object, additionalProperties: true, properties: {n: {type: number}, list: {type: array}}}}}\ninvalid: review\n")
	}
	b.WriteString("rules:\n")
	for i := range rapid.IntRange(1, 8).Draw(t, "rules") {
		when := rapid.SampledFrom(conditions).Draw(t, "when")
		if strings.Contains(when, "%d") {
			when = fmt.Sprintf(when, rapid.IntRange(1, 40).Draw(t, "limit"))
		}
		fmt.Fprintf(&b, "  - {id: r%d, when: %s, outcome: %s, score: {base: %d.%d, additional: 0.1}, missing: %s, reason: \"{n} of {s}\"}\n", i, when,
			rapid.SampledFrom([]string{"reject", "review", "approve"}).Draw(t, "outcome"), rapid.IntRange(0, 99).Draw(t, "base"), rapid.IntRange(0, 9).Draw(t, "tenth"),
			rapid.SampledFrom([]string{"skip", "fire", "review"}).Draw(t, "missing"))
	}
	return b.String()
}

func randomInput(t *rapid.T) map[string]any {
	input := map[string]any{}
	values := map[string]*rapid.Generator[any]{
		"n": rapid.Custom(func(t *rapid.T) any { return rapid.Float64Range(-50, 50).Draw(t, "f") }),
		"m": rapid.Custom(func(t *rapid.T) any { return rapid.IntRange(0, 40).Draw(t, "i") }), // becomes a number of JSON
		"s": rapid.SampledFrom([]any{"a", "b", "<&\u2028>", nil, 5.0, []any{"x", map[string]any{"y": 1.0}}}),
		"rest": rapid.SampledFrom([]any{
			map[string]any{"n": 5.0, "list": []any{map[string]any{"n": 7.0, "more": "x"}, 3.0}, "unread": map[string]any{"n": 1.0}},
			map[string]any{"list": []any{}},
			7.0, nil,
			[]any{map[string]any{"n": 1.0}},
			map[string]any{"list": "x"},
		}),
		"unread": rapid.SampledFrom([]any{"x", 5.0, []any{map[string]any{"a": "\u2028"}}}),
		"born":   rapid.SampledFrom([]any{"2001-02-28", "2024-02-29", "not a date", time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}),
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if rapid.IntRange(0, 3).Draw(t, "there") > 0 {
			input[name] = values[name].Draw(t, name)
		}
	}
	return input
}

func TestADecisionThatIsReplayedIsIdentical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := parse(t, randomPolicy(t))
		store := memory{}
		l := ledger.Ledger{Store: store, Policies: versions{1: p}}
		at := morning.Add(time.Duration(rapid.Int64Range(0, 1e18).Draw(t, "at"))).In(time.FixedZone("", 3600*rapid.IntRange(-11, 12).Draw(t, "zone")))
		answer, err := l.Decide(t.Context(), ledger.Request{Tenant: "t", Policy: p, Input: randomInput(t), At: at, ID: "dec_1"})
		if err != nil {
			t.Fatal(err)
		}
		replay, err := l.Replay(t.Context(), "t", "p", "dec_1")
		if err != nil || !replay.Identical || len(replay.Differences) > 0 {
			t.Fatalf("%+v %v", replay, err)
		}
		kept, err := l.Get(t.Context(), "t", "p", "dec_1")
		text, _ := json.Marshal(answer)
		if err != nil || !bytes.Equal(text, kept.Answer) || !kept.At.Equal(at) || kept.Outcome != answer.Outcome || kept.Score != answer.Score {
			t.Fatalf("%+v %v", kept, err)
		}
	})
}

func TestADecisionFromBeforeTheCheckIsReplayedAsItWas(t *testing.T) {
	const source = "id: p\ninputs: {properties: {status: {enum: [valid, refused]}}}\noutcomes: [reject, review, approve]\ndefault: approve\n%srules: [{id: refused, when: \"status == 'refused'\", outcome: reject, missing: review}]\n"
	for _, invalid := range []string{"", "invalid: review\n"} {
		p := parse(t, fmt.Sprintf(source, invalid))
		answer, err := p.Evaluate(map[string]any{"status": "vald"}, rules.Options{Now: morning, Decision: "dec_1", Unchecked: true})
		if err != nil || answer.Outcome != "approve" {
			t.Fatal(answer, err)
		}
		text, _ := json.Marshal(answer)
		for engine, identical := range map[int]bool{0: true, 1: true, 2: true, rules.Revision: false} {
			head := ledger.Head{ID: "dec_1", Tenant: "t", Policy: "p", Version: 1, Digest: "sha256:" + p.Digest, Engine: engine, At: morning, Outcome: "approve"}
			replay, err := ledger.Again(p, rules.NewLibrary(t.Context(), "t", nil, nil), ledger.Decision{Head: head, Input: json.RawMessage(`{"status":"vald"}`), Answer: text})
			if err != nil || replay.Identical != identical || replay.Corrected != nil {
				t.Errorf("revision %d, %q: %+v %v", engine, invalid, replay, err)
			}
		}
	}
}

func TestADecisionKeepsWhatWasNotAsDeclared(t *testing.T) {
	p := parse(t, "id: p\ninputs: {properties: {status: {enum: [valid, refused]}}}\noutcomes: [reject, review, approve]\ndefault: approve\ninvalid: review\nrules: [{id: refused, when: \"status == 'refused'\", outcome: reject, missing: review}]\n")
	l := ledger.Ledger{Store: memory{}, Policies: versions{1: p}}
	if _, err := l.Decide(t.Context(), ledger.Request{Tenant: "t", Policy: p, Input: map[string]any{"status": "vald"}, At: morning, ID: "dec_1"}); err != nil {
		t.Fatal(err)
	}
	kept, err := l.Get(t.Context(), "t", "p", "dec_1")
	if err != nil || kept.Outcome != "review" || kept.Engine != rules.Revision || !strings.Contains(string(kept.Answer), "status must be valid or refused") {
		t.Errorf("%+v %v", kept, err)
	}
	if replay, err := l.Replay(t.Context(), "t", "p", "dec_1"); err != nil || !replay.Identical {
		t.Errorf("%+v %v", replay, err)
	}
}

const threshold = "id: p\noutcomes: [review, approve]\ndefault: approve\nrules:\n  - {id: large, when: \"amount >= %d\", outcome: review, score: {base: 50}}\n  - {id: gone, when: \"gone > 1\", outcome: review}\n"

func TestAReplayShowsWhatStandsInItsWay(t *testing.T) {
	p := parse(t, fmt.Sprintf(threshold, 100))
	l := ledger.Ledger{Store: memory{}, Policies: versions{1: p}}
	decide := func(id string, input map[string]any) {
		t.Helper()
		if _, err := l.Decide(t.Context(), ledger.Request{Tenant: "t", Policy: p, Input: input, At: morning, ID: id}); err != nil {
			t.Fatal(err)
		}
	}
	decide("dec_1", map[string]any{"amount": 100})
	refused := func(id, code string) {
		t.Helper()
		_, err := l.Replay(t.Context(), "t", "p", id)
		if problem.CodeOf(err) != problem.NotReady || problem.As(err).Fields[0].Code != code {
			t.Errorf("%v", err)
		}
	}
	l.Policies = versions{}
	refused("dec_1", "policy_gone")
	l.Policies = versions{1: parse(t, fmt.Sprintf(threshold, 101))}
	refused("dec_1", "policy_changed")
	l.Policies = versions{1: p}
	noise := make([]byte, 2*ledger.MaxBytes)
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(noise)
	decide("dec_2", map[string]any{"amount": 100, "file": noise})
	refused("dec_2", "input_missing")
	kept, err := l.Get(t.Context(), "t", "p", "dec_2")
	if err != nil || kept.Outcome != "review" || kept.Answer == nil || !reflect.DeepEqual(kept.Omitted, []string{"input"}) {
		t.Errorf("%+v %v", kept.Head, err)
	}
	if _, err := l.Replay(t.Context(), "t", "p", "dec_3"); problem.CodeOf(err) != problem.NotFound {
		t.Error(err)
	}
}

// listed is a list of one value; away: the store does not respond.
type listed struct{ value, away string }

func (l *listed) OpenLists(_ context.Context, _ string, names []string, editions map[string]string) (map[string]expr.List, error) {
	switch {
	case l.away != "":
		return nil, problem.New(problem.Code(l.away), "It is not there.")
	case len(editions) > 0 && editions["l"] != l.value:
		return nil, problem.New(problem.Internal, "Another edition is asked for.")
	}
	return map[string]expr.List{names[0]: l}, nil
}

func (l *listed) Holds(value any, _ time.Time) (holds, fits bool) { return value == l.value, true }

func (l *listed) Edition() string { return l.value }

func TestAReplayDistinguishesAMissingListFromAStoreThatIsDown(t *testing.T) {
	p := parse(t, "id: p\noutcomes: [review, approve]\ndefault: approve\nrules:\n  - {id: listed, when: {list: l, field: who}, outcome: review}\n")
	lists := &listed{value: "3"}
	l := ledger.Ledger{Store: memory{}, Policies: versions{1: p}, Lists: lists}
	answer, err := l.Decide(t.Context(), ledger.Request{Tenant: "t", Policy: p, Input: map[string]any{"who": "3"}, At: morning, ID: "dec_1"})
	if err != nil || answer.Outcome != "review" {
		t.Fatal(answer, err)
	}
	for away, want := range map[string]problem.Code{"": "", string(problem.UnknownList): problem.NotReady, string(problem.Unavailable): problem.Unavailable} {
		lists.away = away
		if replay, err := l.Replay(t.Context(), "t", "p", "dec_1"); problem.CodeOf(err) != want || (err == nil && !replay.Identical) {
			t.Errorf("%s: %+v %v", away, replay, err)
		}
	}
}

func TestDifferencesAreReportedByPlace(t *testing.T) {
	old, changed := parse(t, fmt.Sprintf(threshold, 100)), parse(t, fmt.Sprintf(threshold, 200))
	store := memory{}
	l := ledger.Ledger{Store: store, Policies: versions{1: old}}
	if _, err := l.Decide(t.Context(), ledger.Request{Tenant: "t", Policy: old, Input: map[string]any{"amount": 150}, At: morning, ID: "dec_1"}); err != nil {
		t.Fatal(err)
	}
	d, err := l.Get(t.Context(), "t", "p", "dec_1")
	if err != nil {
		t.Fatal(err)
	}
	replay, err := ledger.Again(changed, nil, d)
	var places []string
	for _, one := range replay.Differences {
		places = append(places, one.Location)
	}
	if want := []string{"fired[0]", "outcome", "score", "severity", "trace[0].reason", "trace[0].status"}; err != nil || replay.Identical || !reflect.DeepEqual(places, want) {
		t.Errorf("%v %v", places, err)
	}
	if one := replay.Differences[1]; one.Was != "review" || one.Is != "approve" {
		t.Errorf("%+v", one)
	}
}

func TestAnAttemptThatIsRepeatedIsTheFirstDecision(t *testing.T) {
	p := parse(t, fmt.Sprintf(threshold, 100))
	store := memory{}
	l := ledger.Ledger{Store: store}
	attempt := func(amount float64, at time.Time) rules.Answer {
		t.Helper()
		answer, err := l.Decide(t.Context(), ledger.Request{Tenant: "t", Policy: p, Input: map[string]any{"amount": amount}, At: at, Work: "w", Since: morning, Case: "case_1"})
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	first := attempt(150, morning)
	again := attempt(150, morning.Add(time.Hour))
	a, _ := json.Marshal(first)
	b, _ := json.Marshal(again)
	if !bytes.Equal(a, b) || len(store) != 1 {
		t.Errorf("%s %s: %d are kept", a, b, len(store))
	}
	if other := attempt(50, morning); other.Decision == first.Decision || len(store) != 2 {
		t.Error("another input is another decision")
	}
}

// decisions by a policy over amounts, as samples in some order.
func decisions(t testing.TB, p *rules.Policy, order []int) ledger.Source {
	t.Helper()
	page := make([]ledger.Lazy, 0, len(order))
	for _, n := range order {
		input := map[string]any{"amount": float64(n)}
		answer, err := p.Evaluate(input, rules.Options{Now: morning})
		if err != nil {
			t.Fatal(err)
		}
		h := ledger.Head{ID: fmt.Sprintf("dec_%05d", n), Outcome: answer.Outcome, Score: answer.Score, Fired: answer.Fired, At: morning}
		page = append(page, ledger.Sample{Head: &h, Input: input})
	}
	return func(_ context.Context, yield func([]ledger.Lazy) error) error {
		for len(page) > 0 {
			some := min(7, len(page))
			if err := yield(page[:some]); err != nil {
				return err
			}
			page = page[some:]
		}
		return nil
	}
}

func TestABacktestOfTheSamePolicyHasNoFlips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := parse(t, randomPolicy(t))
		l := ledger.Ledger{Store: memory{}}
		var page []ledger.Lazy
		for i := range rapid.IntRange(1, 20).Draw(t, "decisions") {
			id := fmt.Sprint("dec_", i)
			if _, err := l.Decide(t.Context(), ledger.Request{Tenant: "t", Policy: p, Input: randomInput(t), At: morning, ID: id}); err != nil {
				t.Fatal(err)
			}
			sealed, err := l.Store.Decision(t.Context(), "t", "p", id)
			if err != nil {
				t.Fatal(err)
			}
			page = append(page, &sealed)
		}
		b, err := ledger.Run(t.Context(), p, func(_ context.Context, yield func([]ledger.Lazy) error) error { return yield(page) }, ledger.BacktestOptions{})
		if err != nil || b.Evaluated != len(page) || b.Flipped != 0 || len(b.Flips) != 0 || b.Score.Change != 0 || len(b.Errors) != 0 {
			t.Fatalf("%+v %v", b, err)
		}
		for _, rule := range b.Rules {
			if rule.Was != rule.Is {
				t.Fatalf("%+v", rule)
			}
		}
	})
}

func TestABacktestThatReadsOnlyWhatTheDraftReadsGivesTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		live, draft := parse(t, randomPolicy(t)), parse(t, randomPolicy(t))
		var plain, sealed, lines []ledger.Lazy
		for i := range rapid.IntRange(1, 20).Draw(t, "decisions") {
			draw := randomInput(t)
			if rapid.IntRange(0, 9).Draw(t, "inexact") == 0 {
				draw["rest"] = map[string]any{"n": 1e300}
			}
			text, err := json.Marshal(draw)
			if err != nil {
				t.Fatal(err)
			}
			var input map[string]any
			if err := json.Unmarshal(text, &input); err != nil {
				t.Fatal(err)
			}
			answer, _ := live.Evaluate(input, rules.Options{Now: morning}) // of one that is not exact: an empty one
			d := ledger.Decision{Input: text, Answer: json.RawMessage(`{"trace":[]}`), Head: ledger.Head{
				ID: fmt.Sprint("dec_", i), At: morning, Outcome: answer.Outcome + "?", Score: answer.Score, Fired: answer.Fired,
			}}
			s, err := ledger.Seal(d)
			if err != nil {
				t.Fatal(err)
			}
			line, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			plain, sealed, lines = append(plain, ledger.Sample{Head: &s.Head, Input: input}), append(sealed, &s), append(lines, ledger.Line(line))
		}
		run := func(page []ledger.Lazy) ledger.Backtest {
			b, err := ledger.Run(t.Context(), draft, func(_ context.Context, yield func([]ledger.Lazy) error) error { return yield(page) }, ledger.BacktestOptions{Examples: 3})
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		want := run(plain)
		for name, page := range map[string][]ledger.Lazy{"sealed": sealed, "lines": lines} {
			if got := run(page); !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: %+v, want %+v", name, got, want)
			}
		}
	})
}

func TestAChangedThresholdFlipsThoseInBetween(t *testing.T) {
	live, draft := parse(t, fmt.Sprintf(threshold, 100)), parse(t, fmt.Sprintf(threshold, 130))
	random := rand.New(rand.NewPCG(1, 2))
	var first ledger.Backtest
	for run := range 5 {
		order := random.Perm(1000)
		b, err := ledger.Run(t.Context(), draft, decisions(t, live, order), ledger.BacktestOptions{Workers: 1 + run%3, Examples: 3})
		if err != nil {
			t.Fatal(err)
		}
		if run == 0 {
			first = b
		} else if !reflect.DeepEqual(first, b) {
			t.Errorf("another order, another result: %+v %+v", first, b)
		}
	}
	want := []ledger.Flip{{From: "review", To: "approve", Count: 30, Rate: 30.0 / 900, Examples: []string{"dec_00100", "dec_00101", "dec_00102"}}}
	if first.Decisions != 1000 || first.Evaluated != 1000 || first.Flipped != 30 || first.FlipRate != 0.03 || !reflect.DeepEqual(first.Flips, want) {
		t.Errorf("%+v", first)
	}
	if first.Score.Was != 45 || first.Score.Is != 43.5 || first.Score.Change != -1.5 {
		t.Errorf("%+v", first.Score)
	}
	if !reflect.DeepEqual(first.Rules, []ledger.RuleChange{{Rule: "gone"}, {Rule: "large", Was: 900, Is: 870}}) || first.Matrix["approve"]["approve"] != 100 {
		t.Errorf("%+v %+v", first.Rules, first.Matrix)
	}
}

func TestPartsOfABacktestMakeTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		live, draft := parse(t, randomPolicy(t)), parse(t, randomPolicy(t))
		var all []ledger.Lazy
		for i := range rapid.IntRange(0, 30).Draw(t, "decisions") {
			input := randomInput(t)
			answer, _ := live.Evaluate(input, rules.Options{Now: morning})
			all = append(all, ledger.Sample{Head: &ledger.Head{ID: fmt.Sprintf("dec_%03d", i), Outcome: answer.Outcome, Score: answer.Score / 3, Fired: answer.Fired, At: morning}, Input: input})
		}
		run := func(page []ledger.Lazy) ledger.Backtest {
			b, err := ledger.Run(t.Context(), draft, func(_ context.Context, yield func([]ledger.Lazy) error) error { return yield(page) }, ledger.BacktestOptions{Examples: 2})
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		order := rapid.Permutation(all).Draw(t, "order")
		parts, done := run(nil), 0
		for done < len(order) {
			next := rapid.IntRange(done+1, len(order)).Draw(t, "part")
			parts, done = parts.Merge(run(order[done:next]), 2), next
		}
		if whole := run(all); !reflect.DeepEqual(whole, parts) {
			t.Errorf("%+v\n%+v", whole, parts)
		}
	})
}

func TestReportsCountDecisionsThatCannotBeRead(t *testing.T) {
	p := parse(t, fmt.Sprintf(threshold, 100))
	body := ledger.Sealed{Head: ledger.Head{ID: "dec_2", Outcome: "review", At: morning}, Body: []byte("no body")}
	head := ledger.UnreadableDecision("t", "p", ledger.Head{ID: "dec_1", At: morning}.Place())
	source := func(_ context.Context, yield func([]ledger.Lazy) error) error {
		return yield([]ledger.Lazy{&head, &body})
	}
	b, err := ledger.Run(t.Context(), p, source, ledger.BacktestOptions{})
	if err != nil || b.Decisions != 2 || b.Evaluated != 0 || b.Errors["unreadable"] != 2 {
		t.Errorf("%+v %v", b, err)
	}
	r, err := ledger.ReportTrial(t.Context(), ledger.Draft{Trial: "trial_1", Policy: p}, source, 1)
	if err != nil || r.Unreadable != 2 || r.Merge(r, 1).Unreadable != 4 {
		t.Errorf("%+v %v", r, err)
	}
	if d := head.Listed(); !d.Unreadable || d.ID != "dec_1" || !d.At.Equal(morning) || !body.Listed().Unreadable || body.Listed().Outcome != "review" {
		t.Errorf("%+v %+v", d, body.Listed())
	}
	for _, f := range []ledger.Filter{{Outcome: "approve"}, {Case: "case_1"}, {Trial: "trial_1"}, {From: morning}} {
		if !f.Matches(head.Head) {
			t.Errorf("%+v passes over what cannot be read", f)
		}
	}
	if (ledger.Filter{To: morning}).Matches(head.Head) {
		t.Error("it is not of that time")
	}
	if _, err := head.Open(); err == nil {
		t.Error("it is opened")
	}
}

func TestABacktestCountsWhatItCannotTry(t *testing.T) {
	p := parse(t, fmt.Sprintf(threshold, 100))
	file := `{"id":"dec_1","outcome":"review","at":"2026-05-04T08:00:00Z","input":{"amount":150}}
{"id":"dec_2","outcome":"review","at":"2026-05-04T08:00:00Z","omitted":["input"]}

{"id":"dec_3","outcome":"review","at":"2026-05-04T08:00:00Z","input":{"amount":1e300}}
{"id":"dec_4","outcome":"review","at":"2026-05-05T08:00:00Z","input":{"amount":150}}
nothing`
	b, err := ledger.Run(t.Context(), p, ledger.Lines(strings.NewReader(file)), ledger.BacktestOptions{Filter: ledger.Filter{To: morning}})
	if err != nil || b.Decisions != 4 || b.Evaluated != 1 || b.Skipped != 1 || b.Errors["invalid"] != 1 || b.Errors["unreadable"] != 1 {
		t.Errorf("%+v %v", b, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = ledger.Run(ctx, p, func(_ context.Context, yield func([]ledger.Lazy) error) error {
		for {
			if err := yield(nil); err != nil {
				return err
			}
		}
	}, ledger.BacktestOptions{})
	if problem.CodeOf(err) != problem.Timeout {
		t.Error(err)
	}
}

// A decision that was kept before a change of meaning differs from its replay: the replay states that as a possible reason.
func TestAReplayThatDiffersShowsWhatWasCorrectedSince(t *testing.T) {
	p := parse(t, "id: p\noutcomes: [review, approve]\ndefault: approve\nrules:\n  - {id: in, when: {field: n, operator: NOT_IN, value: [\"18\"]}, outcome: review}\n")
	store := memory{}
	l := ledger.Ledger{Store: store, Policies: versions{1: p}}
	if _, err := l.Decide(t.Context(), ledger.Request{Tenant: "t", Policy: p, Input: map[string]any{"n": 18}, At: morning, ID: "dec_1"}); err != nil {
		t.Fatal(err)
	}
	now, err := l.Get(t.Context(), "t", "p", "dec_1")
	if err != nil || now.Engine != rules.Revision || now.Outcome != "approve" { // unknown, and not another value
		t.Fatalf("%+v %v", now.Head, err)
	}
	then := now // as the first revision decided, whose heads named none
	then.Engine, then.Answer = 0, bytes.Replace(now.Answer, []byte(`"outcome":"approve"`), []byte(`"outcome":"review"`), 1)
	later := then
	later.Engine = rules.Revision + 1
	for want, d := range map[string]ledger.Decision{"meaning of missing or differently typed members of lists": then, "newer than that of this software": later} {
		replay, err := ledger.Again(p, nil, d)
		if err != nil || replay.Identical || replay.Corrected == nil || replay.Corrected.Now != rules.Revision || replay.Corrected.Revision != max(1, d.Engine) || !strings.Contains(replay.Corrected.Message, want) {
			t.Errorf("%s: %+v %v", want, replay, err)
		}
	}
	old := now
	old.Engine = 1 // and the correction had no effect
	faulty := then
	faulty.Engine = rules.Revision // and the correction is no excuse
	for name, d := range map[string]ledger.Decision{"identical": old, "differs": faulty} {
		if replay, err := ledger.Again(p, nil, d); err != nil || replay.Identical != (name == "identical") || replay.Corrected != nil {
			t.Errorf("%s: %+v %v", name, replay, err)
		}
	}
}

// Flips of decisions that an earlier revision of the rules made are counted apart, and stay so when parts are added up.
func TestABacktestShowsWhichFlipsMayComeOfACorrection(t *testing.T) {
	p := parse(t, fmt.Sprintf(threshold, 100))
	part := func(engine int) ledger.Backtest {
		t.Helper()
		var page []ledger.Lazy
		for n, outcome := range []string{"approve", "review", "review"} { // the last two flip
			page = append(page, ledger.Sample{Head: &ledger.Head{ID: fmt.Sprint("dec_", engine, n), Engine: engine, Outcome: outcome, At: morning}, Input: map[string]any{"amount": 1.0}})
		}
		b, err := ledger.Run(t.Context(), p, func(_ context.Context, yield func([]ledger.Lazy) error) error { return yield(page) }, ledger.BacktestOptions{})
		if err != nil || b.Flipped != 2 {
			t.Fatalf("%+v %v", b, err)
		}
		return b
	}
	old, now := part(0), part(rules.Revision)
	if sum := old.Merge(now, 3); old.Earlier != 2 || now.Earlier != 0 || sum.Earlier != 2 || sum.Flipped != 4 {
		t.Errorf("%d %d %+v", old.Earlier, now.Earlier, sum)
	}
}

package connector

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"time"

	"ballerine/internal/problem"
)

// callbackKit is the part of the conformance kit about callbacks. It starts from the first example whose callback is a good one.
type callbackKit struct {
	plugin *Plugin
	signer signer
	body   []byte
	line   int
	now    time.Time
	asked  Asked             // the work that the example's callback answers
	with   map[string]string // headers of the example's callback
}

func (p *Plugin) callbackKit(ctx context.Context) (*callbackKit, bool) {
	if p.callback == nil {
		return nil, false
	}
	for _, c := range p.cases {
		if c.Callback == nil || c.Expect.Error != "" || len(p.runCase(ctx, c)) > 0 {
			continue
		}
		s, err := p.signer()
		s.with = c.CallbackHeaders
		return &callbackKit{s.plugin, s, c.Callback, c.line, time.Now().Truncate(time.Second), p.askedIn(ctx, c), c.CallbackHeaders}, err == nil
	}
	return nil, false
}

// askedIn is the work of an example, with what is kept of its answer.
func (p *Plugin) askedIn(ctx context.Context, c example) Asked {
	asked := askedBy(c.call(), nil)
	if outcome, _, _, err := p.runRequest(ctx, c); err == nil {
		asked.Accepted = outcome.Accepted
	}
	return asked
}

func (k *callbackKit) scenarios() []scenario {
	v := k.plugin.callback.verifier
	plain := func(run func() []string) func(context.Context) []string {
		return func(context.Context) []string { return run() }
	}
	all := []scenario{
		{"callback", plain(k.comes)},
		{"duplicate callback", plain(k.twice)},
		{"wrong signature", plain(k.forged)},
		{"no signature", plain(k.unsigned)},
		{"repeated header", plain(k.doubled)},
		{"garbage callback", plain(k.garbage)},
		{"partial callback", plain(k.partial)},
	}
	if v.Scheme != basicScheme && v.Scheme != tokenScheme {
		all = append(all, scenario{"changed callback", plain(k.changed)})
	}
	if v.stamped() {
		all = append(all, scenario{"late callback", plain(k.late)})
	}
	if k.plugin.callback.bound {
		all = append(all, scenario{"callback about another case", plain(k.another)})
	}
	if len(k.plugin.callback.about) > 0 {
		all = append(all, scenario{"callback about another person", plain(k.somebodyElse)})
	}
	if k.plugin.Correlates() {
		all = append(all, scenario{"callback without an id", plain(k.nameless)})
	}
	return all
}

// read is the result of reading a callback now.
func (k *callbackKit) read(header http.Header, body []byte) (any, error) {
	result, err := k.readFor(header, body, k.asked)
	if errors.Is(err, ErrNotAnAnswer) {
		return nil, nil //nolint:nilnil // it is valid, and has no effect
	}
	return result, err
}

func (k *callbackKit) readFor(header http.Header, body []byte, asked Asked) (any, error) {
	received, err := k.plugin.verified(header, body, k.signer.secret, k.now, nil)
	if err != nil {
		return nil, err
	}
	return received.Result(asked)
}

// another makes sure that a callback with a good signature does not count for a case that it is not about.
func (k *callbackKit) another() []string {
	other := Asked{Case: "case_another", State: "another", Visit: 2, Work: "another"}
	result, err := k.readFor(k.signer.header(k.body, k.now), k.body, other)
	if err == nil && result != nil {
		return []string{"the callback counts for another case, too: compare something in it with case or accepted in callback.when"}
	}
	return nil
}

// nameless takes each member of the callback away: without the vendor's id it must have none, instead of another one.
func (k *callbackKit) nameless() (problems []string) {
	whole := k.plugin.received(k.signer.header(k.body, k.now), k.body, nil).CorrelationID()
	var object map[string]any
	if json.Unmarshal(k.body, &object) != nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		body := without(object, name)
		if id := k.plugin.received(k.signer.header(body, k.now), body, nil).CorrelationID(); id != "" && id != whole {
			problems = append(problems, "a callback without "+shownName(name)+" is taken for that of another request: name one place in callback.correlate.callback")
		}
	}
	return problems
}

// refused expects that a callback is not accepted.
func (k *callbackKit) refused(what string, header http.Header, body []byte) []string {
	_, err := k.read(header, body)
	return expected(what, Outcome{}, err, problem.InvalidCredentials)
}

func (k *callbackKit) comes() []string {
	if _, err := k.read(k.signer.header(k.body, k.now), k.body); err != nil {
		return []string{"the example's own callback fails: " + sentence(problem.As(err))}
	}
	return nil
}

// twice makes sure that a repeated callback is read in the same way: the case knows it by its body, and applies it once.
func (k *callbackKit) twice() []string {
	header := k.signer.header(k.body, k.now)
	first, one := k.read(header, k.body)
	second, two := k.read(header.Clone(), k.body)
	if !reflect.DeepEqual(first, second) || problem.CodeOf(one) != problem.CodeOf(two) {
		return []string{"a repeated callback is read in two ways"}
	}
	return nil
}

func (k *callbackKit) forged() []string {
	other, err := k.plugin.signer()
	if err != nil {
		return []string{"no key can be made"}
	}
	other.sign = func(message []byte) []byte { return hmacOf("sha256", []byte("another-secret"), message) }
	other.secret = "another:secret"
	return k.refused("a callback with the signature of another", other.header(k.body, k.now), k.body)
}

func (k *callbackKit) unsigned() []string {
	header := asJSON()
	for name, value := range k.with {
		header.Set(name, value)
	}
	return k.refused("a callback without a signature", header, k.body)
}

func (k *callbackKit) doubled() []string {
	header := k.signer.header(k.body, k.now)
	name := http.CanonicalHeaderKey(k.plugin.callback.verifier.SignatureHeader)
	header[name] = append(header[name], header[name]...)
	return k.refused("a callback with two signature headers", header, k.body)
}

func (k *callbackKit) changed() []string {
	return k.refused("a callback whose body was changed", k.signer.header(k.body, k.now), append(slices.Clone(k.body), ' '))
}

func (k *callbackKit) late() (problems []string) {
	for what, at := range map[string]time.Time{
		"a callback that is too late": k.now.Add(-k.plugin.callback.verifier.tolerance - time.Second),
		"a callback from the future":  k.now.Add(k.plugin.callback.verifier.tolerance + time.Second),
	} {
		problems = append(problems, k.refused(what, k.signer.header(k.body, at), k.body)...)
	}
	slices.Sort(problems)
	return problems
}

func (k *callbackKit) garbage() (problems []string) {
	for _, body := range []string{`{"a":`, `{"a":1,"a":2}`, "\"\xff\""} {
		_, err := k.read(k.signer.header([]byte(body), k.now), []byte(body))
		problems = append(problems, expected("a callback that is no JSON", Outcome{}, err, problem.VendorGarbage)...)
	}
	return problems
}

// partial takes each member of the callback away: a result that differs then must at least have been checked.
func (k *callbackKit) partial() (problems []string) {
	var object map[string]any
	if json.Unmarshal(k.body, &object) != nil {
		return nil
	}
	whole, _ := k.read(k.signer.header(k.body, k.now), k.body)
	for _, name := range slices.Sorted(maps.Keys(object)) {
		body := without(object, name)
		result, err := k.read(k.signer.header(body, k.now), body)
		if err == nil && result != nil && k.plugin.result == nil && !reflect.DeepEqual(result, whole) {
			problems = append(problems, "a callback without "+shownName(name)+" is accepted without a check: write it as required in callback.schema, or a schema as result")
		}
	}
	return problems
}

package connector

import (
	"context"
	"fmt"
	"net/http"
	"slices"
)

// kitsOfCalls are those of an example of a plugin with several calls: one for each part of the plugin that makes calls, at its first one.
func (p *Plugin) kitsOfCalls(ctx context.Context, c example, call Call) (all []*kit) {
	outcome, _, err := p.play(ctx, c.call(), nil, c.answered())
	if err != nil {
		return nil
	}
	whole := *p
	whole.limit, whole.breaker = nil, nil
	firsts, seen := map[*Plugin]Answer{}, map[string]bool{}
	for i, made := range outcome.Trace.Calls {
		if seen[made.Step] {
			continue
		}
		seen[made.Step] = true
		k := &kit{plugin: &whole, call: call, answer: c.answered()[i], line: c.line, unit: &whole, script: c.answered(), at: i, firsts: firsts}
		if at := slices.IndexFunc(p.steps, func(s *step) bool { return s.name == made.Step }); at >= 0 {
			k.step, k.unit = p.steps[at], p.steps[at].unit
		}
		firsts[k.unit] = k.answer
		all = append(all, k)
	}
	return all
}

// endless is a vendor whose pages have no end, since it answers all calls of one part of the plugin in the same way: they have one.
func (k *kit) endless(ctx context.Context) []string {
	vendor := &pretendedVendor{answer: func(r *http.Request, _ []byte, _ int) (*http.Response, error) {
		unit, _ := r.Context().Value(unitKey{}).(*Plugin)
		a := pretended(k.firsts[unit], unit.answer.format)
		return response(a.status, a.header, a.body), nil
	}}
	started := &kit{plugin: k.plugin, call: k.call}
	_, _ = started.do(ctx, vendor) // whatever the result
	if vendor.calls > maxCalls {
		return []string{fmt.Sprintf("a vendor whose pages have no end is called %d times, expected %d at most", vendor.calls, maxCalls)}
	}
	return nil
}

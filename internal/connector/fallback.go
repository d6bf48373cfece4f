package connector

import (
	"reflect"

	"ballerine/internal/problem"
	"ballerine/internal/schemafault"
)

// Codes of what CheckFallback finds.
const (
	codeFallbackMissing = "fallback_missing"
	codeFallbackWaits   = "fallback_waits"
	codeFallbackResult  = "fallback_result"
)

// fallback records the plugin that is called instead.
func (p *Plugin) fallback(s *source, id string) {
	if id == "" {
		return
	}
	if id == p.ID {
		s.report("/fallback", "self", "name another plugin, or remove it", "A plugin cannot be its own fallback.")
	}
	p.Fallback, p.instead = id, s.at("/fallback", 0, "", "", "")
}

// CheckFallback warns of a fallback that could not be called: other is the plugin of that name, nil if there is none.
// The fallback may be published after the plugin.
func (p *Plugin) CheckFallback(other *Plugin) problem.Diagnostics {
	d := p.instead
	d.Severity = problem.SeverityWarning
	switch {
	case p.Fallback == "":
		return nil
	case other == nil:
		d.Code, d.Message, d.Hint = codeFallbackMissing, "The fallback "+p.Fallback+" is not published.", "publish it: until then, there is no fallback"
	case other.Callback && !p.Callback:
		d.Code, d.Message, d.Hint = codeFallbackWaits, "The fallback "+p.Fallback+" calls back, and work of this plugin does not wait for callbacks.", "set mode: callback, or name a plugin that answers at once"
	case p.resultShape != nil && !reflect.DeepEqual(p.resultShape, other.resultShape):
		d.Code, d.Message, d.Hint = codeFallbackResult, "The fallback "+p.Fallback+" does not have the same schema of results.", "write the same result in both"
	default:
		return nil
	}
	return problem.Diagnostics{d}
}

// Fits checks a result that this plugin has not made itself, such as its fallback's or a person's, as its own are checked: against its schema of
// results, and that the least of a range is not more than the most. Errors: VendorGarbage, with each place below "result".
func (p *Plugin) Fits(result any) error {
	e := problem.New(problem.VendorGarbage, "Its result is not one of %s.", p.ID)
	fields(e, "result", schemafault.Of(p.result, result))
	if len(e.Fields) == 0 && p.uniform != nil {
		ranges(e, "result", result, p.uniform)
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

package connector

import "ballerine/internal/problem"

// Codes of what CheckFallback finds.
const (
	codeFallbackMissing = "fallback_missing"
	codeFallbackWaits   = "fallback_waits"
)

// fallback notes the plugin that is asked instead.
func (p *Plugin) fallback(s *source, id string) {
	if id == "" {
		return
	}
	if id == p.ID {
		s.report("/fallback", "self", "name another plugin, or remove it", "A plugin cannot be its own fallback.")
	}
	p.Fallback, p.instead = id, s.at("/fallback", 0, "", "", "")
}

// CheckFallback warns of a fallback that could not be asked: other is the plugin of that name, nil when there is none. Who publishes a
// plugin may publish its fallback afterwards.
func (p *Plugin) CheckFallback(other *Plugin) problem.Diagnostics {
	d := p.instead
	d.Severity = problem.SeverityWarning
	switch {
	case p.Fallback == "":
		return nil
	case other == nil:
		d.Code, d.Message, d.Hint = codeFallbackMissing, "The fallback "+p.Fallback+" is not published.", "publish it: until then, nobody is asked instead"
	case other.Callback && !p.Callback:
		d.Code, d.Message, d.Hint = codeFallbackWaits, "The fallback "+p.Fallback+" calls back, and work of this plugin does not wait for callbacks.", "set mode: callback, or name a plugin that answers at once"
	default:
		return nil
	}
	return problem.Diagnostics{d}
}

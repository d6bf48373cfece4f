package connector

import (
	"strings"
	"testing"

	"ballerine/internal/problem"
)

func TestAFallbackThatCannotBeAskedIsWarnedOf(t *testing.T) {
	p := parse(t, strings.Replace(minimal, "request:", "fallback: other\nrequest:", 1))
	waits := parse(t, strings.Replace(calledBack, "id: check", "id: other", 1))
	for name, c := range map[string]struct {
		plugin, other *Plugin
		want          string
	}{
		"not published":          {p, nil, "fallback_missing"},
		"calls back":             {p, waits, "fallback_waits"},
		"answers at once":        {p, parse(t, strings.Replace(minimal, "id: check", "id: other", 1)), ""},
		"both call back":         {parse(t, strings.Replace(calledBack, "request:", "fallback: other\nrequest:", 1)), waits, ""},
		"a plugin without one":   {parse(t, minimal), nil, ""},
		"answers where it waits": {parse(t, strings.Replace(calledBack, "request:", "fallback: other\nrequest:", 1)), parse(t, minimal), ""},
	} {
		found := c.plugin.CheckFallback(c.other)
		switch {
		case c.want == "" && len(found) > 0:
			t.Errorf("%s: %v", name, found)
		case c.want != "" && (len(found) != 1 || found[0].Code != c.want || found[0].Severity != problem.SeverityWarning || found[0].Line != 3):
			t.Errorf("%s: %+v", name, found)
		}
	}
}

package expr

import (
	"testing"
	"time"
)

func TestAgesAndYearsFollowTheCalendar(t *testing.T) {
	for _, c := range []struct {
		condition, now string
		want           Truth
	}{
		{`age("2008-02-29") == 17`, "2026-02-28T23:59:59Z", True},
		{`age("2008-02-29") == 18`, "2026-03-01T00:00:00Z", True},
		{`age("2008-02-29") == 20`, "2028-02-29T00:00:00Z", True},
		{`days_since("2028-02-28") == 2`, "2028-03-01T00:00:00Z", True},
		{`days_until("2029-03-01") == 1`, "2029-02-28T23:00:00Z", True},
	} {
		p, err := Compile(c.condition)
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Test(&Env{Now: now, Scope: Map{}}); got.Truth != c.want {
			t.Errorf("%s at %s: %+v", c.condition, c.now, got)
		}
	}
}

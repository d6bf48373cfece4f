package ids_test

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"ballerine/internal/ids"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestIDsSortByTheirTime(t *testing.T) {
	at := noon
	next := ids.Source(func() time.Time { return at })
	before := next("case")
	at = at.Add(time.Millisecond)
	if after := next("case"); after <= before || !strings.HasPrefix(after, "case_") {
		t.Errorf("%s comes after %s", after, before)
	}
	parsed, err := ulid.Parse(strings.TrimPrefix(before, "case_"))
	if err != nil || !ulid.Time(parsed.Time()).Equal(noon) {
		t.Errorf("%s is of %v, %v", before, ulid.Time(parsed.Time()), err)
	}
	if one, other := next("case"), next("case"); one == other {
		t.Error("two ids of one millisecond are the same")
	}
}

func TestADerivedIDFollowsFromTimeAndHash(t *testing.T) {
	one, other := sha256.Sum256([]byte("one")), sha256.Sum256([]byte("other"))
	first, again := ids.Derived(noon, one[:]), ids.Derived(noon, one[:])
	if first != again {
		t.Error("the same time and hash make two ids")
	}
	for _, different := range []string{ids.Derived(noon, other[:]), ids.Derived(noon.Add(time.Millisecond), one[:])} {
		if different == first {
			t.Error("another time or hash makes the same id")
		}
	}
	if late := ids.Derived(time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC), one[:]); len(late) != ulid.EncodedSize || late <= first {
		t.Errorf("an id of a time that cannot be stated is %s", late)
	}
}

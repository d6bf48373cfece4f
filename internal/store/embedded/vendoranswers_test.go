package embedded_test

import (
	"fmt"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/store/embedded"
)

// TestAnswersThatHaveEndedLeaveTheFile: with what is kept next, and with the case whose they are.
func TestAnswersThatHaveEndedLeaveTheFile(t *testing.T) {
	db, now := open(t), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	count := func() (sum [3]int) {
		if err := db.View(func(tx *embedded.Tx) error {
			for i, bucket := range []string{"vendor_answers", "vendor_answer_places", "vendor_answer_ends"} {
				tx.Scan(bucket, "", "", func(string, []byte) bool {
					sum[i]++
					return true
				})
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return sum
	}
	keep := func(key string, at time.Time) {
		answer := cases.VendorAnswer{Tenant: "a", Case: "case_1", Key: key, Content: []byte("{}"), Until: at.Add(time.Hour)}
		if err := db.Cases().KeepVendorAnswer(t.Context(), answer, at); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 150 {
		keep(fmt.Sprint("k", n), now)
	}
	if got := count(); got != [3]int{150, 150, 150} {
		t.Fatal(got)
	}
	keep("k0", now.Add(time.Minute)) // its first end is passed over
	keep("next", now.Add(time.Hour))
	keep("last", now.Add(time.Hour))
	if got := count(); got != [3]int{3, 3, 3} {
		t.Error(got)
	}
	if err := db.Update(t.Context(), func(tx *embedded.Tx) error { // as an erasure of all that a case has does it
		tx.Scan("vendor_answers", "a\x00case_1\x00", "", func(key string, _ []byte) bool {
			tx.Delete("vendor_answers", key)
			return true
		})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if content, err := db.Cases().VendorAnswer(t.Context(), "a", "next", now.Add(time.Hour)); err == nil {
		t.Errorf("an answer is found whose case is gone: %s", content)
	}
}

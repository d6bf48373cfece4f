package embedded

import (
	"context"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

const (
	bucketVendorAnswers = "vendor_answers"       // tenant, case, key -> answer
	bucketAnswerPlaces  = "vendor_answer_places" // tenant, key -> case
	bucketAnswerEnds    = "vendor_answer_ends"   // end, tenant, case, key -> place
)

// answersAtOnce is how many answers that have ended are removed with one that is kept.
const answersAtOnce = 100

// keptAnswer is an answer as the file has it.
type keptAnswer struct {
	Until   time.Time `json:"until"`
	Content []byte    `json:"content"`
}

// answerPlace states where an answer is.
type answerPlace struct {
	Tenant string `json:"tenant"`
	Case   string `json:"case"`
	Key    string `json:"key"`
}

func (p answerPlace) at() string { return join(p.Tenant, p.Case, p.Key) }

// VendorAnswer implements cases.VendorAnswers.
func (s Cases) VendorAnswer(_ context.Context, tenant, key string, now time.Time) (content []byte, err error) {
	err = s.db.View(func(tx *Tx) error {
		place, err := read[answerPlace](tx, bucketAnswerPlaces, join(tenant, key), "answer")
		if err != nil {
			return err
		}
		found, err := read[keptAnswer](tx, bucketVendorAnswers, place.at(), "answer")
		if err != nil {
			return err
		}
		if !now.Before(found.Until) {
			return problem.New(problem.NotFound, "There is no such answer.")
		}
		content = found.Content
		return nil
	})
	return content, err
}

// KeepVendorAnswer implements cases.VendorAnswers. It removes some of those that have ended.
func (s Cases) KeepVendorAnswer(ctx context.Context, a cases.VendorAnswer, now time.Time) error {
	place := answerPlace{a.Tenant, a.Case, a.Key}
	answer, err := small(keptAnswer{a.Until.UTC(), a.Content}, "A vendor's answer")
	if err != nil {
		return err
	}
	where, err := encoded(place)
	if err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *Tx) error {
		if err := forgetEnded(tx, now); err != nil {
			return err
		}
		tx.Put(bucketVendorAnswers, place.at(), answer)
		tx.Put(bucketAnswerPlaces, join(a.Tenant, a.Key), where)
		tx.Put(bucketAnswerEnds, stamp(a.Until)+place.at(), where)
		return nil
	})
}

// forgetEnded removes answers that have ended, unless others have been kept in their place.
func forgetEnded(tx *Tx, now time.Time) error {
	ends, seen := stamp(now.Add(time.Millisecond)), []string{}
	tx.Scan(bucketAnswerEnds, "", "", func(key string, _ []byte) bool {
		if key >= ends || len(seen) == answersAtOnce {
			return false
		}
		seen = append(seen, key)
		return true
	})
	for _, key := range seen {
		place, err := read[answerPlace](tx, bucketAnswerEnds, key, "answer's end")
		if err != nil {
			return err
		}
		tx.Delete(bucketAnswerEnds, key)
		there, err := read[keptAnswer](tx, bucketVendorAnswers, place.at(), "answer")
		if err != nil || now.Before(there.Until) {
			continue // it is gone, or was kept again
		}
		tx.Delete(bucketVendorAnswers, place.at())
		if kept, err := read[answerPlace](tx, bucketAnswerPlaces, join(place.Tenant, place.Key), "answer"); err == nil && kept == place {
			tx.Delete(bucketAnswerPlaces, join(place.Tenant, place.Key))
		}
	}
	return nil
}

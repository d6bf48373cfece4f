package embedded

import (
	"context"
	"encoding/json"
	"fmt"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// bucketCorrelations holds what vendors' ids identify: tenant, plugin, hash -> correlation.
const bucketCorrelations = "correlations"

func correlationKey(tenant string, c cases.Correlation) string {
	return join(tenant, c.Plugin, c.Hash)
}

// checkCorrelations reports whether the vendors' ids of a change are free, of the same case, or left by the case that they are taken over from.
func checkCorrelations(tx *Tx, change cases.Change) error {
	for _, c := range cases.NewCorrelations(change) {
		value := tx.Get(bucketCorrelations, correlationKey(change.Next.Tenant, c))
		if value == nil {
			continue
		}
		var there cases.Correlation
		if err := json.Unmarshal(value, &there); err != nil {
			return fmt.Errorf("decode correlation: %w", err)
		}
		if there.Case != c.Case && there.Case != c.From {
			return cases.CorrelationTaken(c.Work)
		}
	}
	return nil
}

// forgetCorrelations takes those out of the index that the record no longer has.
func forgetCorrelations(tx *Tx, change cases.Change) {
	for _, c := range cases.LostCorrelations(change) {
		if value := tx.Get(bucketCorrelations, correlationKey(change.Next.Tenant, c)); value != nil {
			var there cases.Correlation
			if json.Unmarshal(value, &there) == nil && there.Case != c.Case {
				continue // another case has taken it over
			}
		}
		tx.Delete(bucketCorrelations, correlationKey(change.Next.Tenant, c))
	}
}

// Correlated implements cases.Store.
func (s Cases) Correlated(_ context.Context, tenant, plugin, hash string) (found cases.Correlation, err error) {
	err = s.db.View(func(tx *Tx) error {
		value := tx.Get(bucketCorrelations, join(tenant, plugin, hash))
		if value == nil {
			return problem.New(problem.NotFound, "There is no such correlation.")
		}
		return json.Unmarshal(value, &found)
	})
	return found, err
}

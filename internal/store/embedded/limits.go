package embedded

import (
	"ballerine/internal/cases"
	"ballerine/internal/store/limits"
)

// wide are the buckets whose values may be larger than an item of the real store, which divides them, with what they may
// have at most; and those that exist on this machine only. Every other bucket's values are held to limits.Item.
var wide = map[string]int{
	bucketRecords:        limits.Record + headerSize,
	bucketSources:        maxValue, // divided into parts: registry.MaxSource bounds them
	bucketTrialSources:   maxValue,
	bucketProposed:       maxValue,
	bucketBacktestBodies: maxValue, // divided into pieces
}

// ours are the buckets of stores that have a twin in the cloud.
var ours = map[string]bool{
	bucketItems: true, bucketParked: true, bucketExternal: true, bucketSubjects: true, bucketEffects: true, bucketRecords: true, bucketResults: true,
	bucketBacktests: true, bucketBacktestBodies: true, bucketBacktestParts: true, bucketReservations: true, bucketKeys: true, bucketUsers: true,
	bucketDecisions: true, bucketSettings: true, bucketProposals: true, bucketProposed: true, bucketDefinitions: true, bucketSources: true,
	bucketViews: true, bucketTrials: true, bucketTrialSources: true, bucketValueLists: true, bucketEditions: true, bucketChunks: true,
	bucketCorrelations: true, bucketSubscriptions: true, bucketDeliveries: true, bucketPublications: true, bucketNotices: true, bucketReadMarks: true,
}

// largest is how many bytes a value of a bucket may have.
func largest(bucket string) int {
	if limit, ok := wide[bucket]; ok {
		return limit
	}
	if ours[bucket] {
		return limits.Item
	}
	return maxValue
}

// refuse reports whether the real store would refuse a change. record is the size of the record's JSON.
func refuse(change cases.Change, record int, writes []write) error {
	counted := make([]limits.Write, 0, len(writes))
	for _, w := range writes {
		switch w.bucket {
		case bucketRecords, bucketNewest, bucketLists: // the record itself, and what are attributes of it there
		case bucketItems:
			counted = append(counted, limits.Write{What: "An entry of the history, a note or an attempt", Bytes: len(w.value)})
		case bucketPublications:
			counted = append(counted, limits.Write{What: "A delivery to subscribers", Bytes: len(w.value)})
		case bucketSubjects:
			counted = append(counted, limits.Write{What: "The subject", Bytes: len(w.value)})
		default:
			counted = append(counted, limits.Write{What: "An effect or a result of a child case", Bytes: len(w.value)})
		}
	}
	for _, group := range change.Counts {
		if len(group) > 0 {
			counted = append(counted, limits.Write{What: "A group of counters", Bytes: 64 * len(group)})
		}
	}
	for range change.Dropped {
		counted = append(counted, limits.Write{What: "An effect that is undone"})
	}
	for range change.Retracted {
		counted = append(counted, limits.Write{What: "A delivery that is withdrawn"})
	}
	for range cases.NewTerms(change) {
		counted = append(counted, limits.Write{What: "A search term"})
	}
	for range cases.LostTraits(change) {
		counted = append(counted, limits.Write{What: "What other cases of the person are no longer found by"})
	}
	for range cases.LostCorrelations(change) {
		counted = append(counted, limits.Write{What: "A vendor's id by which the case is no longer found"})
	}
	if change.Supersedes != nil || change.Reopens() {
		counted = append(counted, limits.Write{What: "The case that has the external id"})
	}
	return limits.Check(record, counted)
}

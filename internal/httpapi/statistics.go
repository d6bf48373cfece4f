package httpapi

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cases"
)

// Day is what happened on one day in UTC.
type Day struct {
	Date      string         `json:"date" format:"date"`
	Started   int            `json:"started"`
	Completed map[string]int `json:"completed" nullable:"false" doc:"by outcome"`
	Decided   int            `json:"decided" doc:"by people"`
	Took      *Took          `json:"decision_seconds" doc:"time from the request for a decision to the decision"`
}

// TransformSchema implements huma.SchemaTransformer.
func (Day) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullable(s, "decision_seconds")
}

// Took states how long people took, in seconds; right to a twelfth.
type Took struct {
	Median float64 `json:"median"`
	P90    float64 `json:"p90"`
}

// Statistics are days, the oldest first.
type Statistics struct {
	Data []Day     `json:"data" nullable:"false"`
	AsOf time.Time `json:"as_of"`
}

func (s *server) registerStatistics(api huma.API) {
	type statisticsIn struct {
		Days int `query:"days" minimum:"1" maximum:"90" default:"30"`
	}
	add(s, api, op(Review, "getStatistics", "GET", "/v1/statistics", "Get statistics by day"), func(c ctx, in *statisticsIn) (*body[Statistics], error) {
		now := s.Now().UTC()
		days, err := s.Cases.Days(c, principalOf(c), in.Days)
		return &body[Statistics]{Statistics{Data: each(days, dayShape), AsOf: now}}, err
	})
}

func dayShape(d cases.Day) Day {
	shape := Day{Date: d.Date, Started: d.Counts["started"], Decided: d.Counts["decided"], Completed: map[string]int{}}
	histogram := map[int]int{}
	for name, number := range d.Counts {
		facet, value, _ := strings.Cut(name, "/")
		switch facet {
		case "completed":
			shape.Completed[value] = number
		case "took":
			if bucket, err := strconv.Atoi(value); err == nil && number > 0 {
				histogram[bucket] = number
			}
		}
	}
	if len(histogram) > 0 {
		shape.Took = &Took{Median: quantile(histogram, 0.5), P90: quantile(histogram, 0.9)}
	}
	return shape
}

// quantile of a histogram of decision times, in seconds.
func quantile(histogram map[int]int, share float64) float64 {
	var buckets []int
	total := 0
	for bucket, number := range histogram {
		buckets, total = append(buckets, bucket), total+number
	}
	slices.Sort(buckets)
	rank, seen := share*float64(total), 0
	for _, bucket := range buckets {
		if seen += histogram[bucket]; float64(seen) >= rank {
			return cases.TookSeconds(bucket)
		}
	}
	return cases.TookSeconds(buckets[len(buckets)-1])
}

package cases

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"ballerine/internal/identity"
)

// Call describes an attempt at a vendor, for people who need to know what was sent, what it cost and how it ended. It
// carries no value of a case: a request is shown by its template, contents by their digests.
type Call struct {
	Request    string    `json:"request,omitempty" doc:"method and address as the plugin writes them, with placeholders"`
	Key        string    `json:"key,omitempty" personal:"digest" doc:"the Idempotency-Key: the same for every attempt at one request"`
	Sent       string    `json:"sent,omitempty" personal:"digest" doc:"SHA-256 of the request's body"`
	Status     int       `json:"status,omitempty" doc:"HTTP status of the answer; absent: there was none"`
	Received   string    `json:"received,omitempty" personal:"digest" doc:"SHA-256 of the answer's body"`
	Bytes      int       `json:"bytes,omitempty" personal:"digest" doc:"of the answer's body"`
	Via        string    `json:"via,omitempty" enum:"fallback,breaker,limit,cache,callback" doc:"fallback: it was called instead of another plugin; breaker: calls were suspended, and it was not called; limit: the plugin's own limit has postponed the call; cache: a former answer to the same request was used again, and nobody asked; callback: the vendor has called back, which is no call"`
	AnsweredAt time.Time `json:"answered_at,omitzero" doc:"via cache: when the vendor answered"`
	Price      *Price    `json:"price,omitempty" doc:"of this call; where there were several, of all of them"`

	Exchange *ExchangeRef `json:"exchange,omitempty"`
	Origin   *Origin      `json:"origin,omitempty"`

	Calls []CallPart `json:"calls,omitempty" doc:"each call of the attempt, where the plugin makes several: what is beside them is then the last one's"`
}

// CallPart is one call of an attempt that has made several, for a step, a page or an element of a list.
type CallPart struct {
	Step     string  `json:"step,omitempty" doc:"the plugin's step; absent: its own request"`
	Element  int     `json:"element,omitempty" doc:"which element of a list it was about, from 1"`
	Page     int     `json:"page,omitempty" doc:"which page it requested, from 1"`
	Request  string  `json:"request" doc:"method and address as the plugin writes them, with placeholders"`
	Key      string  `json:"key,omitempty" personal:"digest" doc:"the Idempotency-Key: the same for every attempt at one request"`
	Sent     string  `json:"sent,omitempty" personal:"digest" doc:"SHA-256 of the request's body"`
	Status   int     `json:"status,omitempty" doc:"HTTP status of the answer; absent: there was none"`
	Received string  `json:"received,omitempty" personal:"digest" doc:"SHA-256 of the answer's body"`
	Bytes    int     `json:"bytes,omitempty" personal:"digest" doc:"of the answer's body"`
	Price    float64 `json:"price,omitempty" doc:"of this call, in the currency of the attempt's price"`
}

// Ways in which a call may come about, besides plainly.
const (
	ViaFallback = "fallback"
	ViaBreaker  = "breaker"
	ViaLimit    = "limit"
	ViaCache    = "cache"
	ViaCallback = "callback"
)

// Price is an amount of money.
type Price struct {
	Amount   float64 `json:"amount" doc:"in units of the currency"`
	Currency string  `json:"currency" doc:"ISO 4217"`
}

// micros count money in millionths, so that sums are exact.
const micros = 1_000_000

// groupCalls is the group of the counters of a vendor's calls on one day: calls, done, error/CODE, via/WAY and how long they took.
func groupCalls(plugin string, day time.Time) string {
	return "calls/" + plugin + "/" + day.UTC().Format("2006-01-02")
}

// groupSpend is the group of what a vendor's calls of one month have cost: spend/CURRENCY, in millionths.
func groupSpend(plugin string, month time.Time) string {
	return "spend/" + plugin + "/" + month.UTC().Format("2006-01")
}

// RunCounts are what an attempt adds to the tenant's counters. Only attempts at vendors are counted.
func RunCounts(run TaskRun) Counts {
	if run.Call == nil || run.Call.Via == ViaCallback {
		return nil
	}
	counts, day := Counts{}, groupCalls(run.Name, run.StartedAt)
	if via := run.Call.Via; via == ViaBreaker || via == ViaLimit || via == ViaCache { // the vendor was not called
		counts.add(day, "via/"+run.Call.Via, 1)
		return counts
	}
	counts.add(day, "calls", 1)
	if run.Call.Via != "" {
		counts.add(day, "via/"+run.Call.Via, 1)
	}
	if run.Error == "" {
		counts.add(day, "done", 1)
	} else {
		counts.add(day, "error/"+run.Error, 1)
	}
	counts.add(day, "took/"+strconv.Itoa(tookBucket(run.Duration*1000)), 1) // buckets of milliseconds
	if price := run.Call.Price; price != nil {
		counts.add(groupSpend(run.Name, run.StartedAt), "spend/"+price.Currency, int(math.Round(price.Amount*micros)))
	}
	return counts
}

func (c Counts) merge(others Counts) {
	for group, names := range others {
		for name, delta := range names {
			c.add(group, name, delta)
		}
	}
}

// VendorHealth is how a vendor has answered a tenant.
type VendorHealth struct {
	Calls     int                `json:"calls" doc:"requests that were made, retries included"`
	Succeeded int                `json:"succeeded" doc:"calls that were answered as the plugin expects"`
	Rate      *float64           `json:"success_rate" doc:"share of the calls that succeeded; null: there were none"`
	P50       *float64           `json:"p50_ms" doc:"half of the calls took no longer, in milliseconds; within five percent and a millisecond"`
	P99       *float64           `json:"p99_ms" doc:"of a hundred calls 99 took no longer"`
	Errors    map[string]int     `json:"errors" doc:"failed calls by code"`
	Limited   int                `json:"limited" doc:"attempts that the plugin's own limit has put off, which are no calls"`
	Cached    int                `json:"cached" doc:"former answers that were used again, which are no calls"`
	Fallback  int                `json:"fallback" doc:"calls that were made instead of another plugin's"`
	LeftAlone int                `json:"-"` // attempts that were not made because a breaker was open
	Spend     map[string]float64 `json:"spend" doc:"of this month so far, by currency"`
}

// VendorHealth sums up the calls of a vendor in the last days, today included, and what this month has cost so far.
func (s *Service) VendorHealth(ctx context.Context, p identity.Principal, plugin string, days int) (VendorHealth, error) {
	health := VendorHealth{Errors: map[string]int{}}
	took := map[int]int{}
	for day := range days {
		counts, err := s.Store.Counts(ctx, p.Tenant, groupCalls(plugin, s.Now().Add(-time.Duration(day)*24*time.Hour)))
		if err != nil {
			return VendorHealth{}, err
		}
		health.add(counts, took)
	}
	if health.Calls > 0 {
		rate := float64(health.Succeeded) / float64(health.Calls)
		health.Rate, health.P50, health.P99 = &rate, percentile(took, 0.5), percentile(took, 0.99)
	}
	var err error
	health.Spend, err = s.Spend(ctx, p.Tenant, plugin)
	return health, err
}

func (h *VendorHealth) add(counts map[string]int, took map[int]int) {
	for name, number := range counts {
		facet, value, _ := strings.Cut(name, "/")
		switch {
		case facet == "calls":
			h.Calls += number
		case facet == "done":
			h.Succeeded += number
		case facet == "error":
			h.Errors[value] += number
		case name == "via/"+ViaLimit:
			h.Limited += number
		case name == "via/"+ViaCache:
			h.Cached += number
		case name == "via/"+ViaBreaker:
			h.LeftAlone += number
		case name == "via/"+ViaFallback:
			h.Fallback += number
		case facet == "took":
			if bucket, err := strconv.Atoi(value); err == nil {
				took[bucket] += number
			}
		}
	}
}

// Spend is what a vendor's calls of this month have cost a tenant so far, by currency.
func (s *Service) Spend(ctx context.Context, tenant, plugin string) (map[string]float64, error) {
	counts, err := s.Store.Counts(ctx, tenant, groupSpend(plugin, s.Now()))
	spend := map[string]float64{}
	for name, number := range counts {
		if currency, ok := strings.CutPrefix(name, "spend/"); ok {
			spend[currency] = float64(number) / micros
		}
	}
	return spend, err
}

// percentile of a histogram of milliseconds.
func percentile(histogram map[int]int, share float64) *float64 {
	total, largest := 0, 0
	for bucket, number := range histogram {
		total, largest = total+number, max(largest, bucket)
	}
	if total == 0 {
		return nil
	}
	rank, seen := share*float64(total), 0
	for bucket := 0; bucket <= largest; bucket++ {
		if seen += histogram[bucket]; seen > 0 && float64(seen) >= rank {
			milliseconds := math.Round(TookSeconds(bucket)*10) / 10
			return &milliseconds
		}
	}
	return nil
}

package ledger

import (
	"math"
	"math/bits"
)

// Interval is the 95 % confidence interval of a figure.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// z is how many standard deviations hold 95 % of a normal distribution.
const z = 1.959963984540054

// Wilson is the score interval of a rate that was seen in n trials: it stays within 0 and 1, and is right for few trials
// and for rates near the ends, too. With n = 0 the interval is from 0 to 1.
func Wilson(rate float64, n int) Interval {
	if n <= 0 {
		return Interval{0, 1}
	}
	number := float64(n)
	middle := (rate + z*z/(2*number)) / (1 + z*z/number)
	half := z / (1 + z*z/number) * math.Sqrt(rate*(1-rate)/number+z*z/(4*number*number))
	interval := Interval{max(0, middle-half), min(1, middle+half)}
	if rate == 0 { // what rounding leaves
		interval.Low = 0
	}
	if rate == 1 {
		interval.High = 1
	}
	return interval
}

// Between is the interval of the difference b - a of two rates, from the Wilson interval of each (Newcombe 1998, method 10).
func Between(a, b float64, ofA, ofB Interval) Interval {
	return Interval{
		Low:  b - a - math.Hypot(b-ofB.Low, ofA.High-a),
		High: b - a + math.Hypot(ofB.High-b, a-ofA.Low),
	}
}

// Holds reports whether a figure is within the interval.
func (i Interval) Holds(figure float64) bool { return i.Low <= figure && figure <= i.High }

// Latency is how long evaluations took, in nanoseconds. Median and P99 are at most an eighth too large.
type Latency struct {
	Mean    int64 `json:"mean"`
	Median  int64 `json:"median"`
	P99     int64 `json:"p99"`
	Sum     int64 `json:"sum"`
	Count   int   `json:"count"`
	Buckets []int `json:"buckets" nullable:"false"` // how many took up to 0, 1, …, 7 ns, and then up to the end of each eighth of a power of two
}

// add counts an evaluation.
func (l *Latency) add(nanoseconds int64) {
	nanoseconds = max(0, nanoseconds)
	at := bucketOf(uint64(nanoseconds))
	for len(l.Buckets) <= at {
		l.Buckets = append(l.Buckets, 0)
	}
	l.Buckets[at]++
	l.Sum, l.Count = l.Sum+nanoseconds, l.Count+1
}

// merge adds others' counts.
func (l *Latency) merge(other Latency) {
	for len(l.Buckets) < len(other.Buckets) {
		l.Buckets = append(l.Buckets, 0)
	}
	for i, number := range other.Buckets {
		l.Buckets[i] += number
	}
	l.Sum, l.Count = l.Sum+other.Sum, l.Count+other.Count
}

// figures are computed from the counts.
func (l Latency) figures() Latency {
	if l.Buckets == nil {
		l.Buckets = []int{}
	}
	l.Mean, l.Median, l.P99 = 0, l.quantile(0.5), l.quantile(0.99)
	if l.Count > 0 {
		l.Mean = l.Sum / int64(l.Count)
	}
	return l
}

// quantile is the end of the bucket that contains it.
func (l Latency) quantile(part float64) int64 {
	rank, seen := int(math.Ceil(part*float64(l.Count))), 0
	for i, number := range l.Buckets {
		if seen += number; number > 0 && seen >= rank {
			return bucketEnd(i)
		}
	}
	return 0
}

// bucketOf a number: each power of two has eight.
func bucketOf(n uint64) int {
	if n < 8 {
		return int(n)
	}
	power := bits.Len64(n) - 4
	return 8*(power+1) + int(n>>power)&7
}

// bucketEnd is the largest number of a bucket.
func bucketEnd(bucket int) int64 {
	if bucket < 8 {
		return int64(bucket)
	}
	power := bucket/8 - 1
	return (int64(8+bucket%8)+1)<<power - 1
}

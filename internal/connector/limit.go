package connector

import (
	"regexp"
	"strconv"
	"sync"
	"time"

	"ballerine/internal/problem"
)

// limit is how often, and how often at once, a vendor is called for one tenant, by one process.
type limit struct {
	every       time.Duration // between two calls in the long run; 0: as often as one likes
	burst       int           // calls that may come at once: those of a second, at least one
	concurrency int           // 0: as many as one likes
}

type writtenLimit struct {
	Rate        string `json:"rate"`
	Concurrency int    `json:"concurrency"`
}

// maxLimits bounds of how many tenants and plugins a process remembers the calls.
const maxLimits = 1_000

var ratePattern = regexp.MustCompile(`^([1-9][0-9]{0,5})/(s|m|h)$`)

func (s *source) limit(w *writtenLimit) *limit {
	if w == nil {
		return nil
	}
	l := &limit{concurrency: w.Concurrency}
	if parts := ratePattern.FindStringSubmatch(w.Rate); parts != nil { // the schema has reported one that is none
		number, _ := strconv.Atoi(parts[1]) // six digits
		l.every = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[parts[2]] / time.Duration(number)
		l.burst = max(1, int(time.Second/l.every))
	}
	return l
}

// limits count calls, by tenant and plugin, as this process makes them. The zero value is ready. It is safe for concurrent use.
type limits struct {
	mutex sync.Mutex
	kept  map[string]*pace
}

// pace is a bucket of calls by the time at which it is full again, and when the last one may come that was put off.
type pace struct {
	full     time.Time
	promised time.Time
	running  int
}

// begin reports how long a call has to wait; 0: it may be made, and end is to be called after it.
func (l *limits) begin(key string, by limit, now time.Time) (wait time.Duration) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	p := l.kept[key]
	if p == nil {
		l.makeRoom()
		p = &pace{}
		l.kept[key] = p
	}
	if by.concurrency > 0 && p.running >= by.concurrency {
		return time.Second
	}
	if by.every > 0 {
		full := p.full
		if full.Before(now) {
			full = now
		}
		full = full.Add(by.every)
		if beyond := full.Sub(now) - time.Duration(by.burst)*by.every; beyond > 0 {
			return p.later(now, beyond, by.every)
		}
		p.full = full
	}
	p.running++
	return 0
}

// later is when a call may come that is put off: those that wait come one after the other.
func (p *pace) later(now time.Time, least, every time.Duration) time.Duration {
	at := now.Add(least)
	if next := p.promised.Add(every); next.After(at) {
		at = next
	}
	p.promised = at
	return at.Sub(now)
}

// count counts a call that an attempt makes after its first: it is not put off, but those of other attempts are, so much the more.
func (l *limits) count(key string, by limit, now time.Time) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if p := l.kept[key]; p != nil && by.every > 0 {
		if p.full.Before(now) {
			p.full = now
		}
		p.full = p.full.Add(by.every)
	}
}

// another takes one more place at once, if there is one; end releases it.
func (l *limits) another(key string, by limit) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	p := l.kept[key]
	if p == nil || by.concurrency > 0 && p.running >= by.concurrency {
		return false
	}
	p.running++
	return true
}

func (l *limits) end(key string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if p := l.kept[key]; p != nil && p.running > 0 {
		p.running--
	}
}

// makeRoom drops any unused pace when there are too many.
func (l *limits) makeRoom() {
	if l.kept == nil {
		l.kept = map[string]*pace{}
	}
	for key, p := range l.kept {
		if len(l.kept) < maxLimits {
			return
		}
		if p.running == 0 {
			delete(l.kept, key)
		}
	}
}

// limitedDetail marks the error of a call that the plugin's own limit has put off.
const limitedDetail = "limited"

// Limited reports whether a vendor was not asked because of the plugin's own limit.
func Limited(err error) bool {
	return problem.CodeOf(err) == problem.VendorUnavailable && problem.As(err).Details[limitedDetail] == true
}

// paced makes a call unless the plugin's limit puts it off.
func (c *Client) paced(p *Plugin, tenant string, call func() (Outcome, error)) (Outcome, error) {
	if p.limit == nil {
		return call()
	}
	key := tenant + "/" + p.ID
	if wait := c.limits.begin(key, *p.limit, c.now()); wait > 0 {
		seconds := max(1, int((min(wait, longestPause)+time.Second-1)/time.Second))
		return Outcome{}, problem.New(problem.VendorUnavailable, "%s is called less often: its limit puts this call off by %d seconds.", p.ID, seconds).
			Detail("retry_after_seconds", seconds).Detail(limitedDetail, true)
	}
	defer c.limits.end(key)
	return call()
}

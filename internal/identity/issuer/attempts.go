package issuer

import (
	"container/list"
	"net/netip"
	"sync"
	"time"
)

// How many guesses the sign-in accepts. Each is counted before its password is hashed, so that concurrent guesses cannot
// pass between the check and the count; a successful sign-in takes its count back.
//
// Three bounds hold for an unknown browser: one for the account from the address, with a pause that doubles; one for the
// account from all addresses; one for the address and all accounts. The pause applies to the account from that address
// only, so nobody can lock out people elsewhere. A browser that has signed in to the account before carries a device
// cookie and is bound by its own failures alone: guessing at an account, or flooding an address, does not lock out the
// people who work there. An account that has signed in from an address before is exempt from that address's bound.
const (
	freeGuesses   = 5                // for an account from one address or device, before there are pauses
	firstPause    = time.Minute      // doubles with each failure
	longestPause  = time.Hour        // …
	pausesEnd     = 24 * time.Hour   // without a failure, the count of an account starts over
	perAccount    = 20               // for an account from all addresses, beside devices that are known
	accountRefill = time.Minute      // each takes one of them back
	perAddress    = 30               // for all accounts that have not signed in from there
	addressRefill = 10 * time.Second // each takes one of them back
	rememberMost  = 10000            // of each kind; beyond, the one that was quiet longest is forgotten
)

// attempt is one guess on its way.
type attempt struct {
	account string // the e-mail address as it was typed, lower case
	address string // of the network, as addressOf has it
	device  string // the known browser; "" for none
}

func (a attempt) source() string {
	if a.device != "" {
		return "device " + a.device + " " + a.account
	}
	return "address " + a.address + " " + a.account
}

// attempts counts guesses, in bounded memory. It is safe for concurrent use.
type attempts struct {
	now       func() time.Time
	mutex     sync.Mutex
	sources   recent[pauses] // by account and address, or account and device
	accounts  recent[bucket]
	addresses recent[bucket]
}

// pauses of one account from one place.
type pauses struct {
	failures int
	last     time.Time
	known    bool // the account has signed in from here
}

// bucket holds guesses and loses one every so often.
type bucket struct {
	level int
	since time.Time // when the level was last brought up to date
}

func newAttempts(now func() time.Time) *attempts { return &attempts{now: now} }

// reserve counts a guess, or returns how long to wait for the next one. A refused guess is not counted: further attempts
// do not make the pause longer.
func (a *attempts) reserve(try attempt) (wait time.Duration) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	now := a.now()
	source, account, address := a.sources.get(try.source()), a.accounts.get(try.account), a.addresses.get(try.address)
	if now.Sub(source.last) >= pausesEnd {
		source.failures = 0
	}
	wait = source.wait(now)
	if try.device == "" {
		account.leak(now, accountRefill)
		wait = max(wait, account.wait(now, perAccount, accountRefill))
		address.leak(now, addressRefill)
		if !source.known {
			wait = max(wait, address.wait(now, perAddress, addressRefill))
		}
	}
	if wait > 0 {
		return wait
	}
	source.failures, source.last = source.failures+1, now
	a.sources.put(try.source(), source)
	if try.device == "" {
		account.level++
		address.level++
		a.accounts.put(try.account, account)
		a.addresses.put(try.address, address)
	}
	return 0
}

// succeeded ends the pauses of the place, and takes the reservation back.
func (a *attempts) succeeded(try attempt) { a.release(try, true) }

// undecided takes the reservation back: the password was not checked.
func (a *attempts) undecided(try attempt) { a.release(try, false) }

func (a *attempts) release(try attempt, good bool) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	source := a.sources.get(try.source())
	source.failures = max(0, source.failures-1)
	if good {
		source = pauses{known: true, last: a.now()}
	}
	a.sources.put(try.source(), source)
	if try.device != "" {
		return
	}
	for table, key := range map[*recent[bucket]]string{&a.accounts: try.account, &a.addresses: try.address} {
		b := table.get(key)
		b.level = max(0, b.level-1)
		table.put(key, b)
	}
}

// wait is how long the next guess has to wait.
func (p pauses) wait(now time.Time) time.Duration {
	if p.failures < freeGuesses {
		return 0
	}
	pause := longestPause
	if doubled := p.failures - freeGuesses; doubled < 16 {
		pause = min(longestPause, firstPause<<doubled)
	}
	return max(0, p.last.Add(pause).Sub(now))
}

func (b *bucket) leak(now time.Time, refill time.Duration) {
	lost := int(now.Sub(b.since) / refill)
	if b.level -= lost; b.level <= 0 || lost < 0 { // a clock that was set back starts over
		b.level, b.since = max(0, b.level), now
		return
	}
	b.since = b.since.Add(time.Duration(lost) * refill)
}

func (b bucket) wait(now time.Time, capacity int, refill time.Duration) time.Duration {
	if b.level < capacity {
		return 0
	}
	return time.Duration(b.level-capacity+1)*refill - now.Sub(b.since)
}

// recent is a map that forgets what was written longest ago. The zero value is empty.
type recent[V any] struct {
	items map[string]*list.Element
	order list.List // newest first
}

type recentItem[V any] struct {
	key   string
	value V
}

func (r *recent[V]) get(key string) (value V) {
	if at, ok := r.items[key]; ok {
		return at.Value.(*recentItem[V]).value
	}
	return value
}

func (r *recent[V]) put(key string, value V) {
	if at, ok := r.items[key]; ok {
		at.Value.(*recentItem[V]).value = value
		r.order.MoveToFront(at)
		return
	}
	if r.items == nil {
		r.items = map[string]*list.Element{}
	}
	r.items[key] = r.order.PushFront(&recentItem[V]{key, value})
	if len(r.items) > rememberMost {
		oldest := r.order.Back()
		delete(r.items, r.order.Remove(oldest).(*recentItem[V]).key)
	}
}

// addressOf is what guesses are counted by: an IPv4 address, or the network of an IPv6 one, since a household has all of
// its 2⁶⁴ addresses.
func addressOf(remote string) string {
	address, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	ip := address.Addr().Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.Prefix(64)
	if err != nil {
		return ip.String()
	}
	return prefix.String()
}

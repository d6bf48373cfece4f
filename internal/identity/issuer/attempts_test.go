package issuer

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func newClock() (*attempts, func(time.Duration)) {
	now := time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)
	return newAttempts(func() time.Time { return now }), func(d time.Duration) { now = now.Add(d) }
}

func TestPausesDoubleAndEndWithASuccess(t *testing.T) {
	a, pass := newClock()
	ada := attempt{account: "ada", address: "10.0.0.1"}
	for n := range freeGuesses {
		if wait := a.reserve(ada); wait != 0 {
			t.Fatalf("guess %d waits %s", n, wait)
		}
	}
	for _, minutes := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
		want := time.Duration(minutes) * time.Minute
		for range 3 { // what is refused counts nothing
			if wait := a.reserve(ada); wait != want {
				t.Fatalf("waits %s, want %s", wait, want)
			}
		}
		pass(want)
		if wait := a.reserve(ada); wait != 0 {
			t.Fatalf("after the pause: %s", wait)
		}
	}
	pass(time.Hour)
	if a.reserve(ada) != 0 {
		t.Fatal("waits")
	}
	a.succeeded(ada)
	for range freeGuesses {
		if wait := a.reserve(ada); wait != 0 {
			t.Fatalf("after a success: %s", wait)
		}
	}
}

func TestWhoGuessesLocksOutNobodyElse(t *testing.T) {
	a, _ := newClock()
	const office = "10.0.0.1"
	a.reserve(attempt{account: "rita", address: office})
	a.succeeded(attempt{account: "rita", address: office}) // has signed in from there, and has lost her cookies since
	for n := 0; a.reserve(attempt{account: fmt.Sprint("guess ", n), address: office}) == 0; n++ {
		if n > perAddress {
			t.Fatal("an address guesses at any number of accounts")
		}
	}
	for range 100 {
		a.reserve(attempt{account: "ada", address: office})
		a.reserve(attempt{account: "ada", address: "10.0.0.66"})
	}
	for who, try := range map[string]attempt{
		"a known browser of the account behind the address":      {account: "ada", address: office, device: "d1"},
		"a known browser of the account somewhere else":          {account: "ada", address: "192.0.2.7", device: "d2"},
		"the account from an address that has done nothing":      {account: "ada", address: "192.0.2.8"},
		"another account, known at the address, without cookies": {account: "rita", address: office},
	} {
		if wait := a.reserve(try); wait != 0 {
			t.Errorf("%s waits %s", who, wait)
		}
	}
}

func TestManyAddressesGuessAtOneAccountSlowly(t *testing.T) {
	a, pass := newClock()
	guessed := 0
	for n := range 200 {
		for range freeGuesses {
			if a.reserve(attempt{account: "ada", address: fmt.Sprint("192.0.2.", n)}) == 0 {
				guessed++
			}
		}
	}
	if guessed != perAccount {
		t.Errorf("%d guesses from 200 addresses at once", guessed)
	}
	pass(10 * time.Minute)
	for n := range 200 {
		if a.reserve(attempt{account: "ada", address: fmt.Sprint("198.51.100.", n)}) == 0 {
			guessed++
		}
	}
	if guessed != perAccount+10 {
		t.Errorf("%d guesses in ten minutes more", guessed-perAccount)
	}
	if a.reserve(attempt{account: "ada", device: "d"}) != 0 {
		t.Error("who works there is locked out")
	}
}

func TestAKnownDeviceThatGuessesIsBoundToo(t *testing.T) {
	a, _ := newClock()
	try, guessed := attempt{account: "ada", address: "10.0.0.1", device: "stolen"}, 0
	for range 100 {
		if a.reserve(try) == 0 {
			guessed++
		}
	}
	if guessed != freeGuesses {
		t.Errorf("%d guesses", guessed)
	}
}

func TestCountsAreBoundedAndForgetWhatIsOldest(t *testing.T) {
	a, _ := newClock()
	for n := range rememberMost + 100 {
		a.reserve(attempt{account: fmt.Sprint(n), address: fmt.Sprint(n)})
	}
	if len(a.sources.items) != rememberMost || a.sources.order.Len() != rememberMost || len(a.accounts.items) != rememberMost || len(a.addresses.items) != rememberMost {
		t.Errorf("%d, %d and %d are kept", len(a.sources.items), len(a.accounts.items), len(a.addresses.items))
	}
	if a.accounts.get("99").level != 0 || a.accounts.get("100").level != 1 {
		t.Error("not the oldest is forgotten")
	}
}

// TestNoOrderOfGuessesPassesTheBounds checks the counts against the rule itself: of one place, within a pause, there are
// never more guesses under way or failed than are free.
func TestNoOrderOfGuessesPassesTheBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, pass := newClock()
		failed := map[attempt]int{} // since the last success
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			try := attempt{account: rapid.SampledFrom([]string{"ada", "bob"}).Draw(t, "account"), address: rapid.SampledFrom([]string{"1", "2"}).Draw(t, "address"), device: rapid.SampledFrom([]string{"", "d"}).Draw(t, "device")}
			if a.reserve(try) != 0 {
				pass(time.Second)
				continue
			}
			if rapid.IntRange(0, 9).Draw(t, "good") == 0 {
				a.succeeded(try)
				if try.device != "" { // a device is one place, wherever it is
					for _, address := range []string{"1", "2"} {
						failed[attempt{account: try.account, address: address, device: "d"}] = 0
					}
				}
				failed[try] = 0
				continue
			}
			if failed[try]++; failed[try] > freeGuesses+3 { // 200 s hold a pause of one minute and one of two
				t.Fatalf("%d failures of %+v within %d steps", failed[try], try, 200)
			}
		}
	})
}

func TestAnIPv6NetworkIsOneAddress(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:4711": "192.0.2.7", "[::ffff:192.0.2.7]:1": "192.0.2.7", "[2001:db8:1:2:3:4:5:6]:1": "2001:db8:1:2::/64", "[fe80::1%eth0]:1": "fe80::/64", "pipe": "pipe",
	} {
		if got := addressOf(remote); got != want {
			t.Errorf("%s: %s, want %s", remote, got, want)
		}
	}
}
